// What the host asks the room to do. It is done when it comes back among the
// deeds of the hosts, which all of them see; until then it waits, and is not
// asked for a second time.

import { words } from './strings.js';

export class Verbs {
	#waiting = new Map(); // ref → {key, told}
	#cut = new Set(); // refs that waited when the line broke

	// send(message) puts a message on the line, and says whether there is one.
	constructor(send, newRef, changed) {
		Object.assign(this, { send, newRef, changed });
	}

	get busy() {
		return this.#waiting.size > 0;
	}

	// Asks for a verb. Resolves to '' when it is done, else to a sentence that says
	// why not; to null if the very same is being done already.
	do(verb, fields = {}) {
		const key = JSON.stringify([verb, fields]);
		for (const other of this.#waiting.values()) if (other.key === key) return Promise.resolve(null);
		const ref = this.newRef();
		if (!this.send({ ...fields, type: 'host', ref, verb })) return Promise.resolve(words.hostOffline);
		return new Promise((told) => {
			this.#waiting.set(ref, { key, told });
			this.changed();
		});
	}

	// The hosts' deeds came from the server. What waited when the line broke is
	// among the first of them, or was not done.
	done(deeds) {
		for (const { ref } of deeds) this.#tell(ref, '');
		for (const ref of this.#cut) this.#tell(ref, words.hostCut);
	}

	refused({ ref, text }) {
		this.#tell(ref, text);
	}

	down() {
		this.#cut = new Set(this.#waiting.keys());
	}

	#tell(ref, problem) {
		this.#cut.delete(ref);
		const waiting = this.#waiting.get(ref);
		if (!waiting) return;
		this.#waiting.delete(ref);
		waiting.told(problem);
		this.changed();
	}
}
