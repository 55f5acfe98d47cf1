// Small helpers to find and make elements. Text gets in through textContent only.

import { hueOf } from './people.js';
import { words } from './strings.js';

export const $ = (id) => document.getElementById(id);

export function make(tag, className = '', text = '') {
	const el = document.createElement(tag);
	el.className = className;
	el.textContent = text;
	return el;
}

// One of the symbols of index.html, with the words that say what it means.
export function icon(name, label) {
	const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
	svg.append(document.createElementNS(svg.namespaceURI, 'use'));
	svg.firstChild.setAttribute('href', `#i-${name}`);
	svg.setAttribute('class', 'icon');
	svg.setAttribute('role', 'img');
	svg.setAttribute('aria-label', label);
	return svg;
}

// A name in its person's colour, with what tells it from another's. A name that is
// hidden is nobody's.
export function nameTag({ id, name }, print) {
	const tag = make('span', id && name ? 'name' : 'name neutral');
	tag.append(make('bdi', '', name || words.somebody), make('span', 'print', print));
	tag.style.setProperty('--hue', hueOf(id));
	return tag;
}
