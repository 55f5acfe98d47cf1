// Who is who: colours, and names that look alike. Pure: no DOM.

import { words } from './strings.js';

// The hues of names: easy to tell apart, none close to the accent.
const HUES = [345, 300, 275, 250, 225, 200, 175, 145, 95, 50];

// The colour comes from the id: it stays when the name changes.
export function hueOf(id) {
	let hash = 0;
	for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
	return HUES[hash % HUES.length];
}

// Lower-case letters, digits and signs that look like another letter.
const LOOK_ALIKE = new Map(
	(
		'аa вb еe кk мm нh оo рp сc тt уy хx іl јl ѕs һh ԁd ԛq ԝw ӏl ьb зe ' +
		'αa βb εe ηn ιl κk νv οo ρp τt υu χx ωw ɑa ɡg ıl ʟl օo ոn սu հh ' +
		'0o 1l |l !l il jl 3e 4a 5s 8b @a $s'
	)
		.split(' ')
		.map((pair) => [...pair]),
);

// What is left of a name without all that the eye may miss.
export function likeness(name) {
	const letters = name.normalize('NFKC').toLowerCase().normalize('NFD').match(/[\p{L}\p{N}\p{S}|!@$]/gu) || [name];
	return letters.map((c) => LOOK_ALIKE.get(c) || c).join('').replace(/rn/g, 'm').replace(/vv/g, 'w');
}

const MAX_NAMES = 5000;

// Remembers who was seen under which name.
export class Names {
	#seen = new Map(); // likeness → set of ids
	#plain = new Set(); // as they are written, in lower case

	// Notes a person. True if a name that was clear until now is not any more.
	note({ id, name }) {
		if (!name) return false; // it is hidden
		if (this.#plain.size >= MAX_NAMES) this.#plain.clear();
		this.#plain.add(name.toLowerCase());
		const like = likeness(name);
		const ids = this.#seen.get(like) || new Set();
		if (ids.has(id)) return false;
		if (this.#seen.size >= MAX_NAMES) this.#seen.clear();
		this.#seen.set(like, ids.add(id));
		return ids.size > 1;
	}

	// Whether somebody is called so.
	knows(name) {
		return this.#plain.has(name.toLowerCase());
	}

	// What tells a name from one that looks alike: four letters of the id.
	print({ id, name }) {
		const ids = this.#seen.get(likeness(name));
		if (!ids || ids.size < 2) return '';
		return id ? id.slice(0, 4) : words.amqp;
	}
}
