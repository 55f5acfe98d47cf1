// Wires the parts of the page to each other: what a message from the server
// means is here, how anything is done is in the part that does it.

import { Clock } from './clock.js';
import { Composer } from './composer.js';
import { Connection } from './connection.js';
import { Conversation } from './conversation.js';
import { $ } from './dom.js';
import { Identity } from './identity.js';
import { listen } from './keys.js';
import { Log } from './log.js';
import { Offers } from './mention.js';
import { menu } from './menu.js';
import { Outbox } from './outbox.js';
import { Names } from './people.js';
import { Presence, Typing } from './presence.js';
import { randomId } from './random.js';
import { Room } from './room.js';
import { Search } from './search.js';
import { statusLine } from './status.js';
import * as store from './store.js';
import { words } from './strings.js';
import { Upload } from './upload.js';
import { followViewport } from './viewport.js';
import { fillWords, reason } from './words.js';

const HISTORY = 200; // recent records to begin with
const OLDER = 100; // older ones at a time
const OLDER_TIMEOUT = 10e3;
const KICKED = 4201; // the close code of whom the host has sent out
const NOTICE = 6e3; // for which a word about something that went wrong is shown
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
let shut = false; // the host lets nobody write
let head = -1; // of the log at the last welcome
let began = -1; // the same; what is newer is news, and what is older if it continues what is here
let headTimer = 0;
let resuming = false; // hello asked to resume
let asked = 0; // when older messages were asked for
let noticed = 0;
let seenTimer = 0;

const conversation = new Conversation(log, names, me, {
	older: askOlder,
	restart: startOver,
	seen: () => (seenTimer = seenTimer || setTimeout(keepSeen, 1000)),
	retry: (ref) => outbox.retry(ref),
	edit(ref) {
		const { text, picture } = outbox.remove(ref);
		upload.again(picture);
		composer.edit(text);
	},
	ambiguous: showMe,
	react: ({ offset: to }, emoji, undo) => outbox.do({ type: 'react', to, emoji, undo }),
	reply: (message) => composer.answer(message),
	change: (message) => composer.change(message),
	remove: ({ offset: to }) => outbox.do({ type: 'delete', to }),
});

const outbox = new Outbox({
	store,
	newRef: randomId,
	newest: () => log.newest,
	send: (message) => connection.send(message),
	changed: showWaiting,
	undone: (text) => notice(text),
});

// Before the line itself: Enter chooses a name that is offered, and sends nothing.
new Offers($('text'), () => presence.people.filter(({ id }) => id !== me.id));

const composer = new Composer(store.load('draft', ''), {
	say(text, to) {
		// A picture may take its time: by then there may be another log.
		const more = { reply_to: to, epoch: log.epoch };
		if (!upload.take(text, more)) say(text, more);
	},
	change: ({ offset: to }, text) => outbox.do({ type: 'edit', to, text }),
	typing: () => connection.send({ type: 'typing' }),
	draft: (text) => (text ? store.save('draft', text) : store.drop('draft')),
});

const upload = new Upload({
	changed: (ready) => composer.attach(ready),
	say,
	back: (text) => composer.edit(text),
});

const identity = new Identity((name) => {
	me.name = name;
	store.save('name', name);
	connection.send({ type: 'name', name });
	showMe();
});

const room = new Room(store.load('folded', ''), {
	fold: (pin) => store.save('folded', pin),
	title(title) {
		$('title').textContent = conversation.reader.title = title;
		conversation.reader.show();
	},
	closed(closed, byHost) {
		conversation.actions.closed = closed;
		if (closed) composer.letGo();
		shut = byHost;
		hold();
	},
	again() {
		line = 'opening';
		connection.again();
	},
});

const search = new Search(conversation);
listen(conversation, composer, { search: () => search.open(), help: menu(() => search.open()) });
const address = `${location.protocol.replace('http', 'ws')}//${location.host}/websocket`;
const connection = new Connection(address, {
	hello() {
		resuming = log.newest >= 0;
		const hello = { type: 'hello', device, history: HISTORY, at: Date.now() };
		if (me.name) hello.name = me.name;
		return { ...hello, ...log.place };
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
		conversation.stay();
		if (line !== 'opening') line = 'offline';
		if (code >= 4100) line = code < 4200 ? 'crowded' : 'outdated';
		if (code === KICKED) line = '';
		room.kicked(code === KICKED);
		setStatus(line);
	},
});

