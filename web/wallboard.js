// What hangs on the wall: the newest messages, as many as fit. Each one stays for
// a while before newer ones may push it off; they wait, and if too many do, only
// the newest of them get there and the others are counted.

const MOST = 12; // messages at a time
const STAYS = 5000; // ms in which a message cannot be pushed off
const KEEP = 200; // there may be room for older ones again, and what went may come back

export class Board {
	#hung = []; // messages, oldest first: the last of them are on the wall
	#waiting = []; // messages, oldest first
	#nodes = new Map(); // message → its node
	#since = new WeakMap(); // message → when it came into sight
	#skipped = 0;
	#blocked = 0; // until when there is no room for the next one
	#timer = 0;

	// list: where messages hang, newest first. on: build(message) makes a node,
	// changed(seen, more) is told how many can be seen, and how many more there are.
	constructor(list, on) {
		Object.assign(this, { list, on });
		new ResizeObserver(() => this.#fit()).observe(list);
		list.addEventListener('load', () => this.#fit(), true); // a picture
		list.addEventListener('error', () => this.#fit(), true);
	}

	// Hangs up messages that were said before anybody watched.
	begin(messages) {
		this.#hung.push(...messages);
		this.#fit(-Infinity);
	}

	// Takes messages that are said now.
	add(messages) {
		this.#waiting.push(...messages);
		this.#next();
	}

	// Shows messages as they are now.
	redo(messages) {
		const all = new Set(messages);
		for (const message of [...this.#hung]) {
			// An answer quotes what may have changed.
			if (!all.has(message) && !all.has(this.on.quoted(message))) continue;
			const old = this.#nodes.get(message);
			if (!old) continue;
			const node = this.on.build(message);
			old.replaceWith(node);
			this.#nodes.set(message, node);
		}
		this.#blocked = 0;
		this.#fit();
		this.#next();
	}

	redoAll() {
		this.redo(this.#hung);
	}

	clear() {
		this.#hung = [];
		this.#waiting = [];
		this.#skipped = this.#blocked = 0;
		this.#fit();
	}

	// The node of a message, if it can be seen.
	find(message) {
		const node = this.#nodes.get(message);
		return node && !node.classList.contains('below') ? node : null;
	}

	// Hangs up what waits, as far as there is room.
	#next() {
		clearTimeout(this.#timer);
		const now = performance.now();
		const tops = this.#tops();
		// More than fit at one time never all get a turn: the oldest are left out.
		const excess = this.#waiting.length - (now < this.#blocked ? Math.max(3, this.#seen().length) : MOST);
		if (excess > 0) {
			this.#waiting.splice(0, excess);
			this.#skipped += excess;
		}
		while (this.#waiting.length && now >= this.#blocked && this.#hang(now));
		this.#slide(tops);
		if (this.#waiting.length) {
			this.#timer = setTimeout(() => this.#next(), Math.max(0, this.#blocked - now) + 1);
		} else if (this.#skipped) {
			// Said for as long as what was left out could have been read.
			this.#timer = setTimeout(() => {
				this.#skipped = 0;
				this.#tell();
			}, STAYS);
		}
		this.#tell();
	}

	// Hangs up the first one that waits; false if that would push off one that
	// has not been there for long.
	#hang(now) {
		if (this.#waiting[0].gone) {
			this.#hung.push(this.#waiting.shift()); // it may come back
			return true;
		}
		const young = [...this.#nodes.keys()].filter((message) => this.find(message) && now - this.#since.get(message) < STAYS);
		this.#hung.push(this.#waiting[0]);
		this.#fit(now);
		const pushed = young.filter((message) => !this.find(message));
		if (!pushed.length) {
			this.#waiting.shift();
			return true;
		}
		this.#hung.pop();
		this.#fit(now);
		this.#blocked = Math.max(...pushed.map((message) => this.#since.get(message))) + STAYS;
		return false;
	}

	// Puts the newest into the list, and finds out which of them fit.
	#fit(now = performance.now()) {
		this.#hung = this.#hung.slice(-KEEP);
		const newest = this.#hung.filter(({ gone }) => !gone).slice(-MOST).reverse();
		for (const [message, node] of this.#nodes) {
			if (newest.includes(message)) continue;
			node.remove();
			this.#nodes.delete(message);
		}
		newest.forEach((message, i) => {
			if (!this.#nodes.has(message)) this.#nodes.set(message, this.on.build(message));
			const node = this.#nodes.get(message);
			if (this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i] || null);
		});
		const bottom = this.list.clientHeight - parseFloat(getComputedStyle(this.list).paddingBottom);
		let fits = true; // the newest one does, whatever it takes
		newest.forEach((message, i) => {
			const node = this.#nodes.get(message);
			fits = fits && (i === 0 || node.offsetTop + node.offsetHeight <= bottom + 1);
			node.classList.toggle('below', !fits);
			if (fits && !this.#since.has(message)) this.#saw(message, now);
		});
		this.#tell();
	}

	// Notes since when a message can be seen: not before the screen shows it.
	#saw(message, now) {
		this.#since.set(message, now);
		if (now > 0) requestAnimationFrame(() => this.#since.set(message, performance.now()));
	}

	#seen() {
		return [...this.list.children].filter((node) => !node.classList.contains('below'));
	}

	#tell() {
		this.on.changed(this.#seen().length, this.#waiting.length + this.#skipped);
	}

	#tops() {
		return new Map([...this.list.children].map((node) => [node, node.offsetTop]));
	}

	// Lets messages move to their new places, unless the eyes that see it do
	// not want that.
	#slide(tops) {
		if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
		const options = { duration: 350, easing: 'cubic-bezier(.2, .7, .2, 1)' };
		const seen = this.#seen();
		// When most of the wall is new, nothing that moves could be followed.
		const turned = seen.filter((node) => !tops.has(node)).length > 2;
		for (const node of seen) {
			const from = tops.get(node);
			if (turned) node.animate({ opacity: [0, 1] }, options);
			else if (from === undefined) node.animate({ opacity: [0, 1], transform: ['translateY(-1rem)', 'none'] }, options);
			else if (from !== node.offsetTop) node.animate({ transform: [`translateY(${from - node.offsetTop}px)`, 'none'] }, options);
		}
	}
}
