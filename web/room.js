// What the host has set: the title, the announcement, who may write and how often.

import { $ } from './dom.js';
import { fill } from './message.js';
import { words } from './strings.js';

export class Room {
	host = false; // whoever reads this is one: may write whatever is set
	slow = 0; // seconds between two messages
	#state = {};
	#kicked = false;

	// folded: the announcement that was folded away, as #pin names it. on: fold(it),
	// title(text), closed(yes) nobody may write, again() come in once more
	constructor(folded, on) {
		Object.assign(this, { folded, on });
		$('pin').addEventListener('toggle', () => this.#fold());
		$('again').onclick = () => on.again();
	}

	// Shows the state of the room, whose log has this epoch.
	show(state, epoch) {
		this.#state = state;
		this.slow = this.host ? 0 : state.slow || 0;
		$('text').placeholder = this.slow ? words.slow(this.slow) : words.write;
		this.on.title(state.title || words.room);
		this.#pin(state.pin, epoch);
		this.#close();
	}

	// The host has sent this phone out, or it is in again.
	kicked(kicked) {
		this.#kicked = kicked;
		this.#close();
	}

	// An announcement is itself by its place; in another log that is another's.
	#pin(pin, epoch) {
		const box = $('pin');
		box.hidden = !pin;
		const place = pin && `${epoch} ${pin.offset}`;
		if (!pin || box.dataset.place === place) return;
		box.dataset.place = place;
		fill(box.querySelector('p'), pin.text);
		box.open = place !== this.folded;
	}

	// Folded away, it stays so, also when the page is loaded anew.
	#fold() {
		const { open, dataset } = $('pin');
		const folded = open ? '' : dataset.place;
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
		this.on.closed(closed, Boolean(shut));
	}
}
