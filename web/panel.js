// A panel that a button of the bar opens: closed by the button, by Escape, by a
// tap elsewhere, and by what is chosen in it.

export function panel(button, section, opened = () => {}) {
	const open = (on) => {
		section.hidden = !on;
		button.setAttribute('aria-expanded', on);
		if (on) opened();
	};
	button.onclick = () => open(section.hidden);
	document.addEventListener('keydown', ({ key }) => {
		if (key !== 'Escape' || section.hidden) return;
		open(false);
		button.focus();
	});
	document.addEventListener('pointerdown', ({ target }) => {
		if (!section.contains(target) && !button.contains(target)) open(false);
	});
	section.addEventListener('click', ({ target }) => target.closest('button, a') && open(false));
}
