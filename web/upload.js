// The picture that a guest has chosen: it stands above the line to write in until
// it is sent, goes up to the box, and becomes part of a message. It outlives a
// reload of the page, as what is written does.

import { $ } from './dom.js';
import { dataUrl, shrink } from './shrink.js';
import * as store from './store.js';
import { words } from './strings.js';

const KEPT = 'warren.picture'; // in sessionStorage: another tab has its own
const TIMEOUT = 60e3;
const FIRST_DELAY = 1e3;
const MAX_DELAY = 15e3;
const FOR_THE_MOMENT = [408, 429, 503]; // answers that may be others later

export class Upload {
	#chosen = null; // {url}, and once it is sent: text, more; picture, if the box has it
	#wanted = null; // the file that is being made small
	#request = null;
	#retry = 0;
	#attempt = 0;
	#allowed = false;

	// on: changed(ready) whether a picture waits for Send, say(text, more), back(text)
	// it is not to be sent
	constructor(on) {
		Object.assign(this, { on, panel: $('chosen'), file: $('file'), button: $('attach') });
		const { file, panel } = this;
		this.button.onclick = () => file.click();
		file.onchange = () => this.#choose(file.files[0]);
		panel.querySelector('.away').onclick = () => this.#drop();
		panel.querySelector('.again').onclick = () => this.#send();
		addEventListener('online', () => this.#retry && this.#send());
		addEventListener('paste', (event) => this.#take(event, event.clipboardData));
		addEventListener('dragover', (event) => this.#allowed && event.dataTransfer.types.includes('Files') && event.preventDefault());
		addEventListener('drop', (event) => this.#take(event, event.dataTransfer));
		this.#chosen = load();
		this.#show();
		if (this.sending) this.#send();
	}

	// Whether a picture waits for Send, and whether one is on its way.
	get ready() {
		return Boolean(this.#chosen && !this.sending);
	}

	get sending() {
		return Boolean(this.#chosen && this.#chosen.more);
	}

	// Whether pictures may be sent.
	allow(allowed) {
		this.#allowed = allowed;
		this.button.hidden = !allowed;
	}

	// Sends the picture, if one is ready, with a text.
	take(text, more) {
		if (!this.ready) return false;
		const { picture } = this.#chosen;
		if (picture) {
			this.#forget();
			this.on.say(text, { ...more, picture });
			return true;
		}
		Object.assign(this.#chosen, { text, more: { ...more } });
		save(this.#chosen);
		this.#attempt = 0;
		this.#send();
		return true;
	}

	// A picture that the box has already is to be sent with other words.
	again(picture) {
		if (!picture || this.sending) return;
		this.#chosen = { url: `/picture/${picture.id}.jpg`, picture };
		save(this.#chosen);
		this.#show();
	}

	// Pasted or dropped: a picture; but not the picture of a text, which office
	// programs offer beside it.
	#take(event, { files, types }) {
		const file = [...files].find(({ type }) => type.startsWith('image/'));
		const isText = types.includes('text/plain') && types.includes('text/html');
		if (!file || !this.#allowed || isText) return;
		event.preventDefault();
		this.#choose(file);
	}

	async #choose(file) {
		this.file.value = ''; // the same one can be chosen again
		if (!file || this.sending) return;
		const wanted = (this.#wanted = file);
		this.#chosen = null;
		this.#show(words.pictureShrinking);
		let url = '';
		try {
			url = await dataUrl(await shrink(file));
		} catch {} // it is none, for this browser
		if (this.#wanted !== wanted) return; // another one is, or none
		this.#chosen = url ? { url } : null;
		save(this.#chosen);
		this.#show(url ? '' : words.pictureUnreadable);
		$('text').focus();
	}

	#drop() {
		const { text } = this.#chosen || {};
		this.#forget();
		if (text) this.on.back(text);
	}

	#forget() {
		this.#stop();
		this.#chosen = this.#wanted = null;
		save(null);
		this.#show();
	}

	#stop() {
		clearTimeout(this.#retry);
		this.#retry = 0;
		if (this.#request) this.#request.abort();
		this.#request = null;
	}

	#send() {
		this.#stop();
		const request = (this.#request = new XMLHttpRequest());
		request.open('POST', '/picture');
		request.setRequestHeader('Content-Type', 'image/jpeg');
		request.setRequestHeader('X-Device', store.load('device'));
		request.timeout = TIMEOUT;
		request.upload.onprogress = ({ loaded, total }) => (this.panel.querySelector('progress').value = loaded / total);
		request.onload = () => this.#answered(request);
		request.onerror = request.ontimeout = () => this.#wait(0, words.pictureOffline);
		request.send(blobOf(this.#chosen.url));
		this.#show(words.pictureSending, true);
	}

	#answered(request) {
		const { status } = request;
		if (status === 201) {
			const { text, more } = this.#chosen;
			const picture = JSON.parse(request.responseText);
			this.#request = null;
			this.#forget();
			this.on.say(text, { ...more, picture });
		} else if (FOR_THE_MOMENT.includes(status)) {
			this.#wait(1e3 * request.getResponseHeader('Retry-After'), words.pictureBusy);
		} else {
			this.#request = null;
			this.#show(status === 403 ? words.picturesOff : words.pictureRefused, false, true);
		}
	}

	#wait(ms, why) {
		this.#request = null;
		const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** this.#attempt++);
		this.#retry = setTimeout(() => this.#send(), Math.max(ms, delay * (0.5 + Math.random() / 2)));
		this.#show(why);
	}

	#show(says = '', moving = false, failed = false) {
		const { panel, button } = this;
		const [img, progress, again] = ['img', 'progress', '.again'].map((what) => panel.querySelector(what));
		panel.hidden = !this.#chosen && !says;
		img.hidden = !this.#chosen;
		if (this.#chosen && img.getAttribute('src') !== this.#chosen.url) Object.assign(img, { src: this.#chosen.url, alt: words.pictureChosen });
		if (!this.#chosen) img.removeAttribute('src');
		panel.querySelector('.text').textContent = this.sending ? this.#chosen.text : '';
		panel.querySelector('.says').textContent = says;
		panel.querySelector('.says').classList.toggle('wrong', failed);
		progress.hidden = !moving;
		if (moving) progress.value = 0;
		again.hidden = !failed;
		button.disabled = this.sending;
		this.on.changed(this.ready);
	}
}

function blobOf(url) {
	const bytes = Uint8Array.from(atob(url.slice(url.indexOf(',') + 1)), (c) => c.charCodeAt(0));
	return new Blob([bytes], { type: 'image/jpeg' });
}

// sessionStorage may be missing, full or forbidden: then a reload loses the picture.
function save(chosen) {
	try {
		if (chosen) sessionStorage.setItem(KEPT, JSON.stringify(chosen));
		else sessionStorage.removeItem(KEPT);
	} catch {}
}

function load() {
	try {
		return JSON.parse(sessionStorage.getItem(KEPT));
	} catch {
		return null;
	}
}
