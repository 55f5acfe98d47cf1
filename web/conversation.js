// The conversation on the screen: the log, and below it what waits to be sent.
// What arrives is put in once per frame, in one piece. What is shown is bounded:
// at its beginning while the reader follows, else at its end.

import { Actions, focusOn } from './actions.js';
import { $, make } from './dom.js';
import { Fold } from './fold.js';
import { build, divide, draw, place, requote, restate, retime } from './message.js';
import { Reader } from './reader.js';
import { words } from './strings.js';

const KEEP = 1000; // messages that stay while the reader follows
const MOST = 2500; // messages at most, while the reader reads further up
const QUIET_ABOVE = 10; // more than this at once is not read aloud
const SEEK = 20; // times that older messages are fetched to find the one answered
const LIT = 2500; // ms for which a message that was looked for stands out

export class Conversation {
	catchingUp = true; // what arrives is history
	#readUpTo = Infinity; // offset of the last message that was seen before that
	#more = true; // there may be older messages than those shown
	#detached = false; // the end of the log is not on the screen
	#queue = [];
	#waiting = []; // own messages that are not in the log yet
	#again = new Set(); // refs of those that have been in it: they wait where they stand
	#deeds = new Map(); // offset → own deeds to the message there that wait
	#changed = new Set(); // messages to be drawn again
	#divider = ''; // a line above whatever comes next
	#sought = { offset: -1, times: 0 };
	#scheduled = false;
	#arrived = false; // all that was asked for is in the queue
	#loud = 0; // the timer that switches reading aloud on again

