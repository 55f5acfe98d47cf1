// What the hosts did lately, in sentences, each with a way back where there is one.

import { $, make } from './dom.js';
import { words } from './strings.js';

const SHOWN_FOR = 10e3; // as news: long enough to read it and to reach Undo

const name = (person) => (person && person.name) || words.somebody;

// By verb: what was done, and what its undo did.
const sentences = {
	hide: (d) => [words.hostDidHide(name(d.by), name(d.who)), words.hostDidShow(name(d.by), name(d.who))],
	clear: (d) => [words.hostDidClear(name(d.by)), words.hostDidUnclear(name(d.by))],
	mute: (d) => [words.hostDidMute(name(d.by), name(d.who)), words.hostDidUnmute(name(d.by), name(d.who))],
	kick: (d) => [words.hostDidKick(name(d.by), name(d.who))],
	slow: (d) => [d.seconds ? words.hostDidSlow(name(d.by), d.seconds) : words.hostDidFast(name(d.by))],
	lock: (d) => [words.hostDidLock(name(d.by)), words.hostDidUnlock(name(d.by))],
	off: (d) => [words.hostDidOff(name(d.by)), words.hostDidOn(name(d.by))],
	words: (d) => [words.hostDidWords(name(d.by))],
	pin: (d) => [d.text ? words.hostDidPin(name(d.by)) : words.hostDidUnpin(name(d.by))],
	title: (d) => [words.hostDidTitle(name(d.by))],
	pictures: (d) => [d.off ? words.hostDidPicturesOff(name(d.by)) : words.hostDidPicturesOn(name(d.by))],
	erase: (d) => [words.hostDidErase(name(d.by))],
};

export class Deeds {
	#deeds = [];
	#newest = null; // offset of the last that is known
	#timer = 0;

	// authorOf(offset) says whose message that is, timeOf(deed) the time as text,
	// room() the state of the room, undo(verb, fields) does it.
	constructor(on) {
		Object.assign(this, { on, list: $('lately').querySelector('ol'), news: $('news') });
		this.muted = [];
	}

	// Takes the list from the server. What is new since the last one is news.
	take({ deeds, muted }) {
		this.muted = muted;
		// The clock is set by a host's phone, not by a host.
		this.#deeds = deeds.filter(({ verb }) => verb !== 'clock');
		const last = this.#newestFirst[0];
		const fresh = this.#newest !== null && last && last.offset > this.#newest;
		this.#newest = last ? last.offset : -1;
		if (fresh) this.#tell(last);
		this.show();
	}

	// The log has begun anew.
	clear() {
		this.#newest = -1;
		this.hush();
	}

	show() {
		const items = this.#newestFirst.map((deed) => {
			const item = make('li');
			const text = make('p');
			text.append(this.#sentence(deed), ' ', make('time', '', this.on.timeOf(deed)));
			item.append(text, ...this.#excerpt(deed), ...this.#undo(deed));
			return item;
		});
		if (!items.length) items.push(make('li', 'aside', words.hostNothingYet));
		this.list.replaceChildren(...items);
	}

	get #newestFirst() {
		return [...this.#deeds].reverse();
	}

	hush() {
		clearTimeout(this.#timer);
		this.news.replaceChildren();
	}

	#tell(deed) {
		clearTimeout(this.#timer);
		this.news.replaceChildren(make('span', '', this.#sentence(deed)), ...this.#undo(deed));
		this.#timer = setTimeout(() => this.hush(), SHOWN_FOR);
	}

	#sentence(deed) {
		const who = deed.who || (deed.to !== undefined && this.on.authorOf(deed.to));
		const [did, undid] = (sentences[deed.verb] || (() => [deed.verb]))({ ...deed, who });
		return (deed.undo && undid) || did;
	}

	#excerpt({ verb, text }) {
		if (!text || !['hide', 'pin', 'title', 'off'].includes(verb)) return [];
		const quote = make('p', 'quoted', text);
		quote.dir = 'auto';
		return [quote];
	}

	#undo(deed) {
		const back = this.#back(deed);
		if (!back) return [];
		const button = make('button', 'back', words.hostUndo);
		button.setAttribute('aria-label', words.hostUndoThis(this.#sentence(deed)));
		button.onclick = () => this.on.undo(...back, button);
		return [button];
	}

	// The verb and fields that take a deed back, if it still stands.
	#back(deed) {
		const { verb, to, who, text } = deed;
		const room = this.on.room();
		const newest = (same) => this.#newestFirst.find((d) => d.verb === verb && same(d)) === deed;
		const stands = {
			hide: () => newest((d) => d.to === to) && { to, undo: true },
			clear: () => newest(() => true) && { undo: true, of: deed.offset },
			mute: () => newest((d) => d.who.id === who.id) && this.muted.some(({ id }) => id === who.id) && { who: who.id, name: who.name, undo: true },
			slow: () => newest(() => true) && room.slow && { seconds: 0 },
			lock: () => newest(() => true) && room.locked && { undo: true },
			off: () => newest(() => true) && room.off && { undo: true },
			pin: () => newest(() => true) && text && room.pin && { text: '' },
			pictures: () => newest(() => true) && deed.off && { off: false },
		}[verb];
		const fields = !deed.undo && stands && stands();
		return fields && [verb, fields];
	}
}
