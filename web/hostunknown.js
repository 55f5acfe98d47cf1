// What nobody knows any more: the room has lost what hosts did before some place in
// its log. A host is told until he has looked.

import { $ } from './dom.js';
import { words } from './strings.js';

export class Unknown {
	#place = '';

	// store keeps what a host has seen, across reloads.
	constructor(store) {
		this.box = $('unknown');
		this.box.querySelector('button').onclick = () => {
			store.save('unknown', this.#place);
			this.box.hidden = true;
			$('talk').focus({ preventScroll: true });
		};
		this.seen = () => store.load('unknown', '');
	}

	// Shows that what was done before an offset, in the log of that epoch, is not
	// known; undefined: all is.
	show(offset, epoch) {
		this.#place = `${epoch} ${offset}`;
		this.box.hidden = offset === undefined || offset === null || this.#place === this.seen();
		const text = this.box.hidden ? '' : words.hostUnknown;
		const line = this.box.firstElementChild;
		if (line.textContent !== text) line.textContent = text; // it is read aloud
	}
}
