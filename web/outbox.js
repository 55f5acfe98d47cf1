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

// What the log refuses it refuses again under the same ref. These are about the
// moment, not about the message. So it waits, under another ref, and goes out as
// what was written a second later does: people expect no less of what they said
// while the host was locking the room, and no order but their own.
const OF_THE_MOMENT = ['locked', 'off', 'slow_down'];
const MOMENT = 2e3; // the word that the room is closed is on its way

// What was ticked is in the log, or went with it: that it cannot be offered again
// is no news for people.
const PAST = ['erased', 'too_late'];

const inOrder = (a, b) => a.at - b.at;

export class Outbox {
	// {type, what it needs, ref, at, epoch, state: 'pending' or 'failed', why}, where
	// type is say, react, edit or delete, and epoch that of the log it is about. Once
	// it has left this phone: first: {since, epoch}, the newest offset that was known,
	// and of which log; was: refs that it had before
	items = [];
	epoch = null;
	#kept = []; // the same, with state 'sent' and when: ticked
	#missing = new Set(); // refs of those that the log may have lost
	#open = false;
	#held = false;
	#flying = null; // the ref that is on its way
	#timer = 0;

	// send(message) puts a message on the line; newest() is the largest offset that
	// this phone has seen; changed() hears of every change; undone(text) that a deed
	// was refused, and why.
	constructor({ store, newRef, newest, send, changed, undone }) {
		Object.assign(this, { store, newRef, newest, send, changed, undone });
		const all = store.keys(KEY).map((key) => store.load(key));
		// since: so ticked was called by older pages.
		for (const { since: ticked, ...item } of all.filter((item) => item && item.ref).sort(inOrder)) {
			(item.state === 'sent' ? this.#kept : this.items).push({ type: 'say', ticked, ...item });
		}
	}

	// Says a text, with more: what it answers, and in which epoch; a picture.
	add(text, more) {
		this.#add({ type: 'say', text, ...more });
	}

	// Does something to a message: {type: 'react', to, emoji, undo}, {type: 'edit',
	// to, text} or {type: 'delete', to}. It takes the place of what waits and has no
	// sense any more.
	do(deed) {
		const old = this.deeds.filter((item) => item.to === deed.to && !item.first && replaces(deed, item));
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
		if (erased) {
			this.#forget(old);
			for (const { ref } of this.items.filter((item) => item.ticked && old(item))) this.remove(ref);
		}
		for (const item of [...this.#kept, ...this.items]) this.#detach(item);
		this.changed();
	}

	// An answer to what stood in another log answers nothing here.
	#detach(item) {
		if (this.epoch === null || item.epoch === this.epoch || item.reply_to === undefined) return;
		delete item.reply_to;
		this.#save(item);
	}

	#add(what) {
		const at = [...this.#kept, ...this.items].reduce((after, item) => Math.max(after, item.at + 1), Date.now());
		const item = { epoch: this.epoch, ...what, ref: this.newRef(), at, state: 'pending' };
		this.items.push(item);
		this.#save(item);
		this.#detach(item);
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
		if (!item) return;
		if (item.type === 'say') this.#keep({ ...item, ref });
		this.#landed(item.ref);
	}

	// What was said under a ref is something else now, or (no text) was deleted.
	change(ref, text) {
		const item = this.#kept.find((each) => each.ref === ref);
		if (!item) return;
		if (!text) return this.#forget((each) => each === item);
		item.text = text;
		this.#save(item);
	}

	// A message, or a deed, is not taken: at once, or when it was read from the log,
	// and then it may have been on its way long ago. What was ticked stays so.
	refuse({ ref, text, why, retry_ms: retry }) {
		const item = this.find(ref);
		if (!item || item.ref !== ref || item.state !== 'pending') return;
		const flying = this.#flying === ref;
		if (retry) return flying && this.#again(retry);
		if (OF_THE_MOMENT.includes(why)) {
			this.#rename(item);
			return flying && this.#again(MOMENT);
		}
		if (item.type !== 'say' || (item.ticked && PAST.includes(why))) {
			this.remove(ref);
			if (item.type !== 'say') this.undone(text);
		} else {
			Object.assign(item, { state: 'failed', why: text });
			this.#save(item);
			this.changed();
		}
		this.#landed(ref);
	}

	// Gives it another ref, the same in every tab. It may be in the log under the old
	// one, all the same.
	#rename(item) {
		const { ref, was = [] } = item;
		const [, base, turn = 1] = ref.match(/^(.+?)(?:--(\d+))?$/);
		this.store.drop(KEY + ref);
		Object.assign(item, { ref: `${base}--${Number(turn) + 1}`, was: [...was, ref].slice(-9), first: undefined });
		if (this.#flying === ref) this.#flying = item.ref;
		this.#save(item);
		this.changed();
	}

	// Says a failed message anew, at the end.
	retry(ref) {
		const item = this.remove(ref);
		if (item) this.#add({ ...item, why: undefined, ticked: undefined, first: undefined, was: undefined });
	}

	// Takes a message out and returns it.
	remove(ref) {
		const item = this.find(ref);
		if (!item) return null;
		this.items = this.items.filter((each) => each !== item);
		this.store.drop(KEY + item.ref);
		this.changed();
		return item;
	}

	// What has, or had, a ref, and is not in the log yet.
	find(ref) {
		return this.items.find((item) => item.ref === ref || (item.was && item.was.includes(ref)));
	}

	#save(item) {
		this.store.save(KEY + item.ref, item);
	}

	#keep(item) {
		const ticked = Date.now();
		this.#kept.push({ ...item, epoch: this.epoch, state: 'sent', ticked, was: undefined });
		this.#save(this.#kept[this.#kept.length - 1]);
		this.#forget((item, i) => i < this.#kept.length - MOST || Math.abs(ticked - item.ticked) > SAFE);
	}

