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
	let now = 1e12, refs = 0, said = [], ticks = true, newest = -1, frames = [], timers = [];
	Date.now = () => now;
	const real = setTimeout;
	setTimeout = (what, ms) => timers.push({ what, at: now + ms });
	clearTimeout = (id) => delete timers[id - 1];
	// Time passes.
	const pass = async (ms) => {
		now += ms;
		for (const id of Object.keys(timers)) {
			const { what, at } = timers[id];
			if (at > now) continue;
			delete timers[id];
			what();
		}
		await rest();
	};
	const open = () => {
		const outbox = new Outbox({
			store,
			newRef: () => 'r' + refs++,
			newest: () => newest,
			send: (frame) => {
				const { ref, text } = frame;
				frames.push(frame);
				said.push(text);
				if (ticks) Promise.resolve().then(() => outbox.settle(ref));
			},
			changed() {},
			undone: (text) => said.push(text),
		});
		return outbox;
	};
	const rest = () => new Promise((done) => real(done));
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

// outboxCase is something done to the outbox, and what is said then, with blanks
// between.
type outboxCase struct{ name, script, want string }

// TestOfferedAgain asks the outbox of the page what it offers to a log that may
// have lost something.
func TestOfferedAgain(t *testing.T) {
	t.Parallel()
	tryOutbox(t, []outboxCase{
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
		{"what came when the server was full", `ticks = false; box.add('a'); box.refuse({ ref: 'r0', text: 'full', retry_ms: 5 }); said.push(box.items[0].state); ticks = true; await pass(5); said.push(box.items.length);`, "a pending a 0"},
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
	})
}

// TestNothingIsSaidWhileHeld: whatever the outbox waits for, it says nothing while
// it is held, or has no line, and then goes on with what it waited with.
func TestNothingIsSaidWhileHeld(t *testing.T) {
	t.Parallel()
	var cases []outboxCase
	for what, happens := range map[string]string{
		"a refusal for a moment":       `box.refuse({ ref: 'r0', why: 'slow_down', retry_ms: 40e3 });`,
		"a log that is not read yet":   `box.refuse({ ref: 'r0', why: 'away', retry_ms: 1000 });`,
		"a room that was just locked":  `box.refuse({ ref: 'r0', why: 'locked' });`,
		"no answer":                    ``,
		"another tick":                 `box.settle('r0'); box.add('a');`,
		"a refusal for good":           `box.refuse({ ref: 'r0', why: 'words' }); box.retry('r0');`,
		"something else that was said": `box.add('b'); box.remove('r1');`,
	} {
		for how, stop := range map[string][2]string{
			"held":    {`box.hold(true);`, `box.hold(false);`},
			"no line": {`box.pause();`, `box.resume();`},
		} {
			cases = append(cases, outboxCase{what + ", then " + how, `ticks = false; box.add('a'); ` + happens + stop[0] + ` said = [];
				for (let i = 0; i < 10; i++) await pass(10e3);
				said.push('|'); ticks = true; ` + stop[1] + ` await rest(); said.push(box.items.length);`, "| a 0"})
		}
	}
	tryOutbox(t, cases)
}

// TestRefusalLosesNothing: what is not taken, at once or when it is read from the log, is never
// lost, and nothing that was ticked is undone.
func TestRefusalLosesNothing(t *testing.T) {
	t.Parallel()
	tryOutbox(t, []outboxCase{
		{"for good, long after it was on its way", `ticks = false; box.add('a'); box.hold(true); box.pause(); box.resume(); box.refuse({ ref: 'r0', why: 'words', text: 'no' }); said = [box.items[0].state, box.items[0].why];`, "failed no"},
		{"what was ticked", `await say(box, 'a'); box.refuse({ ref: 'r0', why: 'words' }); said.push(box.items.length);`, "a 0"},
		{"by a room that was just locked: it goes out when it is open, under a new ref", `ticks = false; box.add('a'); box.refuse({ ref: 'r0', why: 'locked' }); box.hold(true); await pass(60e3); ticks = true; box.hold(false); await rest(); said = [...frames.map(({ ref }) => ref), box.items.length, stored.size];`, "r0 r0--2 0 1"},
		{"though the log has it", `ticks = false; box.add('a'); box.refuse({ ref: 'r0', why: 'off' }); box.settle('r0'); await pass(60e3); said.push(box.items.length, [...stored.keys()]); box = open(); const before = said; await back(box, 'r0'); said = before.concat(said);`, "a 0 say.r0"},
		{"in the order in which it was said", `ticks = false; box.add('a'); box.add('b'); box.refuse({ ref: 'r0', why: 'locked' }); ticks = true; await pass(60e3);`, "a a b"},
		{"again and again, without haste", `ticks = false; box.add('a'); for (let i = 0; i < 60; i++) { box.refuse({ ref: frames.at(-1).ref, why: 'locked' }); await pass(1000); } said = [said.length <= 31, box.items[0].was.length <= 10];`, "true true"},
		{"in two tabs: it is the same in both", `ticks = false; box.add('a'); const tab = open(); for (const each of [box, tab, box, tab]) each.refuse({ ref: each.items[0].ref, why: 'locked' }); said = [box, tab].map(({ items }) => items[0].ref);`, "r0--3 r0--3"},
		{"by whom one was sent out", `ticks = false; box.add('a'); box.refuse({ ref: 'r0', why: 'kicked', text: 'out' }); said = [box.items[0].state]; ticks = true; box.retry('r0'); await rest();`, "failed a"},
		{"because the log was erased", `box.follow('one'); ticks = false; box.add('a', { reply_to: 7 }); box.follow('two', true); box.refuse({ ref: 'r0', why: 'erased', text: 'erased' }); said = [box.items[0].state]; box.retry('r0'); said.push(JSON.stringify(frames.at(-1)));`,
			`failed a {"type":"say","text":"a","ref":"r1","since":-1,"epoch":"two"}`},
		{"because it was ticked too long ago", `await say(box, 'a'); ticks = false; await back(box); box.refuse({ ref: 'r0', why: 'too_late' }); said = [box.items.length, stored.size];`, "0 0"},
		{"a deed", `ticks = false; box.do({ type: 'edit', to: 1, text: 'a' }); box.refuse({ ref: 'r0', why: 'not_yours', text: 'no' }); said.push(box.items.length);`, "a no 0"},
	})
}

