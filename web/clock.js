// Times on a machine that has no clock. A record says in which boot of the
// machine it was said, and how long that had been up. One reading of "now" tells
// when, by this phone's own clock, that boot began. Of other boots the room may
// know it (docs/times.md).

const format = (options) => new Intl.DateTimeFormat(undefined, options).format;

export const shortTime = format({ hour: 'numeric', minute: '2-digit' });
export const longTime = format({ dateStyle: 'full', timeStyle: 'medium' });
export const dayName = format({ weekday: 'long', day: 'numeric', month: 'long' });

// Before and after this there are no times (ECMAScript, "time values").
const MOST = 8.64e15;

// The local midnight at which the day of a time began.
export const dayOf = (at) => new Date(at).setHours(0, 0, 0, 0);

export class Clock {
	#began = new Map(); // boot → when it began, in this phone's milliseconds
	#told = new Map(); // boot → when it began, as the room says

	// Learns from a reading of "now".
	tell({ boot, up_ms: up }) {
		if (boot) this.#began.set(boot, Date.now() - up);
	}

	// Learns what the room says of other boots: {boot: when it began}. Returns
	// whether times that timeOf has told are others now.
	learn(clocks = {}) {
		const told = new Map(Object.entries(clocks).filter(([boot]) => !this.#began.has(boot)));
		const same = told.size === this.#told.size && [...told].every(([boot, at]) => this.#told.get(boot) === at);
		this.#told = told;
		return !same;
	}

	// When a record was said, in this phone's milliseconds; null: not known.
	// A live record is being said now, whichever machine stamped it.
	timeOf(record, live) {
		const { boot, up_ms: up } = record;
		const now = Date.now();
		if (live && !this.#began.has(boot)) {
			this.tell(record);
			return now;
		}
		// By this phone's clock nothing was said later than now. By the room's it
		// may have been: then this phone is slow.
		const at = this.#began.has(boot) ? Math.min(this.#began.get(boot) + up, now) : this.#told.get(boot) + up;
		return Math.abs(at) <= MOST ? at : null;
	}
}
