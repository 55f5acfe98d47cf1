package browser

import (
	"slices"
	"testing"
)

// TestFold gives what was done to messages to the page's Fold in the orders in
// which it may come, in parts and twice: what comes out is the same.
func TestFold(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := shared.br.Phone(t, "Ada", Small)
	ada.Goto(room.url)
	got := See[[]string](ada, `import('/fold.js').then(({Fold}) => {
		const a = {id: 'a', name: 'Ada'}, b = {id: 'b', name: 'Bob'};
		const log = [
			{offset: 1, ref: '1', from: a, text: 'one'},
			{offset: 2, ref: '2', from: b, text: 'two'},
			{type: 'reaction', offset: 3, from: b, to: 1, emoji: '👍'},
			{type: 'reaction', offset: 4, from: a, to: 1, emoji: '👍'},
			{type: 'reaction', offset: 5, from: b, to: 1, emoji: '👍', undo: true},
			{type: 'edit', offset: 6, from: a, to: 1, text: 'One'},
			{type: 'edit', offset: 7, from: b, to: 1, text: 'not mine'},
			{type: 'edit', offset: 8, from: a, to: 1, text: 'One.'},
			{type: 'delete', offset: 9, from: a, to: 2},
			{type: 'hide', offset: 10, to: 2},
			{type: 'hide', offset: 11, to: 2, undo: true, record: {offset: 2, from: b, text: 'two', edited: false}},
			{offset: 12, ref: '12', from: b, text: 'three'},
			{type: 'hide', offset: 13, to: 12},
			{type: 'clear', offset: 14},
			{type: 'clear', offset: 15, undo: true},
			{type: 'who knows', offset: 16},
			{offset: 17, ref: '17', from: b, text: 'four'},
			{type: 'delete', offset: 18, from: b, to: 17},
			{type: 'edit', offset: 19, from: b, to: 1, text: 'not mine, and newer'},
			{type: 'delete', offset: 20, from: a, to: 17},
			{offset: 21, from: {id: '', name: 'bot'}, text: 'five'},
			{type: 'edit', offset: 22, from: {id: '', name: 'bot'}, to: 21, text: 'of nobody'},
			{type: 'delete', offset: 23, from: {id: '', name: 'bot'}, to: 21},
		];
		const shown = (fold) => [1, 2, 12, 17, 21].map((at) => {
			const {from, text, gone, edited, reactions} = fold.get(at);
			return [from.name, text, gone, edited, [...reactions].map(([e, p]) => e + p.map(({id}) => id))].join('|');
		}).join(' ');
		const copy = (records) => records.map((r) => ({...r}));
		const results = [];
		const run = (...parts) => {
			const fold = new Fold();
			for (const part of parts) fold.take(copy(part));
			results.push(shown(fold));
		};
		run(log);
		for (let i = 1; i < log.length; i++) {
			run(log.slice(0, i), log.slice(i));
			run(log.slice(i), log.slice(0, i)); // the older page comes later
		}
		run(...log.map((r) => [r]));
		run(...log.map((r) => [r]).reverse());
		run(log, log.filter(({type}) => type));

		// What changes is told, and nothing else.
		const fold = new Fold();
		const {messages, changed} = fold.take(copy(log));
		results.push(messages.length + ' new, ' + changed.length + ' changed');
		const again = fold.take(copy(log.filter(({type}) => type)));
		results.push(again.messages.length + ' new, ' + again.changed.length + ' changed');
		const clear = fold.take([{type: 'clear', offset: 30}]);
		results.push(clear.changed.length + ' cleared ' + clear.lifted + ' ' + fold.get(1).text + fold.get(1).gone);
		const lifted = fold.take([{type: 'clear', offset: 31, undo: true}]);
		results.push(lifted.changed.length + ' back ' + lifted.lifted + ' ' + fold.get(1).text);
		// Two hosts lift one clear: the one before it stands.
		fold.take([
			{type: 'clear', offset: 2}, {type: 'clear', offset: 40}, {type: 'clear', offset: 50},
			{type: 'clear', offset: 51, undo: true, of: 40}, {type: 'clear', offset: 52, undo: true, of: 40}, {type: 'clear', offset: 53, undo: true},
		].reverse());
		results.push([1, 2].map((at) => fold.get(at).gone || 'seen').join());
		return results;
	})`)
	const want = "Ada|One.||true|👍a Bob|two||false| ||hidden|false| Bob||deleted|false| bot|five||false|"
	for i, state := range got[:len(got)-5] {
		if state != want {
			t.Errorf("in order %d: %q, not %q", i, state, want)
		}
	}
	if tail := got[len(got)-5:]; !slices.Equal(tail, []string{"5 new, 0 changed", "0 new, 0 changed", "5 cleared false cleared", "5 back true One.", "cleared,seen"}) {
		t.Errorf("what changes: %q", tail)
	}
}
