// The line to the room: one WebSocket, and a new one whenever it breaks, as soon
// as the close code allows. A phone that slept may hold a dead socket that never
// says so: whenever the page comes back to life, the line has to answer a ping.

const CONNECT_TIMEOUT = 5e3;
const WELCOME_TIMEOUT = 10e3;
const PONG_TIMEOUT = 5e3;
const PING_EVERY = 25e3;
const FIRST_DELAY = 500;
const MAX_DELAY = 15e3;
const BUSY_DELAY = 10e3; // what 41xx asks for
const STABLE_AFTER = 5e3; // a line that held this long was a good one

const jitter = (ms) => ms * (0.5 + Math.random() / 2);

export class Connection {
	#socket = null;
	#welcomed = 0; // when; 0: not yet
	#attempt = 0;
	#notBefore = 0; // the server asked us to stay away until then
	#stopped = false;
	#bye = 0; // the close code, announced before the close
	#deadline = 0;
	#retry = 0;
	#probe = 0;

	// on: hello() makes the hello, receive(message), down(code)
	constructor(url, on) {
		Object.assign(this, { url, on });
	}

	start() {
		const pingIfSeen = () => document.hidden || this.#ping();
		addEventListener('online', () => this.#wake());
		addEventListener('offline', pingIfSeen);
		addEventListener('pageshow', (event) => event.persisted && this.#wake());
		document.addEventListener('visibilitychange', () => document.hidden || this.#wake());
		setInterval(pingIfSeen, PING_EVERY);
		this.#open();
	}

	// Puts a message on the line; false if there is none.
	send(message) {
		if (!this.#welcomed || this.#socket.readyState !== WebSocket.OPEN) return false;
		this.#socket.send(JSON.stringify(message));
		return true;
	}

	restart() {
		this.#drop();
		this.#wake();
	}

	// Comes back, though the server has said not to.
	again() {
		this.#stopped = false;
		this.#call(0);
	}

	#open() {
		const socket = (this.#socket = new WebSocket(this.url, 'warren.v1'));
		this.#expect(CONNECT_TIMEOUT);
		socket.onopen = () => {
			this.#expect(WELCOME_TIMEOUT);
			socket.send(JSON.stringify(this.on.hello()));
		};
		socket.onmessage = (event) => this.#heard(JSON.parse(event.data));
		socket.onclose = (event) => this.#closed(event.code);
	}

	#heard(message) {
		clearTimeout(this.#probe);
		this.#probe = 0;
		if (message.type === 'welcome') {
			clearTimeout(this.#deadline);
			this.#welcomed = Date.now();
		}
		if (message.type === 'bye') this.#bye = message.code;
		this.on.receive(message);
	}

	#expect(ms) {
		clearTimeout(this.#deadline);
		this.#deadline = setTimeout(() => this.#drop(), ms);
	}

	// Gives the socket up without waiting for a close that may never come.
	#drop() {
		const socket = this.#socket;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
		this.#closed(0);
	}

	#closed(closeCode) {
		const code = this.#bye || closeCode;
		const family = Math.floor(code / 100);
		if (this.#welcomed && Date.now() - this.#welcomed > STABLE_AFTER) this.#attempt = 0;
		this.#socket = null;
		clearTimeout(this.#deadline);
		clearTimeout(this.#probe);
		this.#welcomed = this.#bye = this.#probe = 0;
		this.on.down(code);
		this.#stopped = family === 42;
		if (this.#stopped) return;
		let delay = jitter(Math.min(MAX_DELAY, FIRST_DELAY * 2 ** this.#attempt++));
		if (family === 40) delay = Math.max(delay, jitter(2000));
		if (family === 41) {
			this.#notBefore = Date.now() + BUSY_DELAY;
			delay += jitter(BUSY_DELAY) + BUSY_DELAY;
		}
		this.#call(delay);
	}

	#call(delay) {
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => this.#open(), delay);
	}

	// The page came back to life, or the network did.
	#wake() {
		if (this.#stopped) return;
		this.#attempt = 0;
		if (this.#socket) this.#ping();
		else this.#call(Math.max(0, this.#notBefore - Date.now()));
	}

	#ping() {
		if (this.#probe || !this.send({ type: 'ping' })) return;
		this.#probe = setTimeout(() => this.restart(), PONG_TIMEOUT);
	}
}
