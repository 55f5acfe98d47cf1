// What the host has set: the title, the announcement, who may write and how often.

import { $ } from './dom.js';
import { fill } from './message.js';
import { words } from './strings.js';

export class Room {
	host = false; // whoever reads this is one: may write whatever is set
	slow = 0; // seconds between two messages
	#state = {};
	#kicked = false;

	// folded: the offset of the announcement that was folded away. on: fold(offset),
	// title(text), closed(yes) nobody may write, again() come in once more
	constructor(folded, on) {
		Object.assign(this, { folded, on });
		$('pin').addEventListener('toggle', () => this.#fold());
		$('again').onclick = () => on.again();
	}

	show(state) {
		this.#state = state;
		this.slow = this.host ? 0 : state.slow || 0;
		$('text').placeholder = this.slow ? words.slow(this.slow) : words.write;
		this.on.title(state.title || words.room);
		this.#pin(state.pin);
		this.#close();
	}

	// The host has sent this phone out, or it is in again.
	kicked(kicked) {
		this.#kicked = kicked;
		this.#close();
	}

	#pin(pin) {
		const box = $('pin');
		box.hidden = !pin;
		if (!pin || Number(box.dataset.offset) === pin.offset) return;
		box.dataset.offset = pin.offset;
		fill(box.querySelector('p'), pin.text);
		box.open = pin.offset !== this.folded;
	}

	// Folded away, it stays so, also when the page is loaded anew.
	#fold() {
		const { open, dataset } = $('pin');
		const folded = open ? -1 : Number(dataset.offset);
		if (this.folded === folded) return;
		this.folded = folded;
		this.on.fold(folded);
	}

	// What stands in the place of the line to write in, if there is none.
	#close() {
		const { off, locked, notice } = this.#state;
		const shut = !this.host && (off || locked);
		const why = this.#kicked ? words.kicked : off ? notice || words.off : words.locked;
		const closed = Boolean(this.#kicked || shut);
		$('closed').hidden = !closed;
		$('closed').firstElementChild.textContent = closed ? why : '';
		$('again').hidden = !this.#kicked;
		$('composer').hidden = closed;
		if (closed) $('about').hidden = true;
		this.on.closed(closed, Boolean(shut));
	}
}
