// What can be done with a message: a row under it, for one message at a time.

import { EMOJI, mayChange } from './deeds.js';
import { make } from './dom.js';
import { fullTime } from './message.js';
import { words } from './strings.js';

export class Actions {
	#closed = false; // nobody may write, nor do anything
	#node = null; // the message that has the row
	#row = null;

	// on: react(message, emoji, undo), reply(message), change(message),
	// remove(message), moved() the row came or went
	constructor(list, on) {
		this.on = on;
		list.addEventListener('click', (event) => this.#tapped(event));
	}

	get closed() {
		return this.#closed;
	}

	// A row that is there offers what cannot be done any more.
	set closed(closed) {
		this.#closed = closed;
		if (closed) this.close();
	}

	toggle(node, focus) {
		const other = node !== this.#node || !node.contains(this.#row);
		this.close();
		if (!other) return;
		this.#node = node;
		this.#row = this.#make(node.record);
		node.append(this.#row);
		this.on.moved();
		this.#row.scrollIntoView({ block: 'nearest' });
		const first = this.#row.querySelector('button');
		if (focus && first) first.focus();
	}

	// Takes the row away; false if there is none.
	close() {
		if (!this.#row) return false;
		const focused = this.#row.contains(document.activeElement);
		this.#row.remove();
		this.#row = null;
		if (focused) focusOn(this.#node);
		this.on.moved();
		return true;
	}

	#make(message) {
		const row = make('div', 'actions');
		row.setAttribute('role', 'group');
		row.setAttribute('aria-label', words.actions);
		row.setAttribute('aria-live', 'off');
		if (!this.closed && !message.gone) {
			const faces = make('div', 'faces');
			for (const emoji of EMOJI) {
				const button = make('button', 'face', emoji);
				button.dataset.emoji = emoji;
				button.setAttribute('aria-label', words.react(emoji));
				button.setAttribute('aria-pressed', Boolean(message.node.querySelector(`[data-emoji="${emoji}"][aria-pressed=true]`)));
				faces.append(button);
			}
			const acts = make('div', 'acts');
			for (const act of mayChange(message) ? ['reply', 'change', 'remove'] : ['reply']) {
				const button = make('button', '', words[act]);
				button.dataset.act = act;
				acts.append(button);
			}
			row.append(faces, acts);
		}
		row.append(make('p', 'when', fullTime(message.at)));
		return row;
	}

	#tapped({ target, pointerType }) {
		const node = target.closest('.message');
		const button = target.closest('button');
		if (!button) {
			// A mouse may be selecting text; two taps in a row select a word unasked.
			const tap = pointerType === 'touch' || getSelection().isCollapsed;
			if (tap && target.closest('.bubble') && !target.closest('a')) this.toggle(node);
			return;
		}
		const { act, emoji } = button.dataset;
		if (!act && !emoji) return;
		// What is deleted does not come back: that takes two taps.
		if (act === 'remove' && button.textContent !== words.sure) return (button.textContent = words.sure);
		if (button.closest('.actions')) this.close();
		if (emoji && !this.closed) this.on.react(node.record, emoji, button.getAttribute('aria-pressed') === 'true');
		if (act) this.on[act](node.record);
	}
}

export function focusOn(node) {
	node.tabIndex = -1;
	node.focus({ preventScroll: true });
}
