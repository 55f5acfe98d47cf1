// What guests do to messages, and how it looks before it is in the log. Pure: no
// DOM.

export const EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '👀'];

const EDIT_TIME = 600e3; // as the server has it

// Whether one may edit or delete it, still.
export const mayChange = ({ own, at, gone, state }) =>
	own && !gone && state === 'sent' && at !== null && Date.now() - at < EDIT_TIME;

export const hasReacted = (people, me) => Boolean(people && people.some(({ id }) => id === me.id));

// A message as it will be when these deeds of mine are in the log: {text, picture,
// edited, gone, reactions, waits: whether its text waits for that, unsure: the
// emoji that do}.
export function foresee(message, deeds, me) {
	let { text, picture, edited, gone } = message;
	const reactions = new Map(message.reactions);
	const unsure = new Set();
	for (const { type, emoji, undo, text: other } of deeds) {
		if (type === 'edit') [text, edited] = [other, true];
		if (type === 'delete') [text, picture, gone] = ['', undefined, 'deleted'];
		if (type !== 'react') continue;
		const others = (reactions.get(emoji) || []).filter(({ id }) => id !== me.id);
		const people = undo ? others : [...others, me];
		if (people.length) reactions.set(emoji, people);
		else reactions.delete(emoji);
		unsure.add(emoji);
	}
	if (gone) reactions.clear();
	return { text, picture, edited, gone, reactions, unsure, waits: deeds.some(({ type }) => type !== 'react') };
}
