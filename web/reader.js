// Where the reader is, what has come in meanwhile, and the way back down.

import { divide, mentionsMe } from './message.js';
import { words } from './strings.js';

const NEAR = 48; // pixels from the end that still count as the end
const EARLY = 600; // pixels from the top at which older messages are fetched
const MARGIN = 12;

export class Reader {
	following = true;
	unread = 0;
	called = false; // one of these mentions the reader
	title = words.room;
	#line = null; // the message above which "New" stands
	#height = 0;

	// on: top() near the beginning, seen() all was read, latest() jump was pressed
	constructor(scroller, jump, on) {
		Object.assign(this, { scroller, jump, on });
		scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
		// Pressing the button must not take the keyboard away.
		jump.onmousedown = (event) => event.preventDefault();
		jump.onclick = () => {
			if (document.activeElement === jump) scroller.focus({ preventScroll: true });
			on.latest();
		};
		document.addEventListener('visibilitychange', () => {
			if (document.hidden && !this.unread) this.#unmark();
			this.#scrolled();
			this.show();
		});
		new ResizeObserver(() => {
			this.#height = scroller.clientHeight;
			this.settle();
		}).observe(scroller);
	}

	get watching() {
		return this.following && !document.hidden;
	}

	get nearTop() {
		return this.scroller.scrollTop < EARLY;
	}

	// Counts messages that came in unseen; node is that of the first.
	missed(messages, room, node) {
		if (!this.unread && node) {
			this.#unmark();
			this.#line = node;
			divide(node, 'new', words.unread);
		}
		this.unread += messages.length;
		this.called ||= messages.some((message) => mentionsMe(message, room));
	}

	// Goes to the end if the reader follows, but never so far that the first
	// unread message leaves the screen.
	settle() {
		if (this.following) {
			const { scroller } = this;
			const end = scroller.scrollHeight - scroller.clientHeight;
			let top = end;
			if (this.unread && this.#line && this.#line.isConnected) {
				const above = this.#line.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
				top = Math.min(end, scroller.scrollTop + above - MARGIN);
			}
			scroller.scrollTop = top;
			this.#at(end - top);
		}
		this.show();
	}

	// Makes a change at the top without moving what is being read.
	holding(change) {
		const below = this.scroller.scrollHeight - this.scroller.scrollTop;
		change();
		this.scroller.scrollTop = this.scroller.scrollHeight - below;
	}

	// Makes changes anywhere without moving what stands at the top.
	steady(change) {
		const { left, top } = this.scroller.getBoundingClientRect();
		const hit = this.following ? null : document.elementFromPoint(left + this.scroller.clientWidth / 2, top + MARGIN);
		const anchor = hit && this.scroller.contains(hit) && hit.closest('.message');
		const before = anchor && anchor.getBoundingClientRect().top;
		change();
		if (anchor) this.scroller.scrollTop += anchor.getBoundingClientRect().top - before;
	}

	// Brings a message into the middle.
	go(node) {
		const { scroller } = this;
		const { top, height } = node.getBoundingClientRect();
		scroller.scrollTop += top - scroller.getBoundingClientRect().top - Math.max(0, scroller.clientHeight - height) / 2;
		this.#at(scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop);
		this.show();
	}

	toEnd() {
		this.following = true;
		this.unread = 0;
		this.called = false;
		this.settle();
	}

	show() {
		const { jump, unread, title } = this;
		jump.hidden = this.following;
		jump.lastChild.textContent = unread || '';
		jump.setAttribute('aria-label', words.jump(unread));
		document.title = document.hidden && unread ? `(${unread}) ${this.called ? '@ ' : ''}${title}` : title;
	}

	#scrolled() {
		const { scrollHeight, scrollTop, clientHeight } = this.scroller;
		// A keyboard that opens moves the end away; the reader did not.
		if (clientHeight !== this.#height) return;
		this.#at(scrollHeight - clientHeight - scrollTop);
		this.show();
		if (this.nearTop) this.on.top();
	}

	#at(distance) {
		this.following = distance <= NEAR;
		if (!this.watching) return;
		this.unread = 0;
		this.called = false;
		this.on.seen();
	}

	#unmark() {
		if (this.#line) divide(this.#line, 'new');
		this.#line = null;
	}
}
