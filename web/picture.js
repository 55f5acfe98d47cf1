// A picture in the conversation. Its room is reserved before it is here, so that
// nothing moves when it comes. A tap shows it large.

import { icon, make } from './dom.js';
import { words } from './strings.js';

const NARROW = 1 / 3; // what is longer than that is shown in part until it is large
const SWIPE = 40; // pixels of a finger that wants it away

export function picture({ id, w, h }, alt) {
	const button = make('button', 'picture');
	const ratio = Math.min(1 / NARROW, Math.max(NARROW, w / h));
	button.style.setProperty('--w', Math.min(w, h * ratio));
	button.style.setProperty('--ratio', ratio);
	const src = `/picture/${id}.jpg`;
	const img = image(src, alt, w, h);
	img.loading = 'lazy';
	// This box never had it, or has no room for it any more; or the line is down:
	// then a tap looks again.
	img.onerror = () => button.replaceChildren(make('span', 'missing', words.pictureMissing));
	button.append(img);
	button.onclick = () => {
		if (img.isConnected) return enlarge(src, alt, w, h);
		img.src = src;
		button.replaceChildren(img);
	};
	return button;
}

function image(src, alt, width, height) {
	const img = make('img');
	return Object.assign(img, { decoding: 'async', alt, width, height, src });
}

function enlarge(src, alt, w, h) {
	const dialog = make('dialog', 'large');
	if (!dialog.showModal) return open(src); // Safari before 15.4
	const close = make('button');
	close.append(icon('close', words.close));
	dialog.setAttribute('aria-label', alt);
	dialog.append(image(src, alt, w, h), close);
	dialog.onclick = () => dialog.close();
	dialog.onclose = () => dialog.remove();
	let from = null; // where one finger came down; two of them zoom
	dialog.addEventListener('touchstart', ({ touches: [a, b] }) => (from = b ? null : a), { passive: true });
	dialog.addEventListener('touchend', ({ changedTouches: [to] }) => {
		const zoomed = window.visualViewport && visualViewport.scale > 1;
		if (from && !zoomed && Math.hypot(to.clientX - from.clientX, to.clientY - from.clientY) > SWIPE) dialog.close();
	});
	document.body.append(dialog);
	dialog.showModal();
}
