// Times on a machine that has no clock. A record says in which boot of the
// machine it was said, and how long that had been up. One reading of "now" tells
// when, by this phone's own clock, that boot began.

const format = (options) => new Intl.DateTimeFormat(undefined, options).format;

export const shortTime = format({ hour: 'numeric', minute: '2-digit' });
export const longTime = format({ dateStyle: 'full', timeStyle: 'medium' });
export const dayName = format({ weekday: 'long', day: 'numeric', month: 'long' });

// Before this there are no times (ECMAScript, "time values").
const FIRST = -8.64e15;

// The local midnight at which the day of a time began.
export const dayOf = (at) => new Date(at).setHours(0, 0, 0, 0);

export class Clock {
	#began = new Map(); // boot → when it began, in this phone's milliseconds

	// Learns from a reading of "now".
	tell({ boot, up_ms: up }) {
		if (boot) this.#began.set(boot, Date.now() - up);
	}

	// When a record was said, in this phone's milliseconds; null: not known.
	// A live record is being said now, whichever machine stamped it.
	timeOf(record, live) {
		const now = Date.now();
		if (live && !this.#began.has(record.boot)) {
			this.tell(record);
			return now;
		}
		const at = this.#began.get(record.boot) + record.up_ms;
		return at >= FIRST ? Math.min(at, now) : null;
	}
}
