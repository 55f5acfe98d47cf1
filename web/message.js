// One message as elements. Its node carries the record, and all that belongs to
// its place: the day that begins there, the line that says what is new, the name.

import { dayName, dayOf, longTime, shortTime } from './clock.js';
import { foresee, hasReacted } from './deeds.js';
import { icon, make, nameTag } from './dom.js';
import { mentions } from './mention.js';
import { picture } from './picture.js';
import { words } from './strings.js';
import { fold, isEmojiOnly, pieces } from './text.js';

const TOGETHER = 2 * 60e3;
const EXCERPT = 120; // of a quoted message
const ACTION = '/me ';

// What a message needs to know of the room around it.
const alone = { me: { id: '', name: '' }, knows: () => false, find: () => null };

const isAction = ({ text, gone }) => !gone && text.startsWith(ACTION);

// What there is to read in a message.
export const readable = ({ text, gone }) => (gone ? words[gone] : text);

// record: as in the protocol, with at (local time or null), own, and state
// (pending, sent or failed). print: the mark beside the name. room: me, knows(name)
// whether somebody is called so, find(offset) a message. deeds: see draw.
export function build(record, print, room = alone, deeds = []) {
	const { own, at } = record;
	const node = make('div', own ? 'message own' : 'message');
	node.record = record;
	record.node = node;
	node.dataset.ref = record.ref || '';
	node.dataset.offset = record.offset ?? '';

	const who = make('p', 'who');
	who.append(' ', make('time'));
	node.append(who, make('div', 'bubble'));
	retime(node, at);
	draw(node, print, room, deeds);
	return node;
}

// Shows what a message says now, and who says it, or will say when these deeds of
// one's own are in the log. What has not changed stays as it is: somebody may be selecting it.
export function draw(node, print, room, deeds = []) {
	const { record } = node;
	const now = foresee(record, deeds, room.me);
	node.waits = now.waits;
	const { text, edited, gone, picture } = now;
	const says = JSON.stringify([text, gone, picture, record.from.name]);
	if (node.says !== says) {
		node.says = says;
		sign(node, now, print);
		node.classList.toggle('action', isAction(now));
		node.classList.toggle('to-me', !record.own && mentionsMe(now, room));
		bubble(node, now, room);
	}
	restate(node, now.waits ? 'pending' : record.state);
	under(node, now, edited && !gone, room.me);
}

// Shows who says it. Own messages stand on their own side.
function sign(node, now, print) {
	const { own, from } = node.record;
	const name = own && !isAction(now) ? make('span', 'unseen', words.you) : nameTag(from, print);
	const who = node.querySelector('.who');
	if (who.childElementCount > 1) who.firstElementChild.replaceWith(name);
	else who.prepend(name);
}

// Shows an own message in another state.
export function restate(node, state) {
	if (node.dataset.state === state && node.querySelector('.bubble > .icon')) return;
	node.dataset.state = state;
	if (!node.record.own) return;
	const old = node.querySelector('.bubble > .icon');
	if (old) old.remove();
	node.querySelector('.bubble').append(icon(state, words[state]));
}

function bubble(node, now, room) {
	const { text, gone, picture: shown } = now;
	const el = node.querySelector('.bubble');
	el.className = `bubble${gone ? ' gone' : shown ? ' pictured' : isEmojiOnly(text) ? ' emoji' : ''}`;
	const parts = [];
	const { reply_to: to } = node.record;
	if (to !== undefined && to !== null && !gone) parts.push(quote(to, room));
	if (shown) parts.push(photo(shown, node.record.from, text));
	parts.push(body(isAction(now) ? text.slice(ACTION.length) : readable(now), room));
	el.replaceChildren(...parts);
}

const photo = (it, { name }, text) => picture(it, [words.pictureFrom(name), text].filter(Boolean).join(': '));

// The line of another message that this one answers.
function quote(to, room) {
	const button = make('button', 'quote');
	button.dataset.to = to;
	requote(button, room);
	return button;
}

export function requote(button, room) {
	const message = room.find(Number(button.dataset.to));
	const line = make('span', '', message ? excerpt(message) : words.earlierMessage);
	line.dir = 'auto';
	button.replaceChildren(...(message ? [nameTag(message.from, '')] : []), line);
	button.classList.toggle('unknown', !message);
}

export const excerpt = (message) => (readable(message) || words.picture).replace(/\s+/g, ' ').slice(0, EXCERPT);

// What stands below a bubble: that it was edited, and the reactions. It is not
// read aloud when it changes.
function under(node, { reactions, unsure }, edited, me) {
	const old = node.querySelector('.under');
	if (!edited && !reactions.size) return old && old.remove();
	const line = make('div', 'under');
	line.setAttribute('aria-live', 'off');
	for (const [emoji, people] of reactions) {
		const chip = make('button', unsure.has(emoji) ? 'chip unsure' : 'chip', `${emoji} ${words.number(people.length)}`);
		chip.dataset.emoji = emoji;
		chip.setAttribute('aria-pressed', hasReacted(people, me));
		const names = words.reacted(people.map(({ id, name }) => (id === me.id ? words.you : name)));
		chip.title = `${emoji} ${names}`;
		chip.setAttribute('aria-label', `${chip.textContent}: ${names}`);
		line.append(chip);
	}
	if (edited) line.append(make('span', 'quiet', words.edited));
	if (!old) return node.querySelector('.bubble').after(line);
	const { emoji } = old.contains(document.activeElement) ? document.activeElement.dataset : {};
	old.replaceWith(line);
	const again = emoji && [...line.children].find((chip) => chip.dataset.emoji === emoji);
	if (again) again.focus({ preventScroll: true });
}

function body(text, room) {
	const el = make('div', 'text');
	el.dir = 'auto';
	const head = fold(text);
	fill(el, head === null ? text : `${head}…`, room);
	if (head === null) return el;

	const folded = make('div', 'folded');
	const button = make('button', 'more', words.more);
	let open = false;
	button.onclick = () => {
		open = !open;
		button.textContent = open ? words.less : words.more;
		fill(el, open ? text : `${head}…`, room);
		if (!open) folded.scrollIntoView({ block: 'nearest' });
	};
	folded.append(el, button);
	return folded;
}

export function fill(el, text, room = alone) {
	const nodes = pieces(text).flatMap(({ text: piece, href }) => {
		if (!href) return mentions(piece, room.knows).map((part) => (part.name ? mention(part, room) : part.text));
		const a = make('a', '', piece);
		return Object.assign(a, { href, rel: 'noopener noreferrer', target: '_blank' });
	});
	el.replaceChildren(...nodes);
}

const mention = ({ text, name }, room) => make('span', isMe(name, room) ? 'mention you' : 'mention', text);

const isMe = (name, { me }) => name.toLowerCase() === me.name.toLowerCase();

// Whether a message calls the one who reads it.
export const mentionsMe = ({ text }, room) =>
	text.includes('@') && mentions(text, room.knows).some(({ name }) => name && isMe(name, room));

export const fullTime = (at) => (at === null ? words.earlierLong : longTime(at));

// Shows another time of a message.
export function retime(node, at) {
	node.record.at = at;
	const time = node.querySelector('.who time');
	time.textContent = at === null ? words.earlier : shortTime(at);
	time.title = fullTime(at);
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
	a.from.id === b.from.id && a.from.name === b.from.name && Math.abs(b.at - a.at) < TOGETHER && !isAction(a) && !isAction(b);

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
