// An id that nobody guesses: 144 random bits, 24 characters of base64url. A page
// on plain http has no crypto.randomUUID.
export function randomId() {
	const bytes = crypto.getRandomValues(new Uint8Array(18));
	return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_');
}
