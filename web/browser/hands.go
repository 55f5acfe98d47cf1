package browser

import (
	"encoding/json"
	"fmt"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What a guest does with fingers, mouse and keys.

// Tap taps what a CSS selector finds, on a phone, or clicks it. It waits until
// it is there to be hit.
func (p *Phone) Tap(selector string) {
	p.t.Helper()
	var at struct {
		X, Y float64
		Over string
	}
	Eventually(p.t, Patience, func() bool {
		at = See[struct {
			X, Y float64
			Over string
		}](p, fmt.Sprintf(`(() => {
			const el = document.querySelector(%s);
			if (!el) return {Over: 'nothing like it'};
			const r = el.getBoundingClientRect();
			const x = r.left + r.width / 2, y = r.top + r.height / 2;
			const hit = document.elementFromPoint(x, y);
			const own = hit && (el.contains(hit) || hit.contains(el) && hit.matches('label'));
			return {X: x, Y: y, Over: own ? '' : hit ? hit.outerHTML.slice(0, 80) : 'not on the screen'};
		})()`, quote(selector)))
		return at.Over == ""
	}, func() string {
		return fmt.Sprintf("%s cannot tap %s; what is there: %s\n%s", p.Guest, selector, at.Over, p.Screen())
	})
	if p.Device.Touch {
		tell(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at.X, Y: at.Y}}})
		tell(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
		return
	}
	p.must(chromedp.Do(p.brief(), chromedp.MouseClickXY(at.X, at.Y)))
}

// Press presses keys, each as on a keyboard; kb.Enter and its like are keys
// too.
func (p *Phone) Press(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.must(chromedp.Do(p.brief(), chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...))))
}

// Key presses one key whose character no text takes if the page has another use
// for it. Press gives a character to whatever has the cursor by then.
func (p *Phone) Key(key string) {
	p.t.Helper()
	for _, event := range []input.DispatchKeyEventParams{
		{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key},
		{Type: input.DispatchKeyEventTypeKeyUp, Key: key},
	} {
		tell(p, input.DispatchKeyEvent, event)
	}
}

// Paste puts text in where the cursor is, all at once.
func (p *Phone) Paste(text string) {
	p.t.Helper()
	tell(p, input.InsertText, input.InsertTextParams{Text: text})
}

// Write taps the line to write in and writes text: with keys if it is short and
// has nothing but ASCII.
func (p *Phone) Write(text string) {
	p.t.Helper()
	p.Tap("#text")
	p.Until("the cursor in the line to write in", "document.activeElement.id === 'text'")
	for _, r := range text {
		if r < ' ' || r > '~' || len(text) > 60 {
			p.Paste(text)
			return
		}
	}
	p.Press(text)
}

// Say writes text and sends it: on a phone with the button, else with Enter.
func (p *Phone) Say(text string) {
	p.t.Helper()
	p.Write(text)
	if p.Device.Touch {
		p.Tap("#send")
	} else {
		p.Press(kb.Enter)
	}
	p.Until("an empty line after sending", "document.querySelector('#text').value === ''")
}

// Rename changes the guest's name in the room.
func (p *Phone) Rename(name string) {
	p.t.Helper()
	p.Tap("#name")
	p.Until("the line for the name", "document.activeElement.id === 'new-name'")
	p.Paste(name) // the old one is selected
	p.Press(kb.Enter)
	p.Until("the name "+name, fmt.Sprintf("document.querySelector('#name bdi').textContent === %s", quote(name)))
}

// Scroll turns the wheel over the conversation, and waits until it stands
// still; negative is up.
func (p *Phone) Scroll(pixels float64) {
	p.t.Helper()
	tell(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: input.DispatchMouseEventTypeMouseWheel, X: float64(p.Device.Width) / 2, Y: float64(p.Device.Height) / 2,
		DeltaX: 1e-9, DeltaY: pixels, // a zero would not be sent, and Chromium wants both
	})
	p.Still()
}

// Still waits until the conversation stands still: for a tenth of a second.
func (p *Phone) Still() {
	p.t.Helper()
	See[bool](p, `new Promise((done) => {
		let last = -1, since = 0;
		const look = (now) => {
			const place = document.querySelector('#conversation').scrollTop;
			if (place !== last) [last, since] = [place, now];
			if (now - since > 100) done(true); else requestAnimationFrame(look);
		};
		requestAnimationFrame(look);
	})`)
}

// quote makes a JavaScript string.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string cannot fail to marshal
	return string(b)
}
