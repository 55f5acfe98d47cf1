// What a message's text is made of: links, emoji, length. Pure: no DOM.

// A link ends at white space, at quotes and brackets that no address holds, and
// at characters that are invisible or turn the direction of writing.
const LINK = /\bhttps?:\/\/[^\s<>"`{}|\\^\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/gi;
const MAX_PIECES = 200;

// Splits a text into pieces {text} and links {text, href}.
export function pieces(text) {
	const found = [];
	let end = 0;
	for (const match of text.matchAll(LINK)) {
		const link = trimLink(match[0]);
		const href = address(link);
		if (!href || found.length > MAX_PIECES) continue;
		if (match.index > end) found.push({ text: text.slice(end, match.index) });
		found.push({ text: link, href });
		end = match.index + link.length;
	}
	if (end < text.length) found.push({ text: text.slice(end) });
	return found;
}

// A full stop or a closing bracket after an address belongs to the sentence,
// unless the bracket was opened inside the address.
function trimLink(link) {
	let unopened = link.split(')').length - link.split('(').length;
	let end = link.length;
	for (; end; end--) {
		const last = link[end - 1];
		if (last === ')' && unopened > 0) unopened--;
		else if (!/[\].,;:!?'*_~…。，、！？]/.test(last)) break;
	}
	return link.slice(0, end);
}

function address(link) {
	try {
		const { protocol, hostname, href } = new URL(link);
		return /^https?:$/.test(protocol) && hostname && href;
	} catch {
		return null;
	}
}

// One emoji: a flag, a key cap, or a picture with what may be joined to it.
const PICTURE = '(?:\\p{Emoji_Presentation}|\\p{Extended_Pictographic}(?=\\ufe0f|\\p{Emoji_Modifier}))';
const TAIL = '(?:\\ufe0f|\\p{Emoji_Modifier}|[\\u{e0020}-\\u{e007f}]|\\u200d\\p{Extended_Pictographic})*';
const EMOJI = `(?:\\p{Regional_Indicator}{2}|[0-9#*]\\ufe0f?\\u20e3|${PICTURE}${TAIL})`;
const EMOJI_ONLY = new RegExp(`^\\s*(?:${EMOJI}\\s*){1,6}$`, 'u');

export const isEmojiOnly = (text) => text.length <= 120 && EMOJI_ONLY.test(text);

const FOLD_LINES = 12;
const FOLD_LENGTH = 1200;

// The beginning of a text that is too long to show at once, or null.
export function fold(text) {
	let end = 0;
	for (let line = 0; line < FOLD_LINES && end >= 0; line++) end = text.indexOf('\n', end + 1);
	if (end < 0) end = text.length;
	if (end > FOLD_LENGTH) {
		const space = text.lastIndexOf(' ', FOLD_LENGTH);
		end = space > FOLD_LENGTH / 2 ? space : FOLD_LENGTH;
		if (/[\udc00-\udfff]/.test(text[end])) end--; // not through the middle of a character
	}
	return end < text.length ? text.slice(0, end) : null;
}

const encoder = new TextEncoder();
const segmenter = Intl.Segmenter && new Intl.Segmenter();

// How much room a text leaves under the limits, in characters or in bytes,
// whichever runs out first. Negative: too long.
export function roomLeft(text, limits) {
	const bytes = limits.text_bytes - encoder.encode(text).length;
	// Counting graphemes is slow: only when there could be too many.
	if (text.length < 0.8 * limits.text_graphemes) return bytes;
	return Math.min(bytes, limits.text_graphemes - [...(segmenter ? segmenter.segment(text) : text)].length);
}