// TestOfAnotherLog: what is in the outbox keeps the log in which it was made, and
// where that ended when its ref was first on the line.
func TestOfAnotherLog(t *testing.T) {
	t.Parallel()
	const fails = `ticks = false; box.follow('one'); box.add('a', { reply_to: 7 }); box.refuse({ ref: 'r0', why: 'words' }); `
	const last = ` said = [String(frames.at(-1).reply_to)];`
	const place = ` said = frames.map(({ since, epoch }) => since + epoch);`
	tryOutbox(t, []outboxCase{
		{"an answer, said once more in the same log", fails + `box.retry('r0');` + last, "7"},
		{"an answer, said once more in another", fails + `box.follow('two'); box.retry('r0');` + last, "undefined"},
		{"an answer, said once more after a reload", fails + `box = open(); box.follow('two'); box.resume(); box.retry('r0');` + last, "undefined"},
		{"an answer that waits", `box.follow('one'); box.pause(); box.add('a', { reply_to: 7 }); box.follow('two'); said.push(String(box.items[0].reply_to)); box.resume();`, "undefined a"},
		{"an answer with a picture that took its time", `box.follow('two'); box.add('a', { reply_to: 7, epoch: 'one' });` + last, "undefined"},
		{"the same, before it is known which log this is", `box.pause(); box.add('a', { reply_to: 7, epoch: 'one' }); box.follow('one'); box.resume();` + last, "7"},
		{"where the log ended", `box.follow('one'); newest = 5; ticks = false; box.add('a'); newest = 9; await pass(20e3); box.pause(); box = open(); box.follow('one'); box.resume();` + place, "5one 5one 5one"},
		{"where it ended when that was first said", `box.follow('one'); newest = 5; box.pause(); box.add('a'); newest = 9; box.resume();` + place, "9one"},
		{"where it ended before another tab said it", `box.follow('one'); newest = 5; ticks = false; box.pause(); box.add('a'); const tab = open(); tab.follow('one'); box.resume(); newest = 9; tab.resume();` + place, "5one 5one"},
		{"where it ended when it has lost its end", `box.follow('one'); newest = 5; ticks = false; box.add('a'); box.pause(); newest = 3; box.resume(); newest = 8; await pass(20e3);` + place, "5one 3one 3one"},
		{"where it ended, though there is another log", `box.follow('one'); newest = 5; ticks = false; box.add('a'); box.pause(); box.follow('two'); newest = 2; box.resume();` + place, "5one 5one"},
		{"where it ended is not the deeds'", `box.follow('one'); box.do({ type: 'react', to: 1, emoji: 'x' });` + place, "NaN"},
		{"the time of a tick is none", `box.pause(); stored.set('say.old', JSON.stringify({ ref: 'old', text: 'a', at: 1, since: 1e12, state: 'pending' })); box = open(); box.follow('one'); box.resume();` + place, "-1one"},
	})
}

func tryOutbox(t *testing.T, cases []outboxCase) {
	t.Helper()
	room := inProcess(t)
	ada := shared.br.Phone(t, "Ada", Small)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := *ada
			p.t = t
			p.Goto(room.url + "basic") // a page of the same origin that has no outbox of its own
			got := See[string](&p, "(async () => {"+harness+c.script+"return said.join(' '); })()")
			if got != c.want {
				t.Errorf("said %q, want %q", got, c.want)
			}
		})
	}
}
