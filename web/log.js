// The conversation's data: an unbroken run of records in the order of their
// offsets, each once. Pure: no DOM.

// A sender may have to say a thing twice to be sure that it arrived.
const keyOf = (record) => record.ref && `${record.from.id} ${record.ref}`;

export class Log {
	epoch = null;
	newest = -1; // the largest offset seen in this epoch: where to resume
	newestRef = ''; // of that record: tells it from another one at the same offset
	#records = [];
	#keys = new Set();

	get oldest() {
		return this.#records.length ? this.#records[0].offset : null;
	}

	// Whether the record, or another one of its sender by its ref, is here.
	has(record) {
		return this.#keys.has(keyOf(record));
	}

	// Begins another log, or the same one from its recent end.
	reset(epoch) {
		this.epoch = epoch;
		this.lose();
		this.#records = [];
		this.#keys.clear();
	}

	// What comes next does not continue what is here.
	lose() {
		this.newest = -1;
		this.newestRef = '';
	}

	// Takes records at the end; returns those that are new.
	append(records) {
		const fresh = records.filter((record) => {
			if (record.offset <= this.newest) return false;
			this.newest = record.offset;
			this.newestRef = record.ref || '';
			return this.#claim(record);
		});
		this.#records.push(...fresh);
		return fresh;
	}

	// Takes records from before the oldest; returns those that are new.
	prepend(records) {
		const fresh = records.filter((record) => record.offset < this.oldest && this.#claim(record));
		this.#records.unshift(...fresh);
		return fresh;
	}

	// Forgets n records at either end.
	dropOldest(n) {
		this.#release(this.#records.splice(0, n));
	}

	dropNewest(n) {
		this.#release(this.#records.splice(this.#records.length - n));
	}

	#claim(record) {
		const key = keyOf(record);
		if (key && this.#keys.has(key)) return false;
		this.#keys.add(key);
		return true;
	}

	#release(records) {
		for (const record of records) this.#keys.delete(keyOf(record));
	}
}