const receive = {
	welcome(message) {
		clock.tell(message.now);
		const state = message.room || { title: message.title };
		outbox.follow(message.epoch, state.erased);
		if (!message.resumed) outbox.doubt();
		if (log.epoch && log.epoch !== message.epoch) {
			composer.letGo();
			conversation.clear();
			conversation.divideNext(state.erased ? words.erased : words.afresh);
		} else if (resuming && (message.gap || !message.resumed)) {
			conversation.divideNext(message.head < log.newest ? words.cut : words.gap);
			log.lose(message.head);
		}
		if (log.epoch !== message.epoch) log.reset(message.epoch);
		log.begin(message.head);
		Object.assign(composer.limits, message.limits);
		$('version').textContent = `Warren ${message.version.split(' ')[0]}`; // without that of Go
		room.host = Boolean(message.host);
		receive.room(state);
		receive.you(message);

		const seen = store.load('seen', {});
		conversation.catchUp(seen.epoch === message.epoch ? seen.offset : Infinity);
		head = message.head;
		began = message.resumed ? -1 : head;
		line = '';
		receive.broker({ state: message.broker });
		receive.box({ state: message.box });
		checkHead();
	},

	log({ records }) {
		const live = !conversation.catchingUp;
		const fresh = log.append(records);
		for (const record of fresh.filter(({ type }) => !type)) {
			dress(record, live);
			typing.spoke(record.from.id);
			if (live && record.own && room.slow) composer.cool(room.slow);
		}
		conversation.append(fresh);
		for (const { type, from, ref, to, text } of records) {
			if (!from || from.id !== me.id) continue;
			outbox.settle(ref);
			const changed = type && conversation.fold.get(to);
			if (changed && type !== 'reaction') outbox.change(changed.ref, text);
		}
		// History comes without what is cleared.
		const clear = fresh.filter(({ type, offset }) => type === 'clear' && offset > began).pop();
		if (clear && clear.undo) return startOver();
		if (clear) conversation.sweep(clear.offset);
		const about = composer.about;
		if (about !== null && ((conversation.fold.get(about) || {}).gone || (clear && about < clear.offset))) composer.letGo();
		if (!live) checkHead();
	},

	older({ before, records, more }) {
		asked = 0;
		conversation.flush(); // which may forget what was asked about
		if (before !== log.oldest) return conversation.stay();
		const fresh = log.prepend(records);
		for (const record of fresh) if (!record.type) dress(record, false);
		conversation.prepend(fresh, more);
	},

	known: ({ ref }) => outbox.settle(ref),

	refused(message) {
		message.text = reason(message, outbox.find(message.ref));
		if (message.ref) outbox.refuse(message);
		else if (message.why === 'away') {
			conversation.stay(); // older messages cannot be read now
			setTimeout(() => ((asked = 0), conversation.again()), message.retry_ms || 1000);
		}
		if (message.why === 'slow_down' && message.retry_ms && room.slow) composer.cool(message.retry_ms / 1000);
		if (message.why !== 'bad_name') return;
		identity.refused(store.load('name', ''), message.text);
		me.name = accepted;
		store.save('name', accepted);
		showMe();
	},

	room(state) {
		if (state.erased) outbox.follow(log.epoch, true);
		room.show(state, log.epoch);
		if (!room.slow) composer.cool(0); // slow mode is over
		upload.allow(!state.no_pictures);
		if (clock.learn(state.clocks)) conversation.retime((record) => clock.timeOf(record, false));
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
		hold();
		setStatus(line || exchange);
	},

	box({ state }) {
		const said = { trouble: words.box, unkept: words.unkept }[state];
		$('box').hidden = !said;
		$('box').textContent = said || '';
	},
};

// What is said waits while the exchange takes nothing, or the host lets nobody write.
function hold() {
	outbox.hold(exchange !== '' || shut);
}

function say(text, more) {
	outbox.add(text, more);
	conversation.latest();
	if (room.slow) composer.cool(room.slow);
}

function notice(text) {
	$('notice').textContent = text;
	clearTimeout(noticed);
	noticed = setTimeout(() => ($('notice').textContent = ''), NOTICE);
}

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

// True if older messages are on their way.
function askOlder(before) {
	const now = Date.now();
	if (now - asked < OLDER_TIMEOUT) return true;
	if (!connection.send({ type: 'older', before, count: OLDER })) return false;
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
