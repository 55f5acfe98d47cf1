// Who is here and who is typing.

import { $, make, nameTag } from './dom.js';
import { panel } from './panel.js';
import { words } from './strings.js';

const TYPING_FOR = 4e3;
const MAX_TYPING = 50;

// The count in the header, and the list behind it.
export class Presence {
	#people = [];
	#count = 0;

	constructor(names, me) {
		Object.assign(this, { names, me, button: $('people'), panel: $('guests') });
		panel(this.button, this.panel, () => this.show());
	}

	// Those of whom it is known who they are.
	get people() {
		return this.#people;
	}

	update({ count, people }) {
		this.#count = count;
		this.#people = people;
		this.button.hidden = false;
		this.button.textContent = words.here(count);
		this.show();
	}

	show() {
		if (this.panel.hidden) return;
		const mine = (person) => person.id === this.me.id;
		this.#people.sort((a, b) => mine(b) - mine(a));
		const items = this.#people.map((person) => {
			const item = make('li', mine(person) ? 'mine' : '');
			item.append(nameTag(person, this.names.print(person)));
			if (mine(person)) item.append(make('span', 'quiet', words.you));
			return item;
		});
		const more = this.#count - items.length;
		if (more > 0) items.push(make('li', 'quiet', words.andMore(more)));
		this.panel.querySelector('ul').replaceChildren(...items);
	}
}

// The line under the conversation that says who is typing.
export class Typing {
	#typing = new Map(); // id → {name, timer}

	saw({ id, name }) {
		if (this.#typing.size >= MAX_TYPING) return;
		this.#forget(id);
		this.#typing.set(id, { name, timer: setTimeout(() => this.spoke(id), TYPING_FOR) });
		this.#show();
	}

	spoke(id) {
		if (this.#forget(id)) this.#show();
	}

	clear() {
		for (const id of [...this.#typing.keys()]) this.spoke(id);
	}

	#forget(id) {
		clearTimeout((this.#typing.get(id) || {}).timer);
		return this.#typing.delete(id);
	}

	#show() {
		const names = [...this.#typing.values()].map(({ name }) => name);
		$('typing').textContent = words.typing[Math.min(names.length, 3)](...names);
	}
}
