// The menu in the header, and the two windows that it opens.

import { $, make } from './dom.js';
import { panel } from './panel.js';
import { words } from './strings.js';

// search() is asked for. Returns what opens the list of shortcuts.
export function menu(search) {
	panel($('menu'), $('options'));
	for (const dialog of document.querySelectorAll('dialog')) {
		// A tap beside it closes it, too.
		dialog.onclick = ({ target }) => (target === dialog || target.closest('.close')) && dialog.close();
	}
	const help = () => {
		$('keys').querySelector('dl').replaceChildren(
			...words.shortcuts.flatMap(([keys, what]) => {
				const term = make('dt');
				term.append(...keys.split(' ').map((key) => make('kbd', '', key)));
				return [term, make('dd', '', what)];
			}),
		);
		$('keys').showModal();
	};
	const act = { search, help, invite };
	$('options').addEventListener('click', ({ target }) => {
		const { act: name } = target.dataset;
		if (name) act[name]();
	});
	return help;
}

// How others come in: into the Wi-Fi, if it is one of ours, and then to the room.
async function invite() {
	const { wifi, url } = await fetch('/invite.json').then((answer) => answer.json());
	const dialog = $('invite');
	const [join, open] = dialog.querySelectorAll('figure');
	join.hidden = !wifi;
	if (wifi) fillFigure(join, '/qr/wifi.svg', words.joinWifi, wifi.name, wifi.passphrase && words.passphrase(wifi.passphrase));
	fillFigure(open, '/qr/chat.svg', words.openChat, url);
	dialog.showModal();
}

function fillFigure(figure, src, what, ...lines) {
	const image = Object.assign(make('img'), { src, alt: what });
	const caption = make('figcaption');
	caption.append(make('span', '', what), ...lines.filter(Boolean).map((line) => Object.assign(make('b', '', line), { dir: 'auto' })));
	figure.replaceChildren(image, caption);
}
