// Search in the messages that are here, from the newest up. What is found is
// marked by the browser (CSS Custom Highlight API): no element changes.

import { $ } from './dom.js';
import { words } from './strings.js';

const MOST = 2000; // places marked

const marks = 'highlights' in CSS ? CSS.highlights : null;

export class Search {
	#at = -1; // of the message that is shown, among those found
	#found = [];
	#back = false; // Shift is down: Enter goes back

	constructor(conversation) {
		Object.assign(this, { conversation, form: $('search'), input: $('query') });
		this.form.onsubmit = (event) => {
			event.preventDefault();
			this.#go(this.#back ? -1 : 1);
		};
		this.input.oninput = () => {
			this.#at = -1;
			this.#go(1);
		};
		this.form.onkeydown = (event) => {
			this.#back = event.shiftKey && event.target === this.input;
			if (event.key === 'Escape') this.close();
		};
		$('newer').onclick = () => this.#go(-1);
		$('close').onclick = () => this.close();
	}

	open() {
		this.form.hidden = false;
		this.input.select();
		this.#go(0);
	}

	close() {
		this.form.hidden = true;
		if (marks) marks.delete('found');
		$('conversation').focus({ preventScroll: true });
	}

	// Goes n matches on: up is forward.
	#go(n) {
		const query = this.input.value.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
		const like = new RegExp(query, 'giu');
		const here = this.#found[this.#at];
		const nodes = [...this.conversation.list.children].reverse();
		this.#found = query ? nodes.filter(({ record }) => !record.gone && record.text.search(like) >= 0) : [];
		const { length } = this.#found;
		const at = this.#found.indexOf(here);
		this.#at = length ? ((at < 0 && n <= 0 ? 0 : at) + n + length) % length : -1;
		if (marks) this.#mark(like);
		$('found').textContent = !query ? '' : length ? words.found(this.#at + 1, length) : words.nothing;
		if (length && (n || at < 0)) this.conversation.light(this.#found[this.#at]);
	}

	#mark(like) {
		const places = new Highlight();
		for (const node of this.#found) {
			for (const range of ranges(node, like)) if (places.size < MOST) places.add(range);
		}
		marks.set('found', places);
	}
}

// The places in a message's text that match.
function ranges(node, like) {
	const walk = document.createTreeWalker(node.querySelector('.text'), NodeFilter.SHOW_TEXT);
	const found = [];
	while (walk.nextNode()) {
		for (const { index, 0: text } of walk.currentNode.data.matchAll(like)) {
			const range = new Range();
			range.setStart(walk.currentNode, index);
			range.setEnd(walk.currentNode, index + text.length);
			found.push(range);
		}
	}
	return found;
}