	#forget(which) {
		const gone = this.#kept.filter(which);
		this.#kept = this.#kept.filter((item) => !gone.includes(item));
		for (const { ref } of gone) this.store.drop(KEY + ref);
	}

	// What the log has lost waits again.
	#offer() {
		const now = Date.now();
		this.#forget((item) => Math.abs(now - item.ticked) > KEEP);
		const lost = this.#kept.filter((item) => this.#missing.has(item.ref));
		this.#missing.clear();
		this.#kept = this.#kept.filter((item) => !lost.includes(item));
		this.items = [...this.items, ...lost].sort(inOrder);
		for (const item of lost) this.#save(Object.assign(item, { state: 'pending' }));
		this.changed();
	}

	#landed(ref) {
		if (this.#flying !== ref) return;
		clearTimeout(this.#timer);
		this.#flying = null;
		this.#next();
	}

	// After a while what is on its way is so no more: the first that waits is said,
	// which is the same one, if anything may be said then.
	#again(ms) {
		const ref = this.#flying;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#landed(ref), ms);
	}

	// The one way onto the line.
	#next() {
		if (!this.#open || this.#held || this.#flying) return;
		if (this.#missing.size) this.#offer();
		const item = this.items.find((each) => each.state === 'pending');
		if (item) this.#say(item);
	}

	#say(item) {
		this.#flying = item.ref;
		this.#stamp(item);
		const { at, state, ticked, epoch, why, was, first, ...message } = item;
		this.send(item.type === 'say' ? { ...message, ...first } : message);
		this.#again(PATIENCE);
	}

	// Notes where the log ended when a ref left this phone for the first time: it is
	// nowhere before that. Another tab may have been the first. A log that has lost
	// its end since may have it further down.
	#stamp(item) {
		const newest = this.newest();
		const { first } = item.first ? item : this.store.load(KEY + item.ref) || {};
		item.first = first || { since: newest, epoch: this.epoch };
		if (item.first.epoch === this.epoch) item.first.since = Math.min(item.first.since, newest);
		this.#save(item);
	}
}

// Whether a deed makes another one to the same message pointless.
function replaces(deed, old) {
	if (deed.type !== old.type) return deed.type === 'delete';
	return deed.type !== 'react' || (deed.emoji === old.emoji && !deed.undo !== !old.undo);
}
