// The conversation as the host has it: one row a message, newest at the bottom,
// each a button. What was done to a message stands in its row.

import { longTime, shortTime } from './clock.js';
import { $, make, nameTag } from './dom.js';
import { Fold } from './fold.js';
import { words } from './strings.js';

const KEEP = 600; // messages that stay while the host follows
const MOST = 3000; // and while the host reads further up
const NEAR = 64; // pixels from the end that still count as the end
const PICTURE = /^[0-9a-f]{64}$/;

export class Talk {
	#fold = new Fold();
	#rows = new Map(); // offset → row
	#muted = new Set(); // ids
	#excerpts = new Map(); // offset → how a hidden text begins
	#authors = new Map(); // offset → who said what is hidden
	#following = true;
	#height = 0; // of all rows
	#window = 0; // through which they are seen
	#unread = 0;
	#more = true; // there may be older ones
	#asked = -1; // before which offset they were asked for

	// on: tap(message), older(offset) asks for older ones
	constructor(log, names, on) {
		Object.assign(this, { log, names, on, scroller: $('talk'), list: $('rows') });
		this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
		const sizes = new ResizeObserver(() => this.#following && this.#toEnd());
		sizes.observe(this.scroller);
		sizes.observe(this.list);
		$('older').onclick = () => this.on.older(this.log.oldest);
		$('down').onclick = () => {
			this.scroller.focus({ preventScroll: true });
			this.#toEnd();
		};
		this.list.onclick = ({ target }) => {
			const row = target.closest('#rows > div');
			if (row) this.on.tap(row.message);
		};
	}

	// Takes records at the end of the log.
	append(records, live) {
		const { messages, changed } = this.#fold.take(records);
		this.list.setAttribute('aria-live', live ? 'polite' : 'off');
		this.list.append(...this.#build(messages));
		changed.forEach((message) => this.#show(message));
		if (live && !this.#following) this.#unread += messages.length;
		this.#drop();
		this.#settle();
	}

	// Takes older records, and whether there are still older ones.
	prepend(records, more) {
		const { messages, changed } = this.#fold.take(records);
		const below = this.scroller.scrollHeight - this.scroller.scrollTop;
		this.list.setAttribute('aria-live', 'off');
		this.list.prepend(...this.#build(messages));
		changed.forEach((message) => this.#show(message));
		this.#more = more;
		this.#settle();
		this.scroller.scrollTop = this.scroller.scrollHeight - below;
	}

	// Asks for older ones if there is room for them on the screen.
	fill() {
		const { scrollHeight, clientHeight } = this.scroller;
		const { oldest } = this.log;
		if (!this.#more || oldest === null || oldest === this.#asked || scrollHeight > clientHeight) return;
		this.#asked = oldest;
		this.on.older(oldest);
	}

	// Older ones can be read again.
	again() {
		this.#asked = -1;
		this.fill();
	}

	clear() {
		this.#asked = -1;
		this.#fold.reset();
		this.#rows.clear();
		this.#excerpts.clear();
		this.#authors.clear();
		this.list.replaceChildren();
		this.#unread = 0;
		this.#following = this.#more = true;
		this.#settle();
	}

	// What only hosts know: who is muted, and how hidden texts began.
	know({ muted, deeds }) {
		for (const { verb, to, text, who } of deeds) {
			if (verb === 'hide' && text) this.#excerpts.set(to, text);
			if (verb === 'hide' && who) this.#authors.set(to, who);
		}
		this.#muted = new Set(muted.map(({ id }) => id));
		for (const row of this.#rows.values()) this.#show(row.message);
	}

	// Tells all times anew: timeOf(message) knows them better.
	retime(timeOf) {
		for (const { message } of this.#rows.values()) {
			message.at = timeOf(message);
			this.#show(message);
		}
	}

	// A name that became ambiguous is marked wherever it stands.
	note(person) {
		if (this.names.note(person)) for (const row of this.#rows.values()) this.#show(row.message);
	}

	get(offset) {
		return this.#fold.get(offset);
	}

	// Who said a message. Hosts know that also of what is hidden.
	authorOf(offset) {
		const { base, gone } = this.#fold.get(offset) || {};
		return base && ((gone === 'hidden' && this.#authors.get(offset)) || base.from);
	}

	// What a message says, or said before it was hidden.
	textOf({ offset, text, gone, base }) {
		return gone === 'hidden' ? base.text || this.#excerpts.get(offset) || '' : text;
	}

	#build(messages) {
		for (const { offset } of messages) this.note(this.authorOf(offset));
		return messages.map((message) => {
			const row = make('div');
			row.message = message;
			row.dataset.offset = message.offset;
			row.append(make('button', 'entry'));
			this.#rows.set(message.offset, row);
			this.#show(message);
			return row;
		});
	}

	#show(message) {
		const row = this.#rows.get(message.offset);
		if (!row) return;
		row.hidden = message.gone === 'cleared';
		const { at, gone, edited, picture, reactions } = message;
		const from = this.authorOf(message.offset);
		const who = make('span', 'who');
		const time = make('time', '', at === null ? words.earlier : shortTime(at));
		time.title = at === null ? words.earlierLong : longTime(at);
		who.append(nameTag(from, this.names.print(from)), ' ');
		if (this.#muted.has(from.id)) who.append(make('span', 'flag', words.hostMuted), ' ');
		if (gone === 'hidden') who.append(make('span', 'flag', words.hostHidden), ' ');
		if (edited && !gone) who.append(make('span', 'quiet', words.edited), ' ');
		who.append(time);
		const text = gone === 'deleted' ? words.hostDeleted : this.textOf(message);
		const does = text.startsWith('/me ') && text.slice(4);
		const said = make('span', does ? 'said does' : 'said', does ? `${from.name} ${does}` : text);
		said.dir = 'auto';
		row.className = gone;
		row.firstChild.replaceChildren(who, said);
		if (picture && PICTURE.test(picture.id)) row.firstChild.append(image(picture));
		const counts = [...(reactions || [])].map(([emoji, people]) => `${emoji} ${people.length}`).join('  ');
		if (counts) row.firstChild.append(make('span', 'counts', counts));
	}

	// Drops the oldest.
	#drop() {
		const excess = this.#rows.size - (this.#following ? KEEP : MOST);
		if (excess <= 0) return;
		const dropped = this.log.dropOldest(excess);
		this.#fold.forget(dropped);
		for (const { offset } of dropped) {
			this.#rows.get(offset).remove();
			this.#rows.delete(offset);
		}
		this.#more = true;
	}

	#settle() {
		const empty = !this.list.querySelector('div:not([hidden])');
		$('older').hidden = empty || !this.#more;
		$('nothing').hidden = !empty;
		if (this.#following) this.#toEnd();
		else this.#showDown();
	}

	#toEnd() {
		this.scroller.scrollTop = this.scroller.scrollHeight;
		this.#scrolled();
	}

	#scrolled() {
		const { scrollHeight, scrollTop, clientHeight } = this.scroller;
		const moved = scrollHeight === this.#height && clientHeight === this.#window;
		[this.#height, this.#window] = [scrollHeight, clientHeight];
		// What grows, and a keyboard that opens, move the end away; the host did not.
		if (!moved && this.#following) return this.#toEnd();
		this.#following = scrollHeight - clientHeight - scrollTop <= NEAR;
		if (this.#following) this.#unread = 0;
		this.#showDown();
	}

	#showDown() {
		const down = $('down');
		down.hidden = this.#following;
		down.lastChild.textContent = this.#unread || '';
		down.setAttribute('aria-label', words.jump(this.#unread));
	}
}

function image({ id, w, h }) {
	const img = make('img', 'shot');
	return Object.assign(img, { src: `/picture/${id}.jpg`, alt: words.picture, width: w, height: h, loading: 'lazy' });
}
