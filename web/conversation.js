// The conversation on the screen: the log, and below it what waits to be sent.
// What arrives is put in once per frame, in one piece. What is shown is bounded:
// at its beginning while the reader follows, else at its end.

import { $, make } from './dom.js';
import { build, divide, place, restate, toggleTime } from './message.js';
import { Reader } from './reader.js';
import { words } from './strings.js';

const KEEP = 1000; // messages that stay while the reader follows
const MOST = 2500; // messages at most, while the reader reads further up
const QUIET_ABOVE = 10; // more than this at once is not read aloud

export class Conversation {
	catchingUp = true; // what arrives is history
	#readUpTo = Infinity; // offset of the last message that was seen before that
	#more = true; // there may be older messages than those shown
	#detached = false; // the end of the log is not on the screen
	#queue = [];
	#waiting = []; // own messages that are not in the log yet
	#again = new Set(); // refs of those that have been in it: they wait where they stand
	#divider = ''; // a line above whatever comes next
	#scheduled = false;
	#arrived = false; // all that was asked for is in the queue
	#loud = 0; // the timer that switches reading aloud on again

	// on: older(offset) and restart() want another part of the log, seen() all was
	// read, ambiguous() a name is not clear any more, retry(ref), edit(ref)
	constructor(log, names, on) {
		Object.assign(this, { log, names, on, list: $('log'), pending: $('pending') });
		this.reader = new Reader($('conversation'), $('jump'), {
			top: () => this.#older(),
			seen: () => this.#detached || on.seen(),
			latest: () => this.latest(),
		});
		document.addEventListener('visibilitychange', () => this.#scheduled && this.#flush());
		this.list.onclick = (event) => this.#tapped(event.target);
		this.pending.onclick = ({ target }) => {
			const { act } = target.dataset;
			if (act) on[act](target.closest('.message').dataset.ref);
		};
	}

	// New records at the end of the log.
	append(records) {
		for (const record of records) this.note(record.from);
		this.#queue.push(...records);
		this.#schedule();
	}

	// Older records before the first, and whether there are still older ones.
	prepend(records, more) {
		this.#flush();
		this.#more = more;
		for (const record of records) this.note(record.from);
		this.#hush();
		const { list, log, reader } = this;
		const first = list.firstChild;
		reader.holding(() => {
			list.prepend(this.#nodes(records, null));
			if (first) place(first, first.previousSibling);
			this.#edge(more ? '' : words.beginning);
		});
		const excess = list.childElementCount - MOST;
		if (excess > 0) {
			remove([...list.children].slice(-excess));
			log.dropNewest(excess);
			this.#detached = true;
		}
		if (records.length && reader.nearTop) this.#older();
	}

	wait(items) {
		const again = items.filter((item) => item.state === 'pending' && this.log.has(item));
		this.#waiting = items.filter((item) => !again.includes(item));
		this.#again = new Set(again.map((item) => item.ref));
		this.#schedule();
	}

	divideNext(text) {
		this.#divider = text;
	}

	clear() {
		this.list.replaceChildren();
		this.#queue = [];
		this.#detached = false;
		this.#more = this.reader.following = true;
		this.reader.unread = 0;
		this.#edge('');
	}

	// What comes now is history, read up to an offset.
	catchUp(readUpTo) {
		this.#readUpTo = readUpTo;
		this.catchingUp = true;
		this.#arrived = false;
	}

	// All up to the head of the log is here.
	caughtUp() {
		this.#arrived = true;
		this.#schedule();
	}

	latest() {
		if (this.#detached) this.on.restart();
		else this.reader.toEnd();
	}

	// Notes a person; a name that became ambiguous is marked wherever it stands.
	note(person) {
		if (!this.names.note(person)) return;
		for (const node of this.list.children) {
			const print = node.querySelector('.print');
			if (print) print.textContent = this.names.print(node.record.from);
		}
		this.on.ambiguous();
	}

	#schedule() {
		if (this.#scheduled) return;
		this.#scheduled = true;
		// A hidden page gets no frames, but goes on counting what it missed.
		if (document.hidden) setTimeout(() => this.#flush(), 200);
		else requestAnimationFrame(() => this.#flush());
	}

	#flush() {
		this.#scheduled = false;
		const batch = this.#queue.splice(0);
		if (batch.length) this.#take(batch);
		this.#showWaiting();
		this.reader.settle();
		if (this.#arrived && this.catchingUp) {
			this.catchingUp = false;
			this.#hush();
			if (this.reader.nearTop) this.#older();
		}
		this.#arrived = false;
		this.#showEmpty();
	}

	#take(batch) {
		const { list, log, reader } = this;
		const unread = batch.filter((record) => this.#isUnread(record));
		if (!reader.following && (this.#detached || list.childElementCount + batch.length > MOST)) {
			this.#detached = true;
			log.dropNewest(batch.length);
			return reader.missed(unread.length);
		}
		if (reader.following) batch = this.#trim(batch);
		if (this.catchingUp || batch.length > QUIET_ABOVE) this.#hush();

		const nodes = this.#nodes(batch, list.lastChild);
		const start = [...nodes.children].find((node) => node.record === unread[0]);
		if (this.#divider) divide(nodes.firstChild, 'gap', this.#divider);
		this.#divider = '';
		list.append(nodes);
		if (unread.length) reader.missed(unread.length, start);
	}

	#isUnread(record) {
		if (record.own) return false;
		return this.catchingUp ? record.offset > this.#readUpTo : !this.reader.watching;
	}

	// Drops the oldest, on the screen first, then of the batch; returns the rest.
	#trim(batch) {
		const { list, log } = this;
		const excess = list.childElementCount + batch.length - KEEP;
		if (excess <= 0) return batch;
		const shown = Math.min(excess, list.childElementCount);
		remove([...list.children].slice(0, shown));
		log.dropOldest(excess);
		if (list.firstChild) place(list.firstChild, null);
		this.#more = true;
		this.#edge('');
		return batch.slice(excess - shown);
	}

	#nodes(records, previous) {
		const nodes = document.createDocumentFragment();
		for (const record of records) {
			const node = build(record, this.names.print(record.from));
			place(node, previous);
			nodes.append(node);
			previous = node;
		}
		return nodes;
	}

	#showWaiting() {
		for (const node of this.list.querySelectorAll('.own')) {
			const state = this.#again.has(node.dataset.ref) ? 'pending' : 'sent';
			if (node.dataset.state !== state) restate(node, state);
		}
		const { children } = this.pending;
		const known = new Map([...children].map((node) => [node.dataset.ref + node.dataset.state, node]));
		const nodes = this.#waiting.map((record) => known.get(record.ref + record.state) || waiting(record));
		nodes.forEach((node, i) => place(node, i ? nodes[i - 1] : this.list.lastChild));
		const same = nodes.length === children.length && nodes.every((node, i) => node === children[i]);
		if (!same) this.pending.replaceChildren(...nodes);
	}

	#showEmpty() {
		const empty = $('empty');
		empty.hidden = this.catchingUp || this.list.firstChild || this.pending.firstChild;
		empty.lastChild.textContent = this.#divider || words.empty;
	}

	#older() {
		const { oldest } = this.log;
		if (this.catchingUp || !this.#more || oldest === null) return;
		if (this.on.older(oldest)) this.#edge(words.looking);
	}

	#edge(text) {
		$('edge').textContent = text;
	}

	// Keeps the live region still while history is put in.
	#hush() {
		clearTimeout(this.#loud);
		this.list.setAttribute('aria-live', 'off');
		if (!this.catchingUp) this.#loud = setTimeout(() => this.list.setAttribute('aria-live', 'polite'), 500);
	}

	#tapped(target) {
		const bubble = target.closest('.bubble');
		if (!bubble || target.closest('a, button') || !getSelection().isCollapsed) return;
		toggleTime(bubble.parentNode);
		this.reader.settle();
	}
}

const remove = (nodes) => nodes.forEach((node) => node.remove());

// A message that waits, or was refused: then with what can be done about it.
function waiting(record) {
	const node = build(record, '');
	if (record.state !== 'failed') return node;
	const line = make('p', 'trouble');
	line.append(make('span', 'wrong', record.why || words.refused));
	for (const act of ['retry', 'edit']) {
		const button = make('button', '', words[act]);
		button.dataset.act = act;
		line.append(button);
	}
	node.append(line);
	return node;
}
