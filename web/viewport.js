// iOS slides its keyboard over the page instead of making the page smaller, so
// the page is told by hand how much of it can be seen.

export function followViewport(element) {
	const viewport = window.visualViewport;
	if (!viewport) return;
	const fit = () => {
		if (viewport.scale > 1.01) return; // zoomed in by hand
		element.style.setProperty('--height', `${viewport.height}px`);
		if (scrollY) scrollTo(0, 0);
	};
	viewport.addEventListener('resize', fit);
	viewport.addEventListener('scroll', fit);
	fit();
}
