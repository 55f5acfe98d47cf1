// Where words get into the page from outside of its modules.

import { words } from './strings.js';

// Why the room did not take something, of a type such as say, in the guest's
// language. What has no words here, the server says in English.
export const reason = ({ why, text }, { type = '' } = {}) => words.why[`${type}_${why}`] || words.why[why] || text;

// Puts words into the elements of the page that name them, and tells the browser
// which language they are in and which way that is written.
export function fillWords() {
	Object.assign(document.documentElement, { lang: words.lang, dir: words.dir });
	for (const el of document.querySelectorAll('[data-text]')) el.textContent = words[el.dataset.text];
	for (const el of document.querySelectorAll('[data-label]')) el.setAttribute('aria-label', words[el.dataset.label]);
}
