// The line to write in, and above it what is answered or changed with it.

import { $, make, nameTag } from './dom.js';
import { excerpt } from './message.js';
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
	#about = null; // the message that is answered or changed
	#changing = false;
	#draft = ''; // what was being written before that
	#ready = 0; // when the next message can be sent, in slow mode
	#ticking = 0;
	#attached = false;

	// on: say(text, to) where to is the offset of what is answered, change(message,
	// text), typing(), draft(text) to be kept
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
		$('about').querySelector('button').onclick = () => {
			this.cancel();
			text.focus();
		};
		this.form.onsubmit = (event) => {
			event.preventDefault();
			this.#say();
		};
		addEventListener('pagehide', () => this.#keep());
		addEventListener('resize', () => this.#fit());
		this.#fit();
	}

	// What is written next answers a message.
	answer(message) {
		this.cancel();
		this.#begin(message, false);
	}

	// What is written next takes the place of an own message.
	change(message) {
		this.cancel();
		this.#draft = this.text.value;
		this.#begin(message, true);
		this.text.value = message.text;
		this.#fit();
	}

	// The offset of what is answered or changed, if anything is.
	get about() {
		return this.#about ? this.#about.offset : null;
	}

	// What is answered or changed cannot be any more. What was written stays: it is
	// a message of its own now, before what was being written when a change began.
	letGo() {
		if (!this.#about) return;
		const { value } = this.text;
		const changed = value.trim() !== this.#about.text.trim() && value;
		if (this.#changing) this.text.value = [changed, this.#draft].filter(Boolean).join('\n');
		this.#end();
		this.#keep();
	}

	// Neither answers nor changes; false if it did not.
	cancel() {
		if (!this.#about) return false;
		if (this.#changing) this.text.value = this.#draft;
		this.#end();
		return true;
	}

	// A message has gone out: in slow mode the next one can after a while.
	cool(seconds) {
		this.#ready = Date.now() + seconds * 1000;
		clearInterval(this.#ticking);
		this.#ticking = setInterval(() => this.#count(), 1000);
		this.#count();
	}

	#begin(message, changing) {
		this.#about = message;
		this.#changing = changing;
		const line = make('span', '', excerpt(message));
		line.dir = 'auto';
		const what = make('p', '', changing ? words.changing : words.answering);
		if (!changing) what.append(' ', nameTag(message.from, ''));
		what.append(line);
		$('about').firstElementChild.replaceWith(what);
		$('about').hidden = false;
		this.text.focus();
	}

	#end() {
		this.#about = null;
		this.#changing = false;
		$('about').hidden = true;
		$('about').firstElementChild.replaceChildren();
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
		if (!this.#something || roomLeft(text, this.limits) < 0) return;
		const about = this.#about;
		const changing = this.#changing;
		if (!changing && this.#wait > 0) return;
		this.text.value = changing ? this.#draft : '';
		this.#end();
		this.text.dispatchEvent(new Event('input')); // whoever watches it sees that it is empty
		this.#keep();
		if (!changing) this.on.say(text, about ? about.offset : undefined);
		else if (text !== about.text) this.on.change(about, text);
	}

	// A picture is there to be sent: it needs no words.
	attach(attached) {
		this.#attached = attached;
		this.#fit();
	}

	get #something() {
		return this.text.value.trim() !== '' || (this.#attached && !this.#changing);
	}

	// Seconds until the next message can be sent.
	get #wait() {
		return Math.max(0, Math.ceil((this.#ready - Date.now()) / 1000));
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
		this.on.draft(this.#changing ? this.#draft : this.text.value);
	}

	// Fits the height to the text, and says how much room is left if it is little.
	#fit() {
		const { text } = this;
		text.style.setProperty('height', 'auto');
		text.style.setProperty('height', `${text.scrollHeight + text.offsetHeight - text.clientHeight}px`);
		this.#count();
	}

	// Says how much room is left if it is little, or how long to wait.
	#count() {
		const { text, form, limits } = this;
		const wait = this.#changing ? 0 : this.#wait;
		if (!this.#wait) clearInterval(this.#ticking);
		form.classList.toggle('ready', this.#something && !wait);
		// Counting is slow, and no short text needs it.
		const left = text.value.length * 4 < limits.text_bytes ? Infinity : roomLeft(text.value.trimEnd(), limits);
		const over = left < 0;
		const little = left < COUNT_BELOW * limits.text_bytes;
		const counter = $('counter');
		// Seconds are not read aloud one by one.
		counter.setAttribute('aria-live', wait ? 'off' : 'polite');
		counter.textContent = over ? words.tooLong(-left) : wait ? words.wait(wait) : little ? words.left(left) : '';
		counter.className = over ? 'wrong' : '';
		text.setAttribute('aria-invalid', over);
	}
}
