// Sheets: dialogs that come up from the bottom, where the thumb is. One can lie
// on another; closed, each gives the cursor back to what opened it.

import { $, make } from './dom.js';
import { words } from './strings.js';

const all = () => [...document.querySelectorAll('dialog.sheet')];

// Gives every sheet its way out, and a line for what went wrong in it.
export function prepareSheets() {
	for (const sheet of all()) {
		const close = make('button', 'away');
		const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
		svg.append(document.createElementNS(svg.namespaceURI, 'use'));
		svg.firstChild.setAttribute('href', '#i-close');
		svg.setAttribute('aria-hidden', 'true');
		close.append(svg);
		close.setAttribute('aria-label', words.close);
		close.onclick = () => sheet.close();
		const problem = make('p', 'problem wrong');
		problem.setAttribute('role', 'alert');
		const offline = make('p', 'offline aside', words.hostOffline);
		sheet.firstElementChild.after(close, offline, problem);
		// A tap beside it closes it. Its own padding is not beside it.
		sheet.addEventListener('pointerdown', (event) => {
			if (event.target !== sheet) return;
			const { left, right, top, bottom } = sheet.getBoundingClientRect();
			const { clientX: x, clientY: y } = event;
			if (x < left || x > right || y < top || y > bottom) event.preventDefault(), sheet.close();
		});
	}
}

export function openSheet(id) {
	const sheet = $(id);
	complain(sheet, '');
	if (!sheet.open) sheet.showModal();
	sheet.scrollTop = 0;
	return sheet;
}

export function closeSheets() {
	for (const sheet of all().reverse()) if (sheet.open) sheet.close();
}

// The sheet on top, if there is one.
export const topSheet = () => all().filter((sheet) => sheet.open).at(-1);

export function complain(sheet, text) {
	sheet.querySelector('.problem').textContent = text;
}

// Opens the sheet that asks one thing before something is done.
//   title, hint   what it is about, and what will come of it
//   value, max    what stands in the line to write in; without value there is none
//   must          what has to be written there before it can be done
//   yes, other    words of the buttons; without other there is none
//   go(answer, other)  does it: as Verbs.do does
export function ask({ title, hint = '', value, max = 500, must, yes, danger, other, go }) {
	const sheet = $('ask');
	const answer = $('answer');
	const [yesButton, otherButton] = [$('yes'), $('other')];
	$('ask-title').textContent = title;
	$('ask-hint').textContent = hint;
	answer.hidden = value === undefined;
	answer.value = value || '';
	answer.maxLength = max * 4; // the server counts what people see as one character
	answer.rows = max > 100 ? 4 : 1;
	yesButton.textContent = yes;
	yesButton.classList.toggle('danger', Boolean(danger));
	otherButton.hidden = !other;
	otherButton.textContent = other || '';
	const same = (text) => text.trim().toLowerCase();
	const fits = () => (yesButton.disabled = must !== undefined && same(answer.value) !== same(must));
	answer.oninput = fits;
	fits();
	const run = async (isOther) => {
		complain(sheet, '');
		const problem = await go(answer.value.trim(), isOther);
		if (problem) complain(sheet, problem);
		else if (problem === '') sheet.close();
	};
	sheet.querySelector('form').onsubmit = (event) => {
		event.preventDefault();
		if (!yesButton.disabled) run(false);
	};
	// Enter sends, as the line is short; with Shift it is a new line.
	answer.onkeydown = (event) => {
		if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
		event.preventDefault();
		if (!yesButton.disabled) run(false);
	};
	otherButton.onclick = () => run(true);
	$('no').onclick = () => sheet.close();
	openSheet('ask');
	if (value !== undefined) answer.focus();
}
