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
	//   from       who said it: without a name, if that is hidden, too
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
		deeds = nothing();
		this.#deeds.set(offset, deeds);
		return deeds;
	}

	// An undo lifts the clear that it names, or the last one that stands.
	#clear(record) {
		if (this.#clears.some(({ offset }) => offset === record.offset)) return;
		this.#clears.push(record);
		this.#clears.sort((a, b) => a.offset - b.offset);
		let standing = [];
		for (const { offset, undo, of = standing.at(-1) } of this.#clears) {
			standing = undo ? standing.filter((clear) => clear !== of) : [...standing, offset];
		}
		this.#cleared = standing.at(-1) ?? -1;
	}

	// Brings a message up to date; true if that has changed it.
	#dress(message) {
		const deeds = this.#deeds.get(message.offset) || nothing();
		const { hide } = deeds;
		// What the host has put back comes as it was then.
		const back = hide && hide.undo && hide.record;
		const base = back || message.base;
		let { text = '', picture, edited = false, gone = '', from } = base;
		const edit = from.id && deeds.edits.get(from.id);
		if (edit && !(back && edit.offset < hide.offset)) {
			text = edit.text;
			edited = true;
		}
		if (gone === 'hidden' && hide && hide.undo) gone = '';
		if (from.id && deeds.removed.has(from.id)) gone = 'deleted';
		if (hide && !hide.undo) gone = 'hidden';
		// A name may be what was not wanted: it goes with the message.
		if (gone === 'hidden') from = { id: from.id, name: '' };
		if (message.offset < this.#cleared) gone = 'cleared';
		if (gone) [text, picture] = ['', undefined];
		const reactions = gone ? new Map() : standing(deeds.reactions);

		const now = { text, picture, edited, gone };
		const same =
			Object.keys(now).every((key) => message[key] === now[key]) &&
			message.from.name === from.name &&
			message.reactions &&
			message.reactions.size === reactions.size &&
			[...reactions].every(([emoji, people]) => sameIds(people, message.reactions.get(emoji)));
		Object.assign(message, now, { from, reactions });
		return !same;
	}
}

// What was done to one message. Whose it is may come later: edits and deletions
// count if they are its author's, so they are kept by who made them.
const nothing = () => ({ reactions: new Map(), edits: new Map(), removed: new Set(), hide: null });

// Notes each kind of record among the deeds, if it is newer than what is there.
const notes = {
	reaction(deeds, record) {
		const { id, name } = record.from;
		const key = `${id || `/${name}`} ${record.emoji}`;
		if (newer(record, deeds.reactions.get(key))) deeds.reactions.set(key, record);
	},
	edit(deeds, record) {
		if (newer(record, deeds.edits.get(record.from.id))) deeds.edits.set(record.from.id, record);
	},
	delete(deeds, record) {
		deeds.removed.add(record.from.id);
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
