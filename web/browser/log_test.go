package browser

import "testing"

// TestLogOnce gives the page's Log what comes when the log does not continue what is
// here: each record is there once, whatever it can be known by.
func TestLogOnce(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := shared.br.Phone(t, "Ada", Small)
	ada.Goto(room.url + "basic")
	for _, c := range []struct{ name, script, want string }{
		{"the recent end again", `take(1, 2, bot(3), bot(4)); log.lose(9); take(2, bot(3), bot(4), 5, bot(6));`, "1 2 3 4 5 6"},
		{"an older page again", `take(3, bot(4)); older(1, bot(2)); log.lose(9); take(1, bot(2), 3, bot(4), 5);`, "1 2 3 4 5"},
		{"another record where the log has lost its end", `take(1, bot(2), bot(3)); log.lose(2); take(bot(2), {...bot(3), text: 'another'});`, "1 2 3 3"},
		{"two programs with one ref", `take({...bot(1), ref: 'r'}, {...bot(2), ref: 'r', from: {id: '', name: 'other'}}, {...bot(3), ref: 'r'});`, "1 2"},
		{"nothing that is for this phone", `log.begin(7); older(3, bot(4), 7, 8); shown.push(log.oldest);`, "3 4 7 3"},
		{"news before that is asked for", `log.begin(7); take(9); shown.push(log.oldest);`, "9 8"},
		{"history up to the head", `log.begin(7); take(5, 7); shown.push(log.oldest);`, "5 7 5"},
		{"no log at all", `log.begin(-1); shown.push(log.oldest);`, ""},
	} {
		got := See[string](ada, `import('/log.js').then(({Log}) => {
			const log = new Log(), shown = [];
			log.reset('e');
			const bot = (offset) => ({offset, from: {id: '', name: 'bot'}, text: 'b'});
			const all = (list) => list.map((r) => (r.from ? r : {offset: r, ref: 'r' + r, from: {id: 'a', name: 'Ada'}}));
			const take = (...list) => shown.push(...log.append(all(list)).map(({offset}) => offset));
			const older = (...list) => shown.unshift(...log.prepend(all(list)).map(({offset}) => offset));
			`+c.script+`
			return shown.join(' ');
		})`)
		if got != c.want {
			t.Errorf("%s: shown %q, want %q", c.name, got, c.want)
		}
	}
}
