// One line that says how things are when they are not as they should be. It
// waits a second before it speaks: what mends itself is not mentioned.

import { words } from './strings.js';

const PATIENCE = 1000;

// Returns what sets the state: a key of words, or '' when all is well.
export function statusLine(line) {
	let shown = '';
	let timer = 0;
	return (kind) => {
		if (kind === shown) return;
		shown = kind;
		clearTimeout(timer);
		const speak = () => (line.textContent = words[kind] || '');
		if (kind && !line.textContent) timer = setTimeout(speak, PATIENCE);
		else speak();
	};
}
