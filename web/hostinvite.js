// What leads people into the room and what was said out of it: QR codes, exports.

import { $, make } from './dom.js';
import { openSheet } from './hostsheet.js';
import { words } from './strings.js';

// Asks the server what there is to invite with, each time: it may have changed.
async function invite() {
	const sheet = openSheet('invite');
	const codes = $('codes');
	codes.replaceChildren();
	try {
		const { wifi, url } = await (await fetch('/invite.json')).json();
		if (wifi) codes.append(code('/qr/wifi.svg', words.joinWifi, wifi.name, wifi.passphrase && words.passphrase(wifi.passphrase)));
		codes.append(code('/qr/chat.svg', words.openChat, url));
	} catch {
		sheet.querySelector('.problem').textContent = words.hostNoInvite;
	}
}

function code(src, what, ...lines) {
	const figure = make('figure');
	const caption = make('figcaption');
	caption.append(make('b', '', what), ...lines.filter(Boolean).map((line) => make('bdi', '', line)));
	figure.append(Object.assign(make('img'), { src, alt: what }), caption);
	return figure;
}

// The times in an export are those of this phone's place.
function save() {
	const minutes = -new Date().getTimezoneOffset();
	for (const a of document.querySelectorAll('[data-format]')) a.href = `/host/export.${a.dataset.format}?minutes=${minutes}`;
	openSheet('export');
}

export function prepareInvite() {
	$('open-invite').onclick = invite;
	$('open-export').onclick = save;
}
