// The state of the room: always in sight at the top, and changed in one sheet.

import { $, make } from './dom.js';
import { ask, closeSheets, complain, openSheet } from './hostsheet.js';
import { words } from './strings.js';

const SLOWS = [0, 5, 15, 60]; // seconds
const TITLE = 24; // characters of a title, as of a name
const TEXT = 500; // of an announcement or a notice

export class Room {
	state = {};
	#unwanted = []; // words
	#muted = 0; // people

	// verb(name, fields) does it: as Verbs.do does. notDone(problem) says why not
	// where no sheet is open.
	constructor(verb, notDone) {
		Object.assign(this, { verb, notDone, sheet: $('room') });
		for (const seconds of SLOWS) this.#choice(seconds);
		this.#wire();
		this.show({});
	}

	show(state) {
		this.state = state;
		const { title, pin, slow, locked, off, notice, no_pictures: noPictures } = state;
		$('title').textContent = title || words.room;
		document.title = `${title || words.room} · ${words.hostBadge}`;

		this.#light([
			!off && !locked && ['well', words.hostIsOpen],
			off && ['bright', words.hostIsOff],
			locked && ['bright', words.hostIsLocked],
			slow && ['', words.hostIsSlow(slow)],
			noPictures && ['', words.hostNoPictures],
			this.#muted && ['', words.hostAreMuted(this.#muted)],
		]);
		const [label, text] = off && notice ? [words.hostNotice, notice] : [words.announcement, pin && pin.text];
		$('pinned').hidden = !text;
		$('pinned').replaceChildren(make('b', '', label), ' ', make('bdi', '', text || ''));

		$('lock').lastChild.textContent = locked ? words.hostUnlock : words.hostLock;
		$('lock').classList.toggle('bright', Boolean(locked));
		check($('set-lock'), locked);
		check($('set-off'), off);
		check($('set-pictures'), !noPictures);
		for (const button of this.sheet.querySelectorAll('[role="radio"]')) check(button, Number(button.value) === (slow || 0));
		this.#rove();
		detail('set-title', title || words.room);
		detail('set-pin', pin ? pin.text : words.hostNone);
	}

	know({ words: unwanted, muted }) {
		this.#unwanted = unwanted;
		this.#muted = muted.length;
		this.show(this.state);
		detail('set-words', unwanted.length ? unwanted.join(', ') : words.hostNone);
		const items = unwanted.map((word) => {
			const item = make('li');
			const remove = make('button', 'back', words.hostRemove);
			remove.setAttribute('aria-label', words.hostRemoveWord(word));
			remove.onclick = () => this.#want(unwanted.filter((other) => other !== word));
			item.append(make('bdi', '', word), remove);
			return item;
		});
		if (!items.length) items.push(make('li', 'aside', words.hostNone));
		$('unwanted').querySelector('ul').replaceChildren(...items);
	}

	// Shows what is on. It is read aloud whenever it changes, so only then.
	#light(lamps) {
		const on = lamps.filter(Boolean).map(([kind, text]) => make('b', `lamp ${kind}`, text));
		const same = on.map((lamp) => lamp.textContent).join() === [...$('on').children].map((lamp) => lamp.textContent).join();
		if (!same) $('on').replaceChildren(...on);
	}

	#choice(seconds) {
		const button = make('button', '', seconds ? words.hostSeconds(seconds) : words.hostSlowOff);
		button.type = 'button';
		button.value = seconds;
		button.setAttribute('role', 'radio');
		button.onclick = () => (this.state.slow || 0) === seconds || this.#do('slow', { seconds });
		$('slow').lastElementChild.append(button);
	}

	// Tab comes to one of the choices, arrows lead to the others.
	#rove() {
		const buttons = [...this.sheet.querySelectorAll('[role="radio"]')];
		const chosen = buttons.find((button) => button.getAttribute('aria-checked') === 'true') || buttons[0];
		for (const button of buttons) button.tabIndex = button === chosen ? 0 : -1;
	}

	#wire() {
		$('open-room').onclick = () => openSheet('room');
		$('slow').onkeydown = (event) => {
			const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
			if (!step) return;
			event.preventDefault();
			const buttons = [...$('slow').querySelectorAll('button')];
			buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
		};
		$('lock').onclick = async () => this.notDone(await this.verb('lock', this.state.locked ? { undo: true } : {}));
		$('set-lock').onclick = () => this.#do('lock', this.state.locked ? { undo: true } : {});
		$('set-pictures').onclick = async () => {
			const off = !this.state.no_pictures;
			const problem = await this.#do('pictures', { off });
			if (problem === '' && !off && this.state.no_pictures) complain(this.sheet, words.hostNoFolder);
		};
		$('set-off').onclick = () => (this.state.off ? this.#do('off', { undo: true }) : this.#turnOff());
		$('set-title').onclick = () =>
			ask({
				title: words.hostTitle,
				value: this.state.title || '',
				max: TITLE,
				yes: words.save,
				other: words.hostTitleBack,
				go: (text, back) => this.verb('title', { text: back ? '' : text }),
			});
		$('set-pin').onclick = () =>
			ask({
				title: words.announcement,
				hint: words.hostPinHint,
				value: this.state.pin ? this.state.pin.text : '',
				max: TEXT,
				yes: words.hostPinIt,
				other: this.state.pin && words.hostUnpin,
				go: (text, down) => this.verb('pin', { text: down ? '' : text }),
			});
		$('set-words').onclick = () => openSheet('unwanted');
		$('unwanted').querySelector('form').onsubmit = (event) => {
			event.preventDefault();
			this.#addWords();
		};
		$('clear').onclick = () =>
			ask({
				title: words.hostClear,
				hint: words.hostClearAsk,
				yes: words.hostClear,
				go: () => this.#closing(this.verb('clear')),
			});
		$('erase').onclick = () => {
			const title = this.state.title || words.room;
			ask({
				title: words.hostErase,
				hint: words.hostEraseAsk(title),
				value: '',
				max: TITLE,
				must: title,
				yes: words.hostEraseIt,
				danger: true,
				go: () => this.#closing(this.verb('erase')),
			});
		};
	}

	#turnOff() {
		ask({
			title: words.hostOff,
			hint: words.hostOffAsk,
			value: this.state.notice || '',
			max: TEXT,
			yes: words.hostTurnOff,
			go: (text) => this.verb('off', text ? { text } : {}),
		});
	}

	async #addWords() {
		const input = $('word');
		const fresh = input.value.split(',').map((word) => word.trim()).filter(Boolean);
		if (!fresh.length) return;
		if (await this.#want([...new Set([...this.#unwanted, ...fresh])])) input.value = '';
		input.focus();
	}

	// Sends the whole list, for that is what the room keeps.
	async #want(unwanted) {
		const sheet = $('unwanted');
		complain(sheet, '');
		const problem = await this.verb('words', { words: unwanted });
		if (problem) complain(sheet, problem);
		else $('unwanted-title').focus();
		return problem === '';
	}

	async #do(verb, fields) {
		complain(this.sheet, '');
		const problem = await this.verb(verb, fields);
		if (problem) complain(this.sheet, problem);
		return problem;
	}

	// What changes everything is looked at with no sheet before it.
	async #closing(done) {
		const problem = await done;
		if (problem === '') closeSheets();
		return problem;
	}
}

const check = (button, on) => button.setAttribute('aria-checked', Boolean(on));

const detail = (id, text) => ($(id).lastElementChild.textContent = text);
