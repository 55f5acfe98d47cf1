package browser

import "testing"

// harness is a page's outbox with a clock and a store of the test's. Its server
// ticks what is said at once.
const harness = `
	const { Outbox } = await import('/outbox.js');
	const minute = 60e3;
	const stored = new Map();
	const store = {
		keys: (prefix) => [...stored.keys()].filter((key) => key.startsWith(prefix)),
		load: (key) => JSON.parse(stored.get(key)),
		save: (key, value) => stored.set(key, JSON.stringify(value)),
		drop: (key) => stored.delete(key),
	};
	let now = 1e12, refs = 0, said = [], ticks = true;
	Date.now = () => now;
	const open = () => {
		const outbox = new Outbox({
			store,
			newRef: () => 'r' + refs++,
			send: ({ ref, text }) => {
				said.push(text);
				if (ticks) Promise.resolve().then(() => outbox.settle(ref));
			},
			changed() {},
		});
		return outbox;
	};
	const rest = () => new Promise((done) => setTimeout(done));
	// All of these are said and ticked.
	const say = async (outbox, ...texts) => {
		for (const text of texts) outbox.add(text);
		await rest();
	};
	// The line was away; what came from the log then holds these refs.
	const back = async (outbox, ...found) => {
		said = [];
		outbox.pause();
		outbox.doubt();
		for (const ref of found) outbox.settle(ref);
		outbox.resume();
		await rest();
	};
	let box = open();
	box.resume();`

// TestOfferedAgain asks the outbox of the page what it offers to a log that may
// have lost something.
func TestOfferedAgain(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	for _, c := range []struct {
		name   string
		script string
		want   string // what is said, with blanks between
	}{
		{"what was not found", `await say(box, 'a', 'b', 'c'); await back(box, 'r1');`, "a c"},
		{"all was found", `await say(box, 'a', 'b'); await back(box, 'r0', 'r1');`, ""},
		{"no doubt", `await say(box, 'a'); said = []; box.pause(); box.resume(); await rest();`, ""},
		{"before what waits", `await say(box, 'a', 'b'); box.pause(); box.add('c'); await back(box);`, "a b c"},
		{"in order, though the clock went back", `await say(box, 'a'); now -= minute / 2; await say(box, 'b'); await back(box);`, "a b"},
		{"when the exchange is back", `await say(box, 'a'); box.pause(); box.add('b'); box.hold(true); await back(box); said.push('|'); box.hold(false); await rest();`, "| a b"},
		{"found while the exchange was away", `await say(box, 'a', 'b'); box.hold(true); await back(box); box.settle('r0'); box.hold(false); await rest();`, "b"},
		{"again, if it is lost again", `await say(box, 'a'); await back(box); await back(box);`, "a"},
		{"after a reload", `await say(box, 'a', 'b'); box = open(); await back(box, 'r0');`, "b"},
		{"after a reload before it was said", `await say(box, 'a'); ticks = false; await back(box); ticks = true; box.pause(); box = open(); await back(box);`, "a"},
		{"not what is a minute older than the last tick", `await say(box, 'a'); now += minute + 1; await say(box, 'b'); await back(box);`, "b"},
		{"for ten minutes", `await say(box, 'a', 'b'); now += 10 * minute; await back(box);`, "a b"},
		{"and no longer", `await say(box, 'a', 'b'); now += 10 * minute + 1; await back(box); said.push(stored.size);`, "0"},
		{"nor from a clock that went back", `await say(box, 'a'); now -= 11 * minute; await back(box); said.push(stored.size);`, "0"},
		{"what came when the server was full", `ticks = false; box.add('a'); box.refuse({ ref: 'r0', text: 'full', retry_ms: 5 }); said.push(box.items[0].state); ticks = true; await new Promise((done) => setTimeout(done, 100)); said.push(box.items.length);`, "a pending a 0"},
		{"no more than fifty", `await say(box, ...Array.from({ length: 60 }, (_, i) => 'm' + i)); await back(box); said = [said.length, said[0], stored.size];`, "50 m10 50"},
		{"to another log", `box.follow('one'); await say(box, 'a'); box.follow('two'); await back(box);`, "a"},
		{"not to one that was erased", `box.follow('one'); await say(box, 'a'); box.pause(); box.add('b'); box.follow('two', true); await back(box);`, "b"},
		{"nor after a reload", `box.follow('one'); await say(box, 'a'); box = open(); box.follow('two', true); await back(box); said.push(stored.size);`, "0"},
		{"what was said to the erased one since", `box.follow('two', true); await say(box, 'a'); box = open(); box.follow('two', true); await back(box);`, "a"},
		{"nor when the word of it comes late", `box.follow('one'); await say(box, 'a'); box.follow('two'); box.hold(true); await back(box); box.follow('two', true); box.hold(false); await rest();`, ""},
		{"as it was edited", `await say(box, 'a', 'b'); box.change('r0', 'A'); await back(box);`, "A b"},
		{"not what was deleted", `await say(box, 'a', 'b'); box.change('r0'); await back(box);`, "b"},
		{"no deed", `box.do({ type: 'edit', to: 1, text: 'A' }); await rest(); await back(box); said.push(stored.size);`, "0"},
		{"a deed that waits", `box.pause(); box.do({ type: 'edit', to: 1, text: 'A' }); box.add('b'); await back(box);`, "A b"},
		{"but not to another log", `box.follow('one'); box.pause(); box.do({ type: 'edit', to: 1, text: 'A' }); box.follow('two'); await back(box); said.push(stored.size);`, "0"},
		{"the last of several edits", `box.pause(); for (const text of 'abc') box.do({ type: 'edit', to: 1, text }); box.do({ type: 'edit', to: 2, text: 'd' }); await back(box);`, "c d"},
		{"no edit before a deletion", `box.pause(); box.do({ type: 'edit', to: 1, text: 'a' }); box.do({ type: 'delete', to: 1 }); said = box.items.map(({ type }) => type);`, "delete"},
		{"nothing, if it was taken back", `box.pause(); for (const undo of [false, true]) box.do({ type: 'react', to: 1, emoji: 'x', undo }); said = [box.items.length, stored.size];`, "0 0"},
		{"the taking back of what is on its way", `ticks = false; for (const undo of [false, true]) box.do({ type: 'react', to: 1, emoji: 'x', undo }); said = box.items.map(({ undo }) => undo);`, "false true"},
		{"no more than fifty deeds", `box.pause(); for (let to = 0; to < 60; to++) box.do({ type: 'delete', to }); said = [box.items.length];`, "50"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shared.br.Phone(t, "Ada", Small)
			p.Goto(room.url + "basic") // a page of the same origin that has no outbox of its own
			got := See[string](p, "(async () => {"+harness+c.script+"return said.join(' '); })()")
			if got != c.want {
				t.Errorf("said %q, want %q", got, c.want)
			}
		})
	}
}
