// The conversation's data: an unbroken run of records in the order of their
// offsets, and of them the messages, each once. Pure: no DOM.

// A sender may have to say a thing twice to be sure that it arrived: its ref tells.
// AMQP clients have no id, but a name, and need not give a ref: what has none is
// itself by its place.
const keyOf = ({ ref, offset, from }) => (ref ? `${from.id || `/${from.name}`} ${ref}` : `@${offset}`);

export class Log {
	epoch = null;
	newest = -1; // the largest offset seen in this epoch: where to resume
	#newestRef = ''; // of that record, and when it was said: they tell it from another
	#newestAt = {}; // one at the same offset, if only the same message said again
	oldest = null; // what is older than this offset is asked for from there
	#messages = [];
	#keys = new Set();

	// What a hello says to go on from here.
	get place() {
		return this.newest < 0 ? {} : { since: this.newest, since_ref: this.#newestRef, since_at: this.#newestAt, epoch: this.epoch };
	}

	// Whether the message, or another one of its sender by its ref, is here.
	has(record) {
		return this.#keys.has(keyOf(record));
	}

	// Begins another log, or the same one from its recent end.
	reset(epoch) {
		this.epoch = epoch;
		this.lose(-1);
		this.oldest = null;
		this.#messages = [];
		this.#keys.clear();
	}

	// What comes now ends at this offset, if at any: what there is before it, but is
	// not sent, can be asked for.
	begin(head) {
		if (this.oldest === null && head >= 0) this.oldest = head + 1;
	}

	// What comes next does not continue what is here. A log that ends at head now may
	// have given the offsets behind it to other records.
	lose(head) {
		for (const message of this.#messages) if (message.offset > head) this.#keys.delete(`@${message.offset}`);
		this.newest = -1;
		this.#newestRef = '';
		this.#newestAt = {};
	}

	// Takes records at the end; returns those that are new.
	append(records) {
		const fresh = records.filter((record) => {
			if (record.offset <= this.newest) return false;
			this.newest = record.offset;
			this.#newestRef = record.ref || '';
			this.#newestAt = { boot: record.boot, up_ms: record.up_ms };
			this.oldest = Math.min(this.oldest ?? Infinity, record.offset);
			return record.type || this.#claim(record);
		});
		this.#messages.push(...fresh.filter(isMessage));
		return fresh;
	}

	// Takes records from before the oldest; returns those that are new.
	prepend(records) {
		const fresh = records.filter((record) => record.offset < this.oldest && (record.type || this.#claim(record)));
		if (records.length) this.oldest = Math.min(this.oldest, records[0].offset);
		this.#messages.unshift(...fresh.filter(isMessage));
		return fresh;
	}

	// Forgets n messages at either end, and returns them.
	dropOldest(n) {
		const dropped = this.#messages.splice(0, n);
		if (this.#messages.length) this.oldest = this.#messages[0].offset;
		return this.#release(dropped);
	}

	dropNewest(n) {
		return this.#release(this.#messages.splice(Math.max(0, this.#messages.length - n)));
	}

	#claim(record) {
		const key = keyOf(record);
		if (this.#keys.has(key)) return false;
		this.#keys.add(key);
		return true;
	}

	#release(messages) {
		for (const message of messages) this.#keys.delete(keyOf(message));
		return messages;
	}
}

const isMessage = ({ type }) => !type;
