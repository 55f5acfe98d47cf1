// What this phone has said and not yet seen come back from the log. Until then
// anything may lose it, so it is said again, with the same ref; one at a time,
// which keeps them in order whatever fails. Each is stored under a key of its
// own: two tabs do not lose each other's, both say it, it is shown once.

const KEY = 'say.';
const PATIENCE = 20e3; // after which a say is believed lost, though the line is up

export class Outbox {
	items = []; // {ref, text, at, state: 'pending' or 'failed', why}
	held = false; // the exchange is away: what was said waits at the server
	#open = false;
	#flying = null; // the ref that is on its way
	#timer = 0;

	// send(message) puts a message on the line; changed() hears of every change.
	constructor({ store, newRef, send, changed }) {
		Object.assign(this, { store, newRef, send, changed });
		const kept = store.keys(KEY).map((key) => store.load(key));
		this.items = kept.filter((item) => item && item.text).sort((a, b) => a.at - b.at);
	}

	add(text) {
		const last = this.items[this.items.length - 1];
		const item = { ref: this.newRef(), text, at: Math.max(Date.now(), last ? last.at + 1 : 0), state: 'pending' };
		this.items.push(item);
		this.store.save(KEY + item.ref, item);
		this.changed();
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
		this.remove(ref);
		this.#landed(ref);
	}

	refuse({ ref, text, retry_ms: retry }) {
		const item = this.#find(ref);
		if (!item || this.#flying !== ref) return;
		if (retry) return this.#after(retry, () => this.#say(item)); // it was the moment, not the message
		item.state = 'failed';
		item.why = text;
		this.store.save(KEY + ref, item);
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

	#landed(ref) {
		if (this.#flying !== ref) return;
		this.#flying = null;
		clearTimeout(this.#timer);
		this.#next();
	}

	#next() {
		const item = this.items.find((each) => each.state === 'pending');
		if (item && this.#open && !this.#flying) this.#say(item);
	}

	#say(item) {
		this.#flying = item.ref;
		this.send({ type: 'say', ref: item.ref, text: item.text });
		this.#wait(item);
	}

	#wait(item) {
		this.#after(PATIENCE, () => (this.held ? this.#wait(item) : this.#say(item)));
	}

	#after(ms, what) {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(what, ms);
	}
}
