// What the records of the log have done to its messages: reactions, edits,
// deletions, hides, clears. Pure: no DOM.
//
// Records may come in any order, and before the message they are about: the
// newest of them counts. So an older page of the log can be taken after a newer
// one, and taking a record twice changes nothing.

// How many messages that are not here have their records kept.
const MAX_STRAYS = 2000;

export class Fold {
	#messages = new Map(); // offset → message, as it is shown
	#deeds = new Map(); // offset → what was done to the message there
	#clears = []; // of the records clear, in the order of their offsets
	#cleared = -1; // what is before this offset is cleared

	// Takes records. Each message gets, and keeps up to date,
	//   text, picture, edited  as they are now
	//   gone       'deleted', 'hidden', 'cleared', or '' if it can be seen
	//   reactions  Map: emoji → the persons, in the order in which they reacted
	// Returns the messages among the records; those that changed and were here
	// before; and whether a clear was lifted: what it hid may not be here.
	take(records) {
		const messages = [];
		const touched = new Set();
		const before = this.#cleared;
		for (const record of records) {
			if (!record.type) {
				messages.push(record);
				this.#messages.set(record.offset, Object.assign(record, { base: { ...record } }));
			} else if (record.type === 'clear') {
				this.#clear(record);
			} else if (notes[record.type]) {
				notes[record.type](this.#deedsTo(record.to), record);
				touched.add(record.to);
			}
		}
		for (const message of messages) this.#dress(message);
		const known = new Set(messages);
		const all = this.#cleared === before ? touched : this.#messages.keys();
		const changed = [...all]
			.map((offset) => this.#messages.get(offset))
			.filter((message) => message && !known.has(message) && this.#dress(message));
		return { messages, changed, lifted: this.#cleared < before };
	}

	// The message at an offset, if it is here.
	get(offset) {
		return this.#messages.get(offset);
	}

	// Forgets messages. They may come again.
	forget(messages) {
		for (const { offset } of messages) this.#messages.delete(offset);
	}

	// Forgets everything.
	reset() {
		this.#messages.clear();
		this.#deeds.clear();
		this.#clears = [];
		this.#cleared = -1;
	}

	#deedsTo(offset) {
		let deeds = this.#deeds.get(offset);
		if (deeds) return deeds;
		if (this.#deeds.size >= this.#messages.size + MAX_STRAYS) {
			for (const key of this.#deeds.keys()) if (!this.#messages.has(key)) this.#deeds.delete(key);
		}
		deeds = { reactions: new Map() };
		this.#deeds.set(offset, deeds);
		return deeds;
	}

	// An undo lifts the last clear before it.
	#clear(record) {
		if (this.#clears.some(({ offset }) => offset === record.offset)) return;
		this.#clears.push(record);
		this.#clears.sort((a, b) => a.offset - b.offset);
		const standing = [-1];
		for (const { offset, undo } of this.#clears) {
			if (!undo) standing.push(offset);
			else if (standing.length > 1) standing.pop();
		}
		this.#cleared = standing.at(-1);
	}

	// Brings a message up to date; true if that has changed it.
	#dress(message) {
		const deeds = this.#deeds.get(message.offset) || { reactions: new Map() };
		const { hide, remove, edit } = deeds;
		// What the host has put back comes as it was then.
		const back = hide && hide.undo && hide.record;
		const base = back || message.base;
		let { text = '', picture, edited = false, gone = '' } = base;
		if (edit && edit.from.id === base.from.id && !(back && edit.offset < hide.offset)) {
			text = edit.text;
			edited = true;
		}
		if (gone === 'hidden' && hide && hide.undo) gone = '';
		if (remove && remove.from.id === base.from.id) gone = 'deleted';
		if (hide && !hide.undo) gone = 'hidden';
		if (message.offset < this.#cleared) gone = 'cleared';
		if (gone) [text, picture] = ['', undefined];
		const reactions = gone ? new Map() : standing(deeds.reactions);

		const now = { text, picture, edited, gone };
		const same =
			Object.keys(now).every((key) => message[key] === now[key]) &&
			message.reactions &&
			message.reactions.size === reactions.size &&
			[...reactions].every(([emoji, people]) => sameIds(people, message.reactions.get(emoji)));
		Object.assign(message, now, { reactions });
		return !same;
	}
}

// Notes each kind of record among the deeds, if it is newer than what is there.
const notes = {
	reaction(deeds, record) {
		const { id, name } = record.from;
		const key = `${id || `/${name}`} ${record.emoji}`;
		if (newer(record, deeds.reactions.get(key))) deeds.reactions.set(key, record);
	},
	edit(deeds, record) {
		if (newer(record, deeds.edit)) deeds.edit = record;
	},
	delete(deeds, record) {
		deeds.remove = record;
	},
	hide(deeds, record) {
		if (newer(record, deeds.hide)) deeds.hide = record;
	},
};

const newer = (record, old) => !old || record.offset > old.offset;

// The reactions that were not taken back: emoji → persons.
function standing(records) {
	const found = new Map();
	for (const { emoji, from, undo } of [...records.values()].sort((a, b) => a.offset - b.offset)) {
		if (!undo) found.set(emoji, [...(found.get(emoji) || []), from]);
	}
	return found;
}

const sameIds = (a, b) => b && a.length === b.length && a.every(({ id }, i) => id === b[i].id);
