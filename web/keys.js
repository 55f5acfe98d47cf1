// What the keyboard does beyond what browsers do by themselves.

import { mayChange } from './deeds.js';
import { $ } from './dom.js';

const STEPS = { ArrowUp: -1, k: -1, ArrowDown: 1, j: 1 };

// on: search(), help()
export function listen(conversation, composer, on) {
	const { actions, list } = conversation;
	let pressed = null; // the message on which Enter went down

	// In the conversation: to other messages, and what can be done with this one.
	const reading = (key, node) => {
		if (STEPS[key]) return conversation.step(STEPS[key]) || true;
		if (!node) return false;
		if (key === 'Enter' || key === ' ') pressed = node;
		else if (key === 'r' && !actions.closed && !node.record.gone) composer.answer(node.record);
		else return false;
		return true;
	};

	const escape = () => actions.close() || (document.activeElement === $('text') && composer.cancel());

	// The last own message, if it may be changed.
	const changeLast = () => {
		const node = [...list.querySelectorAll('.own')].pop();
		if (!node || !mayChange(node.record)) return false;
		composer.change(node.record);
		return true;
	};

	// When the key comes up: going down it would press what has the cursor then.
	document.addEventListener('keyup', ({ target }) => {
		if (pressed && pressed === target) actions.toggle(target, true);
		pressed = null;
	});

	document.addEventListener('keydown', (event) => {
		const { key, target, isComposing } = event;
		if (isComposing || event.altKey || document.querySelector('dialog[open]')) return;
		const command = event.ctrlKey || event.metaKey;
		const writing = target.matches('input, textarea');
		let done = false;
		if (command) done = key === 'f' && !event.shiftKey && (on.search(), true);
		else if (key === 'Escape') done = escape();
		else if (target.id === 'text' && key === 'ArrowUp' && !target.value) done = changeLast();
		else if (writing) return;
		else if (key === '/') done = (on.search(), true);
		else if (key === '?') done = (on.help(), true);
		else if (target.id === 'conversation') done = reading(key, null);
		else if (target.matches('.message')) done = reading(key, target);
		else if (STEPS[key] && target.closest('.message')) done = reading(key, null);
		if (done) event.preventDefault();
	});
}
