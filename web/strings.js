// All words of the interface, in one table.

// Names go into sentences isolated: a right-to-left name does not turn one around.
const isolate = (name) => `\u2068${name}\u2069`;
const number = (n) => n.toLocaleString('en');

export const words = {
	room: 'rabbit',
	conversation: 'Conversation',
	write: 'Write to the room',
	send: 'Send',
	as: 'as',
	yourName: 'Your name',
	changeName: (name) => `You write as ${isolate(name)}. Change your name`,
	save: 'Save',
	here: (n) => `${number(n)} here`,
	guestsHere: 'Who is here',
	andMore: (n) => `and ${number(n)} more`,
	you: 'You',
	amqp: 'amqp',

	empty: 'It is quiet in here. Say hello, and everyone on this Wi-Fi can read it.',
	looking: 'Looking further back…',
	beginning: 'This is as far back as the room remembers.',
	gap: 'Some of what was said while you were away is gone.',
	cut: 'The room has lost its last moments: some of what was said then may be missing.',
	afresh: 'The room has started afresh: what was said before is gone.',
	unread: 'New',
	jump: (n) => `To the latest${n ? `, ${number(n)} new` : ''}`,
	more: 'Show more',
	less: 'Show less',
	earlier: 'earlier',
	earlierLong: 'Earlier: the room did not know the time',

	unsent: 'Not sent yet',
	pending: 'Waiting to be sent',
	sent: 'Sent',
	failed: 'Not sent',
	retry: 'Try again',
	edit: 'Edit',
	refused: 'The room did not take this message.',
	tooLong: (n) => `${number(n)} characters too long`,
	left: (n) => `${number(n)} characters left`,

	// by how many are typing
	typing: [
		() => '',
		(a) => `${isolate(a)} is typing…`,
		(a, b) => `${isolate(a)} and ${isolate(b)} are typing…`,
		() => 'Several people are typing…',
	],

	opening: 'Opening the room…',
	offline: 'You are offline: what you write goes out when you are back',
	warming: 'Warming up: the room opens in a moment',
	resting: 'The room is catching its breath: what you write goes out when it is back',
	full: 'The room is full up: what you write is kept, and goes out when there is room',
	crowded: 'The room is crowded: trying again in a moment',
	box: 'The box needs its host: see why',
	outdated: 'This page is out of date: please reload it',
};

// Puts the words into the elements of the page that name them.
export function fillWords() {
	for (const el of document.querySelectorAll('[data-text]')) el.textContent = words[el.dataset.text];
	for (const el of document.querySelectorAll('[data-label]')) el.setAttribute('aria-label', words[el.dataset.label]);
}
