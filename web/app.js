// Wires the parts of the page to each other: what a message from the server
// means is here, how anything is done is in the part that does it.

import { Clock } from './clock.js';
import { Composer } from './composer.js';
import { Connection } from './connection.js';
import { Conversation } from './conversation.js';
import { $ } from './dom.js';
import { Identity } from './identity.js';
import { Log } from './log.js';
import { Outbox } from './outbox.js';
import { Names } from './people.js';
import { Presence, Typing } from './presence.js';
import { randomId } from './random.js';
import { statusLine } from './status.js';
import * as store from './store.js';
import { fillWords, words } from './strings.js';
import { followViewport } from './viewport.js';

const HISTORY = 200; // recent records to begin with
const OLDER = 100; // older ones at a time
const OLDER_TIMEOUT = 10e3;
const HEAD_PATIENCE = 3e3; // silence after which the log counts as read to its head

fillWords();
followViewport(document.body);

const device = store.load('device') || randomId();
store.save('device', device);

const me = { id: '', name: store.load('name', '') };
const clock = new Clock();
const log = new Log();
const names = new Names();
const typing = new Typing();
const presence = new Presence(names, me);
const setStatus = statusLine($('status'));

let accepted = ''; // the name that the others see
let line = 'opening'; // what is the matter with the line: a key of words, or ''
let exchange = 'warming'; // and with the exchange
let head = -1; // of the log at the last welcome
let headTimer = 0;
let resuming = false; // hello asked to resume
let asked = 0; // when older messages were asked for
let seenTimer = 0;

const conversation = new Conversation(log, names, {
	older: askOlder,
	restart: startOver,
	seen: () => (seenTimer = seenTimer || setTimeout(keepSeen, 1000)),
	retry: (ref) => outbox.retry(ref),
	edit: (ref) => composer.edit(outbox.remove(ref).text),
	ambiguous: showMe,
});

const outbox = new Outbox({
	store,
	newRef: randomId,
	send: (message) => connection.send(message),
	changed: showWaiting,
});

const composer = new Composer(store.load('draft', ''), {
	say(text) {
		outbox.add(text);
		conversation.latest();
	},
	typing: () => connection.send({ type: 'typing' }),
	draft: (text) => (text ? store.save('draft', text) : store.drop('draft')),
});

const identity = new Identity((name) => {
	me.name = name;
	store.save('name', name);
	connection.send({ type: 'name', name });
	showMe();
});

const address = `${location.protocol.replace('http', 'ws')}//${location.host}/websocket`;
const connection = new Connection(address, {
	hello() {
		resuming = log.newest >= 0;
		const hello = { type: 'hello', device, history: HISTORY };
		if (me.name) hello.name = me.name;
		return resuming ? { ...hello, since: log.newest, since_ref: log.newestRef, epoch: log.epoch } : hello;
	},
	receive(message) {
		const handler = receive[message.type];
		if (handler) handler(message);
	},
	down(code) {
		outbox.pause();
		typing.clear();
		clearTimeout(headTimer);
		asked = 0;
		if (line !== 'opening') line = 'offline';
		if (code >= 4100) line = code < 4200 ? 'crowded' : 'outdated';
		setStatus(line);
	},
});

const receive = {
	welcome(message) {
		clock.tell(message.now);
		if (!message.resumed) outbox.doubt();
		if (log.epoch && log.epoch !== message.epoch) {
			conversation.clear();
			conversation.divideNext(words.afresh);
		} else if (resuming && (message.gap || !message.resumed)) {
			conversation.divideNext(message.head < log.newest ? words.cut : words.gap);
			log.lose();
		}
		if (log.epoch !== message.epoch) log.reset(message.epoch);
		Object.assign(composer.limits, message.limits);
		$('title').textContent = conversation.reader.title = message.title || words.room;
		conversation.reader.show();
		receive.you(message);

		const seen = store.load('seen', {});
		conversation.catchUp(seen.epoch === message.epoch ? seen.offset : Infinity);
		head = message.head;
		line = '';
		receive.broker({ state: message.broker });
		receive.box({ state: message.box });
		checkHead();
	},

	log({ records }) {
		const live = !conversation.catchingUp;
		const fresh = log.append(records);
		for (const record of fresh) {
			dress(record, live);
			typing.spoke(record.from.id);
		}
		conversation.append(fresh);
		for (const { from, ref } of records) if (from.id === me.id) outbox.settle(ref);
		if (!live) checkHead();
	},

	older({ before, records, more }) {
		asked = 0;
		if (before !== log.oldest) return;
		const fresh = log.prepend(records);
		for (const record of fresh) dress(record, false);
		conversation.prepend(fresh, more);
	},

	known: ({ ref }) => outbox.settle(ref),

	refused(message) {
		if (message.ref) outbox.refuse(message);
		if (message.why === 'away') setTimeout(() => (asked = 0), message.retry_ms || 1000);
		if (message.why !== 'bad_name') return;
		identity.refused(store.load('name', ''), message.text);
		me.name = accepted;
		store.save('name', accepted);
		showMe();
	},

	you({ you }) {
		Object.assign(me, you);
		accepted = me.name;
		showMe();
		presence.show();
	},

	presence(message) {
		for (const person of message.people) conversation.note(person);
		presence.update(message);
	},

	typing({ from }) {
		if (from.id !== me.id) typing.saw(from);
	},

	broker({ state }) {
		if (state === 'up') exchange = '';
		else if (state === 'full') exchange = 'full';
		else if (!exchange || log.newest >= 0 || head >= 0) exchange = 'resting';
		outbox.hold(exchange !== '');
		setStatus(line || exchange);
	},

	box: ({ state }) => ($('box').hidden = state !== 'trouble'),
};

// Adds to a record what only this phone knows.
function dress(record, live) {
	record.at = clock.timeOf(record, live);
	record.own = record.from.id !== '' && record.from.id === me.id;
	record.state = 'sent';
}

// Once the log is here up to the head of the welcome, what follows is live, and
// what was not found in it can be said again.
function checkHead() {
	clearTimeout(headTimer);
	if (log.newest < head) {
		headTimer = setTimeout(() => ((head = -1), checkHead()), HEAD_PATIENCE);
		return;
	}
	conversation.caughtUp();
	outbox.resume();
}

function askOlder(before) {
	const now = Date.now();
	if (now - asked < OLDER_TIMEOUT || !connection.send({ type: 'older', before, count: OLDER })) return false;
	asked = now;
	return true;
}

// The end of a long log is fetched anew, not everything in between.
function startOver() {
	conversation.clear();
	log.reset(log.epoch);
	connection.restart();
}

function showWaiting() {
	conversation.wait(outbox.items.map((item) => ({ ...item, own: true, from: { ...me } })));
}

function showMe() {
	if (me.name) identity.show(me.name, names.print(me));
}

function keepSeen() {
	clearTimeout(seenTimer);
	seenTimer = 0;
	if (log.epoch && conversation.reader.watching) store.save('seen', { epoch: log.epoch, offset: log.newest });
}

addEventListener('pagehide', keepSeen);
showMe();
showWaiting();
setStatus(line);
connection.start();
