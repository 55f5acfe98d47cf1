// One message as elements. Its node carries the record, and all that belongs to
// its place: the day that begins there, the line that says what is new, the name.

import { dayName, dayOf, longTime, shortTime } from './clock.js';
import { icon, make, nameTag } from './dom.js';
import { words } from './strings.js';
import { fold, isEmojiOnly, pieces } from './text.js';

const TOGETHER = 2 * 60e3;

// record: as in the protocol, with at (local time or null), own, and state
// (pending, sent or failed). print: the mark beside the name.
export function build(record, print) {
	const { own, state, at } = record;
	const node = make('div', own ? 'message own' : 'message');
	node.record = record;
	node.dataset.state = state;
	node.dataset.ref = record.ref || '';
	node.dataset.offset = record.offset ?? '';

	const who = make('p', 'who');
	const time = make('time', '', at === null ? words.earlier : shortTime(at));
	time.title = fullTime(at);
	who.append(own ? make('span', 'unseen', words.you) : nameTag(record.from, print), ' ', time);

	const bubble = make('div', isEmojiOnly(record.text) ? 'bubble emoji' : 'bubble');
	bubble.append(body(record.text));
	if (own) bubble.append(icon(state, words[state]));
	node.append(who, bubble);
	return node;
}

// Shows an own message in another state.
export function restate(node, state) {
	node.dataset.state = node.record.state = state;
	node.querySelector('.bubble > .icon').replaceWith(icon(state, words[state]));
}

function body(text) {
	const el = make('div', 'text');
	el.dir = 'auto';
	const head = fold(text);
	fill(el, head === null ? text : `${head}…`);
	if (head === null) return el;

	const folded = make('div', 'folded');
	const button = make('button', 'more', words.more);
	let open = false;
	button.onclick = () => {
		open = !open;
		button.textContent = open ? words.less : words.more;
		fill(el, open ? text : `${head}…`);
		if (!open) folded.scrollIntoView({ block: 'nearest' });
	};
	folded.append(el, button);
	return folded;
}

function fill(el, text) {
	const nodes = pieces(text).map((piece) => {
		if (!piece.href) return piece.text;
		const a = make('a', '', piece.text);
		return Object.assign(a, { href: piece.href, rel: 'noopener noreferrer', target: '_blank' });
	});
	el.replaceChildren(...nodes);
}

const fullTime = (at) => (at === null ? words.earlierLong : longTime(at));

// Shows or hides the full date under a message.
export function toggleTime(node) {
	const shown = node.querySelector('.when');
	if (shown) shown.remove();
	else node.append(make('p', 'when', fullTime(node.record.at)));
}

// Fits a message to the one before it.
export function place(node, previous) {
	const { record } = node;
	const before = previous && previous.record;
	const newDay = record.at !== null && !(before && before.at !== null && dayOf(before.at) === dayOf(record.at));
	divide(node, 'day', newDay && dayName(record.at));
	const apart = node.querySelector('.divider') || !before || !sameBreath(before, record);
	node.classList.toggle('first', Boolean(apart));
}

const sameBreath = (a, b) =>
	a.from.id === b.from.id && a.from.name === b.from.name && Math.abs(b.at - a.at) < TOGETHER;

// Puts a line above a message: its day, a gap, what is new. No text: takes it away.
export function divide(node, kind, text) {
	const line = node.querySelector(`.${kind}.divider`);
	if (line) line.remove();
	if (!text) return;
	const fresh = make('p', `divider ${kind}`);
	fresh.append(make('span', '', text));
	if (kind === 'day') node.prepend(fresh);
	else node.querySelector('.who').before(fresh);
	node.classList.add('first');
}
