// Who you are: the name under which you write, changed in place.

import { $ } from './dom.js';
import { words } from './strings.js';

export class Identity {
	#name = '';

	// rename(name) is called when another name was chosen.
	constructor(rename) {
		Object.assign(this, { rename, button: $('name'), form: $('rename'), input: $('new-name') });
		this.button.onclick = () => this.#edit();
		this.form.onsubmit = (event) => {
			event.preventDefault();
			this.#save();
			$('text').focus();
		};
		this.form.onkeydown = (event) => {
			if (event.key !== 'Escape') return;
			this.#close();
			this.button.focus();
		};
		// Going elsewhere keeps what was typed, as people expect on a phone.
		this.form.addEventListener('focusout', ({ relatedTarget }) => {
			if (!this.form.contains(relatedTarget)) this.#save();
		});
	}

	show(name, print) {
		this.#name = name;
		this.button.querySelector('bdi').textContent = name;
		this.button.querySelector('.print').textContent = print;
		this.button.setAttribute('aria-label', words.changeName(`${name} ${print}`.trim()));
		this.button.hidden = !this.form.hidden;
	}

	// The server did not take a name: it can be mended.
	refused(name, why) {
		this.#edit();
		this.input.value = name;
		$('name-problem').textContent = why;
	}

	#edit() {
		this.button.hidden = true;
		this.form.hidden = false;
		this.input.value = this.#name;
		this.input.select();
	}

	#save() {
		if (this.form.hidden) return;
		const name = this.input.value.trim();
		this.#close();
		if (name && name !== this.#name) this.rename(name);
	}

	#close() {
		this.form.hidden = true;
		this.button.hidden = false;
		$('name-problem').textContent = '';
	}
}
