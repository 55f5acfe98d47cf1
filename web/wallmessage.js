// One message on the wall, as elements.

import { make, nameTag } from './dom.js';
import { words } from './strings.js';
import { isEmojiOnly } from './text.js';

const LONG = 120; // characters: two lines of large type
const QUOTE = 200; // of a quoted line, more than one has room for
const ME = '/me ';

// message: as Fold keeps it. print: the mark beside its name. quoted: the message
// it answers, if that can be seen.
export function build(message, print, quoted) {
	const { text, picture, from } = message;
	const node = make('article', picture ? 'said pictured' : 'said');
	const who = make('p', 'who');
	who.append(nameTag(from, print));
	const what = make('div', 'what');
	if (quoted) what.append(quote(quoted));
	if (picture) what.append(show(picture));
	if (text) what.append(body(text, from.name));
	node.append(who, what);
	if (message.edited) who.append(make('span', 'edited', ` ${words.wallEdited}`));
	if (message.reactions.size) {
		const line = make('p', 'marks');
		line.append(...[...message.reactions].map(count));
		node.append(line);
	}
	return node;
}

// What is said; "/me waves" is what its author does.
function body(text, name) {
	const does = text.startsWith(ME);
	const el = make('p', 'text', does ? text.slice(ME.length) : text);
	el.dir = 'auto';
	if (does) {
		el.prepend(make('bdi', '', name), ' ');
		el.classList.add('does');
	}
	if (isEmojiOnly(text)) el.classList.add('emoji');
	else if (text.length > LONG || text.split('\n').length > 2) el.classList.add('long');
	return el;
}

function count([emoji, people]) {
	const el = make('span', 'count', emoji);
	if (people.length > 1) el.append(make('b', '', people.length));
	return el;
}

function quote({ from, text, picture }) {
	const line = make('p', 'quote', (text || (picture ? '🖼' : '')).slice(0, QUOTE));
	line.dir = 'auto';
	line.prepend(make('bdi', '', from.name), ': ');
	return line;
}

// A picture has its room before it is here. One that is gone takes none.
function show({ id, w, h }) {
	const img = make('img');
	img.alt = words.wallPicture;
	img.onerror = () => img.remove();
	Object.assign(img, { width: w, height: h, src: `/picture/${id}.jpg` });
	return img;
}
