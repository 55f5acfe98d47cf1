// The line to write in.

import { $ } from './dom.js';
import { words } from './strings.js';
import { roomLeft } from './text.js';

const TYPING_EVERY = 2e3;
const SAVE_AFTER = 400;
const COUNT_BELOW = 0.1; // the counter shows when less than this is left

export class Composer {
	limits = { text_bytes: 16384, text_graphemes: 16000 };
	#typed = 0;
	#shift = false;
	#saving = 0;

	// on: say(text), typing(), draft(text) to be kept
	constructor(draft, on) {
		Object.assign(this, { on, form: $('composer'), text: $('text'), send: $('send') });
		const { text, send } = this;
		text.value = draft;
		text.placeholder = words.write;
		text.oninput = () => this.#typing();
		text.addEventListener('keydown', (event) => (this.#shift = event.shiftKey));
		text.addEventListener('beforeinput', (event) => this.#enter(event));
		// Pressing the button must not take the keyboard away.
		send.onmousedown = (event) => event.preventDefault();
		this.form.onsubmit = (event) => {
			event.preventDefault();
			this.#say();
		};
		addEventListener('pagehide', () => this.#keep());
		addEventListener('resize', () => this.#fit());
		this.#fit();
	}

	// Puts a text back to be changed, before what is being written.
	edit(again) {
		const { text } = this;
		text.value = text.value ? `${again}\n${text.value}` : again;
		text.focus();
		this.#typing();
	}

	// Enter sends, everywhere; Shift+Enter makes a line. The line break is what
	// counts, not the key: an Enter that chooses a word of an input method makes
	// none, and some phones' keyboards do not name their keys.
	#enter(event) {
		if (event.inputType !== 'insertLineBreak' || this.#shift || event.isComposing) return;
		event.preventDefault();
		this.#say();
	}

	#say() {
		const text = this.text.value.trimEnd();
		if (document.activeElement === this.send) this.text.focus();
		if (!text.trim() || roomLeft(text, this.limits) < 0) return;
		this.text.value = '';
		this.#fit();
		this.#keep();
		this.on.say(text);
	}

	#typing() {
		this.#fit();
		clearTimeout(this.#saving);
		this.#saving = setTimeout(() => this.#keep(), SAVE_AFTER);
		const now = Date.now();
		if (!this.text.value.trim() || now - this.#typed < TYPING_EVERY) return;
		this.#typed = now;
		this.on.typing();
	}

	#keep() {
		clearTimeout(this.#saving);
		this.on.draft(this.text.value);
	}

	// Fits the height to the text, and says how much room is left if it is little.
	#fit() {
		const { text, form, limits } = this;
		text.style.setProperty('height', 'auto');
		text.style.setProperty('height', `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`);
		form.classList.toggle('ready', text.value.trim() !== '');
		// Counting is slow, and no short text needs it.
		const left = text.value.length * 4 < limits.text_bytes ? Infinity : roomLeft(text.value.trimEnd(), limits);
		const over = left < 0;
		$('counter').textContent = over ? words.tooLong(-left) : left < COUNT_BELOW * limits.text_bytes ? words.left(left) : '';
		$('counter').className = over ? 'wrong' : '';
		text.setAttribute('aria-invalid', over);
	}
}
