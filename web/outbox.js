// What this phone has said and not yet seen come back from the log. Until then
// anything may lose it, so it is said again, with the same ref; one at a time,
// which keeps them in order whatever fails. Each is stored under a key of its
// own: two tabs do not lose each other's, both say it, it is shown once.
//
// What did come back is kept for a while, for a power cut takes the last moments
// out of the log: what is missing then is offered again, before all that waits.

const KEY = 'say.';
const PATIENCE = 20e3; // after which a say is believed lost, though the line is up

// A log is on its disk two seconds after a tick, and half a minute where that is
// left to Linux: once a later message is ticked, what is a minute older is safe.
const SAFE = 60e3;
// A room that lost its power is back in a minute or so. After ten it may be
// another one, and has other things to talk about.
const KEEP = 600e3;
const MOST = 50; // ten seconds of as many as the server takes

const inOrder = (a, b) => a.at - b.at;

export class Outbox {
	items = []; // {ref, text, at, state: 'pending' or 'failed', why}
	#kept = []; // the same, with state 'sent' and when: since
	#missing = new Set(); // refs of those that the log may have lost
	#open = false;
	#held = false;
	#flying = null; // the ref that is on its way
	#timer = 0;

	// send(message) puts a message on the line; changed() hears of every change.
	constructor({ store, newRef, send, changed }) {
		Object.assign(this, { store, newRef, send, changed });
		const all = store.keys(KEY).map((key) => store.load(key));
		for (const item of all.filter((item) => item && item.text).sort(inOrder)) {
			(item.state === 'sent' ? this.#kept : this.items).push(item);
		}
	}

	add(text) {
		const at = [...this.#kept, ...this.items].reduce((after, item) => Math.max(after, item.at + 1), Date.now());
		const item = { ref: this.newRef(), text, at, state: 'pending' };
		this.items.push(item);
		this.#save(item);
		this.changed();
		this.#next();
	}

	// What comes from the log now may not continue what came before: until it has
	// been read to its head, it is not known what it lost.
	doubt() {
		this.#missing = new Set(this.#kept.map((item) => item.ref));
	}

	// The exchange is away or full, or well again. What is said while it is away
	// would overtake what is offered again; what is said while it is full would
	// fill the server's own outbox.
	hold(held) {
		this.#held = held;
		this.#next();
	}

	// The line is up and the log has been read to its head.
	resume() {
		this.#open = true;
		this.#flying = null;
		this.#next();
	}

	pause() {
		this.#open = false;
		clearTimeout(this.#timer);
	}

	// A message is in the log.
	settle(ref) {
		this.#missing.delete(ref);
		const item = this.remove(ref);
		if (item) this.#keep(item);
		this.#landed(ref);
	}

	refuse({ ref, text, retry_ms: retry }) {
		const item = this.#find(ref);
		if (!item || this.#flying !== ref) return;
		if (retry) return this.#after(retry, () => this.#say(item)); // it was the moment, not the message
		item.state = 'failed';
		item.why = text;
		this.#save(item);
		this.changed();
		this.#landed(ref);
	}

	// Says a failed message anew, at the end.
	retry(ref) {
		const item = this.remove(ref);
		if (item) this.add(item.text);
	}

	// Takes a message out and returns it.
	remove(ref) {
		const item = this.#find(ref);
		if (!item) return null;
		this.items = this.items.filter((each) => each !== item);
		this.store.drop(KEY + ref);
		this.changed();
		return item;
	}

	#find(ref) {
		return this.items.find((item) => item.ref === ref);
	}

	#save(item) {
		this.store.save(KEY + item.ref, item);
	}

	#keep({ ref, text, at }) {
		const since = Date.now();
		this.#kept.push({ ref, text, at, state: 'sent', since });
		this.#save(this.#kept[this.#kept.length - 1]);
		this.#forget((item, i) => i < this.#kept.length - MOST || Math.abs(since - item.since) > SAFE);
	}

	#forget(which) {
		const gone = this.#kept.filter(which);
		this.#kept = this.#kept.filter((item) => !gone.includes(item));
		for (const { ref } of gone) this.store.drop(KEY + ref);
	}

	// What the log has lost waits again.
	#offer() {
		const now = Date.now();
		this.#forget((item) => Math.abs(now - item.since) > KEEP);
		const lost = this.#kept.filter((item) => this.#missing.has(item.ref));
		this.#missing.clear();
		this.#kept = this.#kept.filter((item) => !lost.includes(item));
		this.items = [...this.items, ...lost].sort(inOrder);
		for (const item of lost) this.#save(Object.assign(item, { state: 'pending' }));
		this.changed();
	}

	#landed(ref) {
		if (this.#flying !== ref) return;
		this.#flying = null;
		clearTimeout(this.#timer);
		this.#next();
	}

	#next() {
		if (!this.#open || this.#held || this.#flying) return;
		if (this.#missing.size) this.#offer();
		const item = this.items.find((each) => each.state === 'pending');
		if (item) this.#say(item);
	}

	#say(item) {
		this.#flying = item.ref;
		this.send({ type: 'say', ref: item.ref, text: item.text });
		this.#wait(item);
	}

	#wait(item) {
		this.#after(PATIENCE, () => (this.#held ? this.#wait(item) : this.#say(item)));
	}

	#after(ms, what) {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(what, ms);
	}
}
