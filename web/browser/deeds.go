package browser

import (
	"fmt"
	"strings"
)

// What a guest does with messages.

// found is the newest message of the log with this text, in JavaScript.
func found(text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('#log > .message')].findLast((m) => m.querySelector('.text').textContent === %s)`, quote(text))
}

// At waits until a message is in the log, and returns its selector.
func (p *Phone) At(text string) string {
	p.t.Helper()
	p.Until(fmt.Sprintf("the message %.60q in the log", text), found(text))
	return fmt.Sprintf(`#log > [data-offset="%s"]`, See[string](p, found(text)+".dataset.offset"))
}

// Open taps a message, and waits for the row of what can be done with it. It
// returns the message's selector.
func (p *Phone) Open(text string) string {
	p.t.Helper()
	at := p.At(text)
	p.calm()
	p.Tap(at + " .text")
	p.Until("what can be done with the message", fmt.Sprintf("document.querySelector('%s .actions')", at))
	return at
}

// Act opens a message's row and taps something in it: reply, change or remove.
func (p *Phone) Act(text, act string) {
	p.t.Helper()
	p.Tap(fmt.Sprintf("%s [data-act=%s]", p.Open(text), act))
}

// React opens a message's row and taps an emoji.
func (p *Phone) React(text, emoji string) {
	p.t.Helper()
	at := p.Open(text)
	p.calm()
	p.Tap(fmt.Sprintf("%s .actions [data-emoji=\"%s\"]", at, emoji))
	p.Until("the row gone", fmt.Sprintf("!document.querySelector('%s .actions')", at))
}

// calm waits until what has just been done is on the screen: a finger aims at what
// it sees.
func (p *Phone) calm() {
	p.t.Helper()
	See[bool](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
}

// SeesChips waits until these, such as "👍 2", stand under a message, and nothing
// of it waits.
func (p *Phone) SeesChips(text string, chips ...string) {
	p.t.Helper()
	want := strings.Join(chips, ", ")
	p.Until(fmt.Sprintf("%q under %.60q", want, text), fmt.Sprintf(
		`((m) => m && !m.querySelector('.unsure') && [...m.querySelectorAll('.chip')].map((c) => c.textContent).join(', ') === %s)(%s)`, quote(want), found(text)))
}
