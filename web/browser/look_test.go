package browser

import (
	"fmt"
	"strings"
	"testing"
)

// TestLooks has a conversation in light and dark, in large print, on screens of
// many sizes. Nothing is cut off, nothing lies over another thing, and all of it
// can be read.
func TestLooks(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	eve := room.enter("Evelyn of the Third Row", Small)
	bob.Say("Is anybody here?")
	ada.Say("I am. Where do you sit?")
	bob.Say("In the third row, beside the window. Have a look at http://example.com/a/long/address/that/does/not/fit")
	eve.Say("🥕🥕🥕")
	eve.Say("Who has the slides?")
	ada.Say("Me. They come after the talk, I promise: with the drawings, and with what was on the blackboard.")
	ada.Sees("Who has the slides?")
	ada.SeesSent()
	eve.Write("An answer")
	ada.Write("One mo")

	for _, scheme := range []string{"light", "dark"} {
		ada.Prefer("prefers-color-scheme", scheme)
		ada.Until(scheme, fmt.Sprintf(`matchMedia('(prefers-color-scheme: %s)').matches`, scheme))
		ada.canBeRead(scheme)
		ada.lookIsRight(scheme)
		ada.Shot("looks-phone-" + scheme)
		ada.Tap("#people")
		ada.canBeRead(scheme + ", with the list of guests")
		ada.Tap("#people")
	}
	ada.Prefer("prefers-color-scheme", "light")
	for name, d := range map[string]Device{
		"the smallest":  {320, 568, 2, true},
		"keyboard open": {360, 400, 2, true},
		"landscape":     {740, 360, 2, true},
		"laptop":        Large,
		"zoomed laptop": {640, 400, 2, false},
	} {
		ada.Resize(d)
		ada.lookIsRight(name)
		ada.Shot("looks-" + strings.ReplaceAll(name, " ", "-"))
	}
	ada.Resize(Small)
	See[string](ada, `document.documentElement.style.fontSize = '200%'`)
	See[bool](ada, `dispatchEvent(new Event('resize'))`)
	ada.lookIsRight("text at 200 %")
	ada.Shot("looks-200-percent")
	ada.Tap("#people")
	ada.fits()
	ada.Shot("looks-200-percent-presence")
	ada.Tap("#people")
	ada.Tap("#name")
	ada.fits()
	ada.Shot("looks-200-percent-name")
}

// lookIsRight waits until everything has its place: a page takes a moment to
// fit itself to another size.
func (p *Phone) lookIsRight(when string) {
	p.t.Helper()
	p.Until("the end of the conversation in sight, "+when, atEnd)
	var wrong []string
	Eventually(p.t, Patience, func() bool {
		wrong = p.outOfPlace()
		return len(wrong) == 0
	}, func() string {
		return fmt.Sprintf("%s, %d x %d: %s", when, p.Device.Width, p.Device.Height, strings.Join(wrong, "; "))
	})
	p.fits()
}

// outOfPlace lists what is cut off, too small, or over something else.
func (p *Phone) outOfPlace() []string {
	p.t.Helper()
	return See[[]string](p, `(() => {
		const wrong = [];
		const box = (selector) => document.querySelector(selector).getBoundingClientRect();
		const bar = box('header'), main = box('main'), foot = box('footer'), line = box('#text'), send = box('#send'), talk = box('#conversation');
		const last = [...document.querySelectorAll('.message .bubble')].at(-1).getBoundingClientRect();
		const check = (ok, what) => ok || wrong.push(what);
		check(bar.top >= 0 && bar.bottom <= main.top + 1, 'the bar lies over the conversation');
		check(main.bottom <= foot.top + 1, 'the line to write in lies over the conversation');
		check(foot.bottom <= innerHeight + 1, 'the line to write in is below the screen');
		check(line.top >= foot.top && line.bottom <= innerHeight && (line.right <= send.left || send.right <= line.left), 'the line to write in is cut off');
		check(line.width >= 120, 'the line to write in is ' + line.width + ' pixels wide');
		check(send.right <= innerWidth && send.height >= 44 && send.width >= 44, 'the send button is cut off or small');
		check(last.bottom <= talk.bottom + 1, 'the last message is cut off');
		check(talk.height >= 80, 'the conversation is ' + talk.height + ' pixels high');
		for (const button of document.querySelectorAll('button')) {
			if (!button.checkVisibility()) continue;
			const {height, width} = button.getBoundingClientRect();
			check(height >= 44 && width >= 44 || button.closest('.message'), 'too small for a finger: ' + button.outerHTML.slice(0, 60) + ' ' + width + ' x ' + height);
			check(button.scrollWidth <= button.clientWidth + 1, 'cut off: ' + button.outerHTML.slice(0, 60));
		}
		return wrong;
	})()`)
}

// canBeRead checks the contrast of all words on the screen.
func (p *Phone) canBeRead(when string) {
	p.t.Helper()
	faint := See[[]string](p, `(() => {
		const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
		const over = (colours) => { // one over the other, the last on top
			canvas.clearRect(0, 0, 1, 1);
			for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
			return canvas.getImageData(0, 0, 1, 1).data;
		};
		const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
			.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
		const faint = [];
		for (const el of document.querySelectorAll('body *')) {
			const words = [...el.childNodes].filter((n) => n.nodeType === 3 && /\S/.test(n.data)).map((n) => n.data).join('');
			if (!words || !el.checkVisibility() || el.closest('.emoji, .unseen, symbol')) continue;
			const grounds = [], opacity = [];
			for (let e = el; e; e = e.parentElement) {
				grounds.unshift(getComputedStyle(e).backgroundColor);
				opacity.push(getComputedStyle(e).opacity);
			}
			const style = getComputedStyle(el);
			const ground = light(over(grounds));
			const ink = light(over([...grounds, style.color]));
			const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
			if (ratio < 4.5 && opacity.every((o) => o === '1')) faint.push(ratio.toFixed(2) + ': ' + words.slice(0, 30));
		}
		return faint;
	})()`)
	if len(faint) > 0 {
		p.t.Errorf("hard to read, %s (a contrast of 4.5 is wanted): %q", when, faint)
	}
}

// TestReducedMotion has a guest whom motion makes ill.
func TestReducedMotion(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := shared.br.Phone(t, "Ada", Small)
	ada.Prefer("prefers-reduced-motion", "reduce")
	ada.Goto(room.url)
	ada.waitIn()
	ada.Before(`window.moved = 0; addEventListener('transitionrun', () => moved++, true); addEventListener('animationstart', () => moved++, true)`)
	ada.Reload()
	ada.waitIn()
	ada.Say("quietly")
	ada.Tap("#people")
	ada.Tap("#people")
	ada.SeesSent()
	if n := See[int](ada, `moved + document.getAnimations().length`); n > 0 {
		t.Errorf("Ada asked for no motion, and %d things move", n)
	}
	if smooth := See[[]string](ada, `[...document.querySelectorAll('*')].filter((el) => getComputedStyle(el).scrollBehavior === 'smooth').map((el) => el.id)`); len(smooth) > 0 {
		t.Errorf("Ada asked for no motion, and these scroll smoothly: %q", smooth)
	}
}
