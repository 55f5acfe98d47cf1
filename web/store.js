// What the phone keeps across reloads. localStorage may be missing, full or
// forbidden: then the page remembers for as long as it is open.

const PREFIX = 'warren.';
const memory = new Map();

function attempt(what, otherwise) {
	try {
		return what();
	} catch {
		return otherwise;
	}
}

export function save(key, value) {
	memory.set(key, value);
	attempt(() => localStorage.setItem(PREFIX + key, JSON.stringify(value)));
}

export function load(key, fallback) {
	if (memory.has(key)) return memory.get(key);
	return attempt(() => JSON.parse(localStorage.getItem(PREFIX + key)), null) ?? fallback;
}

export function drop(key) {
	memory.delete(key);
	attempt(() => localStorage.removeItem(PREFIX + key));
}

// All keys that begin with prefix.
export function keys(prefix) {
	return attempt(() => Object.keys(localStorage), [])
		.filter((key) => key.startsWith(PREFIX + prefix))
		.map((key) => key.slice(PREFIX.length));
}
