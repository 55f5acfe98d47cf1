// Reactions that float up for a moment.

import { make } from './dom.js';

const MOST = 24; // at a time: a storm is a storm with fewer, too

// Lets an emoji rise from the end of an element: most texts do not reach that far.
export function float(emoji, from) {
	const layer = document.getElementById('floats');
	if (layer.childElementCount >= MOST || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
	const rtl = document.documentElement.dir === 'rtl';
	const box = from.getBoundingClientRect();
	const el = make('span', '', emoji);
	el.style.setProperty('--x', `${box.left + box.width * (rtl ? 0.02 + Math.random() * 0.28 : 0.68 + Math.random() * 0.28)}px`);
	el.style.setProperty('--y', `${Math.min(box.bottom, innerHeight) - 8}px`);
	el.style.setProperty('--drift', `${Math.random() * 2 - 1}`);
	el.style.setProperty('--after', `${Math.random() * 0.4}s`); // those that come together are seen apart
	el.onanimationend = () => el.remove();
	layer.append(el);
}
