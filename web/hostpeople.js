// What can be done about a message and about a person, and who is here.

import { $, make, nameTag } from './dom.js';
import { ask, closeSheets, complain, openSheet } from './hostsheet.js';
import { words } from './strings.js';

// What a tap on a message, or on a person, opens.
export class Acts {
	#message = null;
	#person = null;

	// talk: the conversation. me: who the host is. verb(name, fields): as Verbs.do
	constructor(talk, me, verb) {
		Object.assign(this, { talk, me, verb, sheet: $('acts') });
		this.muted = [];
		$('act-hide').onclick = () => {
			const { offset, gone } = this.#message;
			this.#do('hide', gone === 'hidden' ? { to: offset, undo: true } : { to: offset });
		};
		$('act-mute').onclick = () => this.#do('mute', this.#isMuted ? { ...this.#who, undo: true } : this.#who);
		$('act-kick').onclick = () => this.#askToKick();
		$('act-pin').onclick = () => this.#do('pin', { text: this.#message.text });
	}

	open(person, message = null) {
		this.#person = person;
		this.#message = message;
		this.show();
		openSheet('acts');
	}

	// Brings an open sheet up to date: another host may have done something.
	show() {
		const [person, message] = [this.#person, this.#message];
		if (!person) return;
		$('acts-title').replaceChildren(nameTag(person, this.talk.names.print(person)));
		if (this.#isMuted) $('acts-title').append(' ', make('span', 'flag', words.hostMuted));
		const quote = $('quote');
		quote.hidden = !message || !(quote.textContent = message.gone === 'deleted' ? words.hostDeleted : this.talk.textOf(message) || (message.picture ? words.picture : ''));
		const stranger = person.id !== '' && person.id !== this.me.id;
		$('act-hide').hidden = !message || message.gone === 'deleted';
		$('act-hide').textContent = message && message.gone === 'hidden' ? words.hostShow : words.hostHide;
		$('act-mute').hidden = $('act-kick').hidden = !stranger;
		$('act-mute').firstChild.textContent = (this.#isMuted ? words.hostUnmute : words.hostMute)(person.name);
		$('act-mute').lastChild.textContent = this.#isMuted ? words.hostUnmuteHint : words.hostMuteHint;
		$('act-kick').firstChild.textContent = words.hostKick(person.name);
		$('act-pin').hidden = !message || Boolean(message.gone) || !message.text;
	}

	get #isMuted() {
		return this.muted.some(({ id }) => id === this.#person.id);
	}

	get #who() {
		return { who: this.#person.id, name: this.#person.name };
	}

	#askToKick() {
		ask({
			title: words.hostKickAsk(this.#person.name),
			hint: words.hostKickHint,
			yes: words.hostKickIt,
			danger: true,
			go: async () => {
				const problem = await this.verb('kick', this.#who);
				if (problem === '') closeSheets();
				return problem;
			},
		});
	}

	async #do(verb, fields) {
		complain(this.sheet, '');
		const problem = await this.verb(verb, fields);
		if (problem) complain(this.sheet, problem);
		else if (problem === '') closeSheets();
	}
}

// Who is here, and who is muted and has left.
export class People {
	#here = [];
	#count = 0;

	constructor(names, me, open) {
		Object.assign(this, { names, me, open, list: $('persons').querySelector('ul') });
		this.muted = [];
		$('open-people').onclick = () => openSheet('persons');
	}

	update({ count, people }) {
		this.#here = people;
		this.#count = count;
		this.show();
	}

	show() {
		$('count').textContent = this.#count ? words.here(this.#count) : words.hostPeople;
		const here = new Set(this.#here.map(({ id }) => id));
		const mine = (person) => person.id === this.me.id;
		const items = [...this.#here].sort((a, b) => mine(b) - mine(a)).map((person) => this.#item(person, true));
		const more = this.#count - this.#here.length;
		if (more > 0) items.push(make('li', 'aside', words.andMore(more)));
		items.push(...this.muted.filter(({ id }) => !here.has(id)).map((person) => this.#item(person, false)));
		const focused = this.list.contains(document.activeElement) && document.activeElement.dataset.id;
		this.list.replaceChildren(...items);
		if (focused) [...this.list.querySelectorAll('button')].find(({ dataset }) => dataset.id === focused)?.focus();
	}

	#item(person, here) {
		const item = make('li');
		if (person.id === this.me.id) {
			const line = make('p', 'person');
			line.append(nameTag(person, this.names.print(person)), ' ', make('span', 'quiet', words.you));
			item.append(line);
			return item;
		}
		const button = make('button', 'entry');
		button.dataset.id = person.id;
		button.append(nameTag(person, this.names.print(person)));
		if (this.muted.some(({ id }) => id === person.id)) button.append(' ', make('span', 'flag', words.hostMuted));
		if (!here) button.append(' ', make('span', 'quiet', words.hostAway));
		button.onclick = () => this.open(person);
		item.append(button);
		return item;
	}
}