	// on: older(offset) and restart() want another part of the log, seen() all was
	// read, ambiguous() a name is not clear any more, retry(ref), edit(ref) of what
	// was refused, and what Actions has
	constructor(log, names, me, on) {
		Object.assign(this, { log, names, on, list: $('log'), pending: $('pending'), fold: new Fold() });
		this.room = { me, knows: (name) => names.knows(name), find: (offset) => this.fold.get(offset) };
		this.reader = new Reader($('conversation'), $('jump'), {
			top: () => this.#older(),
			seen: () => this.#detached || on.seen(),
			latest: () => this.latest(),
		});
		document.addEventListener('visibilitychange', () => this.#scheduled && this.flush());
		this.actions = new Actions(this.list, { ...on, moved: () => this.reader.settle() });
		this.list.addEventListener('click', ({ target }) => {
			const quote = target.closest('.quote');
			if (quote) this.go(Number(quote.dataset.to));
		});
		this.pending.onclick = ({ target }) => {
			const { act } = target.dataset;
			if (act) on[act](target.closest('.message').dataset.ref);
		};
	}

	// New records at the end of the log.
	append(records) {
		this.#queue.push(...this.#fold(records));
		this.#schedule();
	}

	// Older records before the first, after a flush, and whether there are still
	// older ones.
	prepend(records, more) {
		this.#more = more;
		const messages = this.#fold(records);
		this.#hush();
		const { list, log, reader } = this;
		const first = list.firstChild;
		reader.holding(() => {
			list.prepend(this.#nodes(messages, null));
			for (const quote of list.querySelectorAll('.unknown')) requote(quote, this.room);
			if (first) place(first, first.previousSibling);
			this.#edge(more || !list.firstChild ? '' : words.beginning);
		});
		const excess = list.childElementCount - MOST;
		if (excess > 0) {
			remove([...list.children].slice(-excess));
			this.fold.forget(log.dropNewest(excess));
			this.#detached = true;
		}
		this.#showChanged();
		this.#showEmpty();
		if (this.#sought.times) this.go(this.#sought.offset, this.#sought.times);
		else if (records.length && reader.nearTop) this.#older();
	}

	// Drops what the host has cleared: all before an offset.
	sweep(before) {
		this.flush();
		const { list, log, fold } = this;
		const gone = [...list.children].filter(({ record }) => record.offset < before);
		remove(gone);
		fold.forget(log.dropOldest(gone.length));
		if (list.firstChild) place(list.firstChild, null);
		this.divideNext(words.cleared);
		this.#edge('');
		this.#showWaiting();
		this.#showEmpty();
	}

	// Shows the times anew: more is known of when that was.
	retime(timeOf) {
		this.flush();
		this.reader.steady(() => {
			for (const node of this.list.children) {
				retime(node, timeOf(node.record));
				place(node, node.previousSibling);
			}
		});
	}

	// Goes to the message at an offset; if it is further up, by fetching older ones.
	go(offset, times = SEEK) {
		const message = this.fold.get(offset);
		const seek = !message && this.#more && offset < this.log.oldest;
		this.#sought = { offset, times: seek ? times - 1 : 0 };
		if (seek) this.#older() || this.stay();
		else if (message) this.light(message.node);
	}

	// What was asked of the log is not answered any more: nothing is looked for, and
	// the reader is left where he is.
	stay() {
		this.#sought.times = 0;
		if (this.#more) this.#edge('');
	}

	// Older messages can be read again: a page with none cannot be scrolled up to them.
	again() {
		if (this.reader.nearTop) this.#older();
	}

	// Brings a message into the middle, and lets it stand out for a while.
	light(node) {
		this.reader.go(node);
		node.classList.add('lit');
		setTimeout(() => node.classList.remove('lit'), LIT);
	}

	// Moves the cursor n messages on.
	step(n) {
		const { activeElement } = document;
		const here = activeElement && activeElement.closest('.message');
		const nodes = [...this.list.children];
		const at = nodes.indexOf(here);
		const node = at < 0 ? nodes[nodes.length - 1] : nodes[at + n];
		if (!node) return;
		focusOn(node);
		node.scrollIntoView({ block: 'nearest' });
	}

	wait(items) {
		const says = items.filter(({ type }) => type === 'say');
		const again = says.filter((item) => item.state === 'pending' && this.log.has(item));
		this.#waiting = says.filter((item) => !again.includes(item));
		this.#again = new Set(again.map((item) => item.ref));
		const old = this.#deeds;
		this.#deeds = new Map();
		for (const item of items) {
			if (item.type !== 'say') this.#deeds.set(item.to, [...(this.#deeds.get(item.to) || []), item]);
		}
		for (const offset of [...old.keys(), ...this.#deeds.keys()]) this.#changed.add(this.fold.get(offset));
		this.#schedule();
	}

	divideNext(text) {
		this.#divider = text;
	}

	clear() {
		this.actions.close();
		this.list.replaceChildren();
		this.fold.reset();
		this.#divider = '';
		this.#queue = [];
		this.#changed.clear();
		this.#detached = false;
		this.#more = this.reader.following = true;
		this.stay();
		this.reader.unread = 0;
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

	#fold(records) {
		const { messages, changed } = this.fold.take(records.filter(({ type }) => type !== 'clear'));
		for (const message of messages) this.note(message.from);
		for (const message of changed) this.#changed.add(message);
		return messages;
	}

	#schedule() {
		if (this.#scheduled) return;
		this.#scheduled = true;
		// A hidden page gets no frames, but goes on counting what it missed.
		if (document.hidden) setTimeout(() => this.flush(), 200);
		else requestAnimationFrame(() => this.flush());
	}

	// Shows now what waits for the next frame. What it forgets, the log forgets.
	flush() {
		this.#scheduled = false;
		const batch = this.#queue.splice(0);
		if (batch.length) this.#take(batch);
		this.#showChanged();
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
			this.fold.forget(log.dropNewest(batch.length));
			return reader.missed(unread, this.room);
		}
		if (reader.following) batch = this.#trim(batch);
		if (this.catchingUp || batch.length > QUIET_ABOVE) this.#hush();

		const nodes = this.#nodes(batch, list.lastChild);
		const start = [...nodes.children].find((node) => node.record === unread[0]);
		if (this.#divider) divide(nodes.firstChild, 'gap', this.#divider);
		this.#divider = '';
		list.append(nodes);
		if (unread.length) reader.missed(unread, this.room, start);
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
		this.fold.forget(log.dropOldest(excess));
		if (list.firstChild) place(list.firstChild, null);
		this.#more = true;
		this.#edge('');
		return batch.slice(excess - shown);
	}

	#nodes(records, previous) {
		const nodes = document.createDocumentFragment();
		for (const record of records) {
			const node = build(record, this.names.print(record.from), this.room, this.#deeds.get(record.offset));
			place(node, previous);
			nodes.append(node);
			previous = node;
		}
		return nodes;
	}

	#showChanged() {
		const changed = [...this.#changed].filter((message) => message && message.node);
		this.#changed.clear();
		if (!changed.length) return;
		this.reader.steady(() => {
			for (const { node, offset } of changed) {
				draw(node, this.names.print(node.record.from), this.room, this.#deeds.get(offset));
				place(node, node.previousSibling);
				if (node.nextSibling) place(node.nextSibling, node);
				for (const quote of this.list.querySelectorAll(`[data-to="${offset}"]`)) requote(quote, this.room);
			}
		});
	}

	#showWaiting() {
		for (const node of this.list.querySelectorAll('.own')) {
			const state = node.waits || this.#again.has(node.dataset.ref) ? 'pending' : 'sent';
			if (node.dataset.state !== state) restate(node, state);
		}
		const { children } = this.pending;
		const known = new Map([...children].map((node) => [node.dataset.ref + node.dataset.state, node]));
		const nodes = this.#waiting.map((record) => known.get(record.ref + record.state) || waiting(record, this.room));
		nodes.forEach((node, i) => place(node, i ? nodes[i - 1] : this.list.lastChild));
		const same = nodes.length === children.length && nodes.every((node, i) => node === children[i]);
		if (!same) this.pending.replaceChildren(...nodes);
	}

	#showEmpty() {
		const empty = $('empty');
		empty.hidden = this.catchingUp || this.list.firstChild || this.pending.firstChild;
		empty.lastChild.textContent = this.#divider || words.empty;
	}

	// Asks for older messages, also if there are none here: the newest records may
	// have been for others. False if that cannot be asked now.
	#older() {
		const { oldest } = this.log;
		if (this.catchingUp || !this.#more || oldest === null || !this.on.older(oldest)) return false;
		this.#edge(words.looking);
		return true;
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
}

const remove = (nodes) => nodes.forEach((node) => node.remove());

// A message that waits, or was refused: then with what can be done about it.
function waiting(record, room) {
	const node = build(record, '', room);
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
