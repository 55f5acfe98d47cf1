// Mentions: "@Ada" in a text, and the names that are offered while one is typed.

import { $, make, nameTag } from './dom.js';

const LONGEST = 80; // more than 24 characters of most scripts take
const MOST = 6; // names offered at once

const LETTER = /[\p{L}\p{N}_]/u;
// Scripts that put no blank between words.
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

// Splits a text into pieces {text} and mentions {text, name}. Of names that begin
// alike the longest is meant.
export function mentions(text, knows) {
	const found = [];
	let end = 0;
	for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
		if (at < end || (at && LETTER.test(text[at - 1]))) continue;
		const name = nameAt(text.slice(at + 1, at + 1 + LONGEST), knows);
		if (!name) continue;
		if (at > end) found.push({ text: text.slice(end, at) });
		end = at + 1 + name.length;
		found.push({ text: text.slice(at, end), name });
	}
	if (end < text.length) found.push({ text: text.slice(end) });
	return found;
}

function nameAt(rest, knows) {
	for (let n = rest.length; n; n--) {
		const name = rest.slice(0, n);
		const clear = n === rest.length || !LETTER.test(rest[n]) || DENSE.test(rest[n - 1]);
		if (clear && knows(name)) return name;
	}
	return '';
}

// The list above the line to write in, while a name is typed after an @.
export class Offers {
	#from = 0; // where the name begins in the text
	#chosen = 0;

	// people() are those who may be meant.
	constructor(text, people) {
		Object.assign(this, { text, people, list: $('offers') });
		text.addEventListener('input', () => this.#look());
		text.addEventListener('blur', () => this.#close());
		text.addEventListener('keydown', (event) => this.#key(event));
		text.addEventListener('beforeinput', (event) => this.#enter(event));
		// A tap must not take the keyboard away.
		this.list.onpointerdown = (event) => event.preventDefault();
		this.list.onclick = ({ target }) => this.#take(target.closest('li'));
	}

	#look() {
		const { text, list } = this;
		const typed = text.value.slice(0, text.selectionStart).match(/(?:^|[^\p{L}\p{N}_])@([^@\n]{0,40})$/u);
		const like = typed && typed[1].toLowerCase();
		const found = typed ? this.people().filter(({ name }) => name.toLowerCase().startsWith(like)) : [];
		this.#from = typed ? text.selectionStart - typed[1].length : 0;
		const items = found.slice(0, MOST).map((person, i) => {
			const item = make('li');
			Object.assign(item, { id: `offer-${i}`, person });
			item.setAttribute('role', 'option');
			item.append(nameTag(person, ''));
			return item;
		});
		list.replaceChildren(...items);
		list.hidden = !items.length;
		this.#choose(0);
	}

	#choose(i) {
		const items = [...this.list.children];
		this.#chosen = items.length && (i + items.length) % items.length;
		items.forEach((item, n) => item.setAttribute('aria-selected', n === this.#chosen));
		if (items.length) this.text.setAttribute('aria-activedescendant', `offer-${this.#chosen}`);
		else this.text.removeAttribute('aria-activedescendant');
	}

	#key(event) {
		if (this.list.hidden || event.isComposing) return;
		const { key } = event;
		if (key === 'ArrowDown' || key === 'ArrowUp') this.#choose(this.#chosen + (key === 'ArrowDown' ? 1 : -1));
		else if (key === 'Tab') this.#take(this.list.children[this.#chosen]);
		else if (key === 'Escape') this.#close();
		else return;
		event.preventDefault();
		event.stopImmediatePropagation();
	}

	// The line break is what counts, as in the line itself.
	#enter(event) {
		if (this.list.hidden || event.inputType !== 'insertLineBreak') return;
		event.preventDefault();
		event.stopImmediatePropagation();
		this.#take(this.list.children[this.#chosen]);
	}

	#take(item) {
		if (!item) return;
		const { text } = this;
		text.setRangeText(`${item.person.name} `, this.#from, text.selectionStart, 'end');
		this.#close();
		text.dispatchEvent(new Event('input'));
	}

	#close() {
		this.list.replaceChildren();
		this.list.hidden = true;
		this.#choose(0);
	}
}
