// The wall: the room for a projector. It reads along and says nothing.

import { Connection } from './connection.js';
import { $ } from './dom.js';
import { Fold } from './fold.js';
import { Log } from './log.js';
import { Names } from './people.js';
import { statusLine } from './status.js';
import { words } from './strings.js';
import { Board } from './wallboard.js';
import { float } from './wallfloats.js';
import { build } from './wallmessage.js';
import { fillWords } from './words.js';

const HISTORY = 500; // recent records to begin with: most may be reactions
const KEEP = 500; // messages in memory, and at most as many again
const HEAD_PATIENCE = 3e3; // silence after which the log counts as read to its head
const KNOCK_EVERY = 15e3;

fillWords();
const choose = () => document.documentElement.classList.toggle('light', location.hash === '#light');
addEventListener('hashchange', choose);
choose();

const log = new Log();
const fold = new Fold();
const names = new Names();
const setStatus = statusLine($('status'));

let line = 'opening'; // what is the matter with the line: a key of words, or ''
let exchange = ''; // and with the exchange
let head = -1; // of the log at the last welcome: what comes after it is live
let headTimer = 0;
let resuming = false; // hello asked to resume
let begun = false; // the history is here
let version = '';
let off = false;
let seen = 0; // messages on the wall
let kept = 0; // messages in memory

const quoted = ({ reply_to }) => {
	const message = fold.get(reply_to);
	return message && !message.gone ? message : null;
};

const board = new Board($('talk'), {
	build: (message) => build(message, names.print(message.from), quoted(message)),
	quoted: ({ reply_to }) => fold.get(reply_to),
	changed(now, more) {
		seen = now;
		$('more').hidden = !more || off;
		$('more').textContent = words.wallMore(more);
		showQuiet();
	},
});

const address = `${location.protocol.replace('http', 'ws')}//${location.host}/websocket`;
const connection = new Connection(address, {
	hello() {
		resuming = log.newest >= 0;
		return { type: 'hello', wall: true, history: HISTORY, ...log.place };
	},
	receive(message) {
		const handler = receive[message.type];
		if (handler) handler(message);
	},
	down(code) {
		clearTimeout(headTimer);
		if (line !== 'opening') line = 'wallOffline';
		if (code >= 4100) line = 'crowded';
		if (code >= 4200) setInterval(comeAnew, KNOCK_EVERY); // the page as it is will not be let in
		setStatus(line);
	},
});

const receive = {
	welcome(message) {
		if (version && version !== message.version) location.reload();
		version = message.version;
		compareInvitation();
		if (log.epoch !== message.epoch || message.gap || !message.resumed) startOver(message.epoch);
		head = message.head;
		line = '';
		receive.room(message.room || { title: message.title });
		receive.broker({ state: message.broker });
		checkHead();
	},

	log({ records }) {
		const live = log.newest >= head;
		const fresh = log.append(records);
		const { messages, changed, lifted } = fold.take(fresh);
		if (lifted && (live || resuming)) {
			startOver(log.epoch);
			connection.restart();
			return;
		}
		let ambiguous = false;
		for (const { from } of messages) ambiguous = names.note(from) || ambiguous;
		if (begun) board.add(messages);
		else board.begin(messages);
		if (ambiguous) board.redoAll();
		if (changed.length) board.redo(changed);
		if (live) for (const record of fresh) if (record.type === 'reaction' && !record.undo) rise(record);
		checkHead();
		forget(messages);
	},

	presence({ count, people }) {
		if (people.filter((person) => names.note(person)).length) board.redoAll();
		$('count').hidden = count === 0;
		$('count').textContent = words.here(count);
	},

	room(room) {
		document.title = $('title').textContent = room.title || words.room;
		off = Boolean(room.off);
		$('pin').textContent = (room.pin && room.pin.text) || '';
		$('pin').hidden = off || !$('pin').textContent;
		$('talk').classList.toggle('below', off); // it keeps its place: what comes meanwhile is put in
		$('quiet').classList.toggle('off', off);
		$('quiet').lastChild.textContent = off ? room.notice || words.wallOff : words.wallQuiet;
		showQuiet();
	},

	broker({ state }) {
		exchange = state === 'up' ? '' : log.newest >= 0 || head >= 0 ? 'wallResting' : 'warming';
		setStatus(line || exchange);
	},
};

// Once the history is here, what comes is news.
function checkHead() {
	clearTimeout(headTimer);
	if (log.newest < head) {
		headTimer = setTimeout(() => ((head = -1), checkHead()), HEAD_PATIENCE);
		return;
	}
	begun = true;
	showQuiet();
}

function showQuiet() {
	$('quiet').hidden = !off && (seen > 0 || !begun);
}

function rise({ emoji, to }) {
	const message = fold.get(to);
	if (!message || message.gone || off) return;
	float(emoji, board.find(message) || $('talk'));
}

// Another log, or the same from its recent end.
function startOver(epoch) {
	log.reset(epoch);
	fold.reset();
	board.clear();
	kept = 0;
	begun = false;
}

function forget(messages) {
	kept += messages.length;
	if (kept <= 2 * KEEP) return;
	fold.forget(log.dropOldest(kept - KEEP));
	kept = KEEP;
}

// After a change of the settings there is another Wi-Fi to join.
let invitation = '';
async function compareInvitation() {
	try {
		const answer = await fetch('/invite.json');
		if (!answer.ok) return;
		const now = await answer.text();
		if (invitation && invitation !== now) location.reload();
		invitation = now;
	} catch {
		// The line has broken again: the next welcome asks again.
	}
}

// Reloads the page once there is a server to load it from.
async function comeAnew() {
	try {
		if ((await fetch('/healthz')).ok) location.reload();
	} catch {
		// It knocks again.
	}
}

setStatus(line);
connection.start();
