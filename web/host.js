// The host's page: what a message from the server means is here, how anything is
// done is in the part that does it.

import { Clock, shortTime } from './clock.js';
import { Connection } from './connection.js';
import { $ } from './dom.js';
import { Deeds } from './hostdeeds.js';
import { prepareInvite } from './hostinvite.js';
import { Acts, People } from './hostpeople.js';
import { Room } from './hostroom.js';
import { complain, openSheet, prepareSheets, topSheet } from './hostsheet.js';
import { Talk } from './hosttalk.js';
import { Unknown } from './hostunknown.js';
import { Verbs } from './hostverbs.js';
import { Log } from './log.js';
import { Names } from './people.js';
import { randomId } from './random.js';
import { statusLine } from './status.js';
import * as store from './store.js';
import { words } from './strings.js';
import { followViewport } from './viewport.js';
import { fillWords, reason } from './words.js';

const HISTORY = 200; // recent records to begin with
const OLDER = 100; // older ones at a time
const KICKED = 4201; // by another host
const PROBLEM_FOR = 8e3; // long enough to read two sentences

fillWords();
followViewport(document.body);
prepareSheets();
prepareInvite();

const device = store.load('device') || randomId();
store.save('device', device);

const me = { id: '', name: store.load('name', '') };
const clock = new Clock();
const log = new Log();
const names = new Names();
const setStatus = statusLine($('line'));

let resuming = false; // hello asked to resume
let head = -1; // of the log at the welcome: what follows is live
let began = -1; // and at the first of this log: history is without what is cleared
let line = 'opening'; // what is the matter with the line: a key of words, or ''
let exchange = ''; // and with the exchange
let problemTimer = 0;

const talk = new Talk(log, names, {
	tap: (message) => acts.open(talk.authorOf(message.offset), message),
	older: (before) => connection.send({ type: 'older', before, count: OLDER }),
});

const verbs = new Verbs(
	(message) => !line && !exchange && connection.send(message),
	randomId,
	() => document.body.classList.toggle('busy', verbs.busy),
);
const verb = (name, fields) => verbs.do(name, fields);

const room = new Room(verb, say);
const acts = new Acts(talk, me, verb);
const people = new People(names, me, (person) => acts.open(person));
const unknown = new Unknown(store);
const deeds = new Deeds({
	authorOf: (offset) => talk.authorOf(offset),
	timeOf: (deed) => timeText(clock.timeOf(deed, false)),
	room: () => room.state,
	async undo(name, fields) {
		say(await verb(name, fields));
	},
});
$('open-lately').onclick = () => openSheet('lately');

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
		verbs.down();
		if (line !== 'opening') line = 'hostOffline';
		if (code >= 4100) line = code < 4200 ? 'crowded' : 'outdated';
		if (code === KICKED) line = 'kicked';
		showLine();
	},
});

const receive = {
	welcome(message) {
		clock.tell(message.now);
		if (log.epoch !== message.epoch || (resuming && (message.gap || !message.resumed))) {
			talk.clear();
			log.reset(message.epoch);
			if (resuming) deeds.clear();
		}
		head = message.head;
		if (log.newest < 0) began = head;
		log.begin(head);
		receive.you(message);
		line = message.host ? '' : 'hostNoMore';
		receive.broker({ state: message.broker });
		receive.room(message.room);
	},

	log({ records }) {
		const live = log.newest >= head;
		const fresh = log.append(records);
		for (const record of fresh) record.at = clock.timeOf(record, live);
		talk.append(fresh, live);
		acts.show();
		// What a clear had hidden may not be here.
		if (fresh.some(({ type, undo, offset }) => type === 'clear' && undo && offset > began)) startOver();
		else if (log.newest >= head) talk.fill();
	},

	older({ before, records, more }) {
		if (before !== log.oldest) return talk.fill(); // what they come before was dropped
		const fresh = log.prepend(records);
		for (const record of fresh) record.at = clock.timeOf(record, false);
		talk.prepend(fresh, more);
		talk.fill();
	},

	room(message) {
		if (clock.learn(message.clocks)) talk.retime((record) => clock.timeOf(record, false));
		room.show(message);
		deeds.show();
	},

	host(message) {
		talk.know(message);
		room.know(message);
		acts.muted = people.muted = message.muted;
		acts.show();
		people.show();
		deeds.take(message);
		unknown.show(message.unknown, log.epoch);
		verbs.done(message.deeds);
	},

	refused(message) {
		if (message.ref) verbs.refused({ ...message, text: reason(message) });
		else if (message.why === 'away') setTimeout(() => talk.again(), message.retry_ms || 1000);
	},

	you({ you }) {
		Object.assign(me, you);
		$('me').textContent = `${words.as} ${me.name}`;
		people.show();
	},

	presence(message) {
		for (const person of message.people) talk.note(person);
		people.update(message);
	},

	broker({ state }) {
		exchange = state === 'up' ? '' : 'hostResting';
		showLine();
	},
};

// What cannot be done now cannot be pressed, and it is said why.
function showLine() {
	const kind = line || exchange;
	for (const fieldset of document.querySelectorAll('fieldset')) fieldset.disabled = Boolean(kind);
	for (const hint of document.querySelectorAll('.offline')) hint.textContent = kind ? words[kind] : '';
	$('news').inert = Boolean(kind);
	setStatus(kind);
}

// Says what went wrong: in the sheet on top, or where the news are.
function say(problem) {
	if (!problem) return;
	const sheet = topSheet();
	if (sheet) return complain(sheet, problem);
	deeds.hush();
	clearTimeout(problemTimer);
	$('trouble').textContent = problem;
	problemTimer = setTimeout(() => ($('trouble').textContent = ''), PROBLEM_FOR);
}

// The recent end of the log is fetched anew.
function startOver() {
	talk.clear();
	log.reset(log.epoch);
	connection.restart();
}

const timeText = (at) => (at === null ? words.earlier : shortTime(at));

showLine();
connection.start();
