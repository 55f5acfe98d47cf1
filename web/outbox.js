// What this phone has said and done, and not yet seen come back from the log.
// Until then anything may lose it, so it is said again, with the same ref; one at
// a time, which keeps them in order whatever fails. Each is stored under a key of
// its own: two tabs do not lose each other's, both say it, it is shown once.
//
// Messages that did come back are kept for a while, for a power cut takes the last
// moments out of the log: what is missing then is offered again, before all that
// waits. Deeds, which are reactions, edits and deletions, are not: what they were
// about may stand elsewhere then. Nor do they outlive the log that they are about.

const KEY = 'say.';
const PATIENCE = 20e3; // after which a say is believed lost, though the line is up

// A log is on its disk two seconds after a tick, and half a minute where that is
// left to Linux: once a later message is ticked, what is a minute older is safe.
const SAFE = 60e3;
// A room that lost its power is back in a minute or so. After ten it may be
// another one, and has other things to talk about.
const KEEP = 600e3;
const MOST = 50; // ten seconds of as many as the server takes
const MOST_DEEDS = 50; // that wait: who does more than that offline is playing

const inOrder = (a, b) => a.at - b.at;

export class Outbox {
	// {type, what it needs, ref, at, epoch, state: 'pending' or 'failed', why}, where
	// type is say, react, edit or delete, and epoch that of the log it is about
	items = [];
	epoch = null;
	#kept = []; // the same, with state 'sent' and when: since
	#missing = new Set(); // refs of those that the log may have lost
	#open = false;
	#held = false;
	#flying = null; // the ref that is on its way
	#timer = 0;

	// send(message) puts a message on the line; changed() hears of every change;
	// undone(text) that a deed was refused, and why.
	constructor({ store, newRef, send, changed, undone }) {
		Object.assign(this, { store, newRef, send, changed, undone });
		const all = store.keys(KEY).map((key) => store.load(key));
		for (const item of all.filter((item) => item && item.ref).sort(inOrder)) {
			(item.state === 'sent' ? this.#kept : this.items).push({ type: 'say', ...item });
		}
	}

	// Says a text, with more: what it answers, a picture.
	add(text, more) {
		this.#add({ type: 'say', text, ...more });
	}

	// Does something to a message: {type: 'react', to, emoji, undo}, {type: 'edit',
	// to, text} or {type: 'delete', to}. It takes the place of what waits and has no
	// sense any more.
	do(deed) {
		const old = this.deeds.filter((item) => item.to === deed.to && item.ref !== this.#flying && replaces(deed, item));
		for (const { ref } of old) this.remove(ref);
		// A reaction and its taking back are nothing.
		if (deed.type === 'react' && old.length) return;
		if (this.deeds.length < MOST_DEEDS) this.#add(deed);
	}

	get deeds() {
		return this.items.filter((item) => item.type !== 'say');
	}

	// This is the log from now on. An erased one was made anew by the host: what
	// was in the one before is not to be offered again.
	follow(epoch, erased) {
		this.epoch = epoch;
		const old = (item) => item.epoch !== epoch;
		for (const { ref } of this.deeds.filter(old)) this.remove(ref);
		if (!erased) return;
		this.#forget(old);
		for (const { ref } of this.items.filter((item) => item.since && old(item))) this.remove(ref);
	}

	#add(what) {
		const at = [...this.#kept, ...this.items].reduce((after, item) => Math.max(after, item.at + 1), Date.now());
		const item = { ...what, ref: this.newRef(), at, epoch: this.epoch, state: 'pending' };
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
		if (item && item.type === 'say') this.#keep(item);
		this.#landed(ref);
	}

	// What was said under a ref is something else now, or (no text) was deleted.
	change(ref, text) {
		const item = this.#kept.find((each) => each.ref === ref);
		if (!item) return;
		if (!text) return this.#forget((each) => each === item);
		item.text = text;
		this.#save(item);
	}

	refuse({ ref, text, why, retry_ms: retry }) {
		const item = this.#find(ref);
		if (!item || this.#flying !== ref) return;
		if (retry) return this.#after(retry, () => this.#say(item)); // it was the moment, not the message
		if (item.type !== 'say') {
			this.remove(ref);
			this.undone(text);
			return this.#landed(ref);
		}
		item.state = 'failed';
		item.why = text;
		this.#save(item);
		this.changed();
		this.#landed(ref);
	}

	// Says a failed message anew, at the end.
	retry(ref) {
		const item = this.remove(ref);
		if (item) this.#add(item);
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

	#keep(item) {
		const since = Date.now();
		this.#kept.push({ ...item, epoch: this.epoch, state: 'sent', since });
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
		const { at, state, since, epoch, why, ...message } = item;
		// An answer to what stood in another log answers nothing here.
		if (epoch !== this.epoch) delete message.reply_to;
		this.send(message);
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

// Whether a deed makes another one to the same message pointless.
function replaces(deed, old) {
	if (deed.type !== old.type) return deed.type === 'delete';
	return deed.type !== 'react' || (deed.emoji === old.emoji && !deed.undo !== !old.undo);
}
