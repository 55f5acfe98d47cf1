package browser

import (
	"fmt"
	"slices"
	"strings"
)

// What a guest sees.

// Message is a message on the screen.
type Message struct {
	Name  string // of who said it; empty: it is the guest's own
	Text  string
	State string // pending, sent or failed
}

// Messages returns all messages on the page, from top to bottom: those of the
// log, and below them what waits to be sent.
func (p *Phone) Messages() []Message {
	p.t.Helper()
	return See[[]Message](p, `[...document.querySelectorAll('#log > .message, #pending > .message')].map((m) => ({
		Name: m.classList.contains('own') ? '' : m.querySelector('.who bdi').textContent,
		Text: m.querySelector('.text').textContent,
		State: m.dataset.state,
	}))`)
}

// Texts returns the texts of all messages on the page.
func (p *Phone) Texts() []string {
	p.t.Helper()
	var texts []string
	for _, m := range p.Messages() {
		texts = append(texts, m.Text)
	}
	return texts
}

// Sees waits until there is a message with this text.
func (p *Phone) Sees(text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("the message %.60q", text), fmt.Sprintf(
		`[...document.querySelectorAll('.message .text')].some((m) => m.textContent === %s)`, quote(text)))
}

// SeesPending waits until all these own messages are there and wait to be sent.
func (p *Phone) SeesPending(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.Until(fmt.Sprintf("%.60q as waiting to be sent", text), fmt.Sprintf(
			`[...document.querySelectorAll('.message.own[data-state="pending"] .text')].some((m) => m.textContent === %s)`, quote(text)))
	}
}

// SeesSent waits until nothing of the guest's own waits any more.
func (p *Phone) SeesSent() {
	p.t.Helper()
	p.Until("all own messages sent", `!document.querySelector('.message.own:not([data-state="sent"])')`)
}

// SeesStatus waits until the status line says something that begins so; empty:
// until it says nothing.
func (p *Phone) SeesStatus(beginning string) {
	p.t.Helper()
	status := `document.querySelector('#status').textContent`
	if beginning == "" {
		p.Until("no status line", status+` === ''`)
		return
	}
	p.Until("the status line "+beginning, fmt.Sprintf("%s.startsWith(%s)", status, quote(beginning)))
}

// SeesExactly waits until the texts on the page are these, in this order.
func (p *Phone) SeesExactly(want ...string) {
	p.t.Helper()
	var got []string
	Eventually(p.t, Patience, func() bool {
		got = p.Texts()
		return slices.Equal(got, want)
	}, func() string {
		return fmt.Sprintf("%s sees %s\n%s", p.Guest, difference(got, want), p.Screen())
	})
}

// difference says in what way got is not want.
func difference(got, want []string) string {
	var lost, extra []string
	count := make(map[string]int)
	for _, w := range want {
		count[w]++
	}
	for _, g := range got {
		if count[g]--; count[g] < 0 {
			extra = append(extra, fmt.Sprintf("%.40q", g))
		}
	}
	for _, w := range want {
		if count[w] > 0 {
			lost = append(lost, fmt.Sprintf("%.40q", w))
			count[w]--
		}
	}
	s := fmt.Sprintf("%d messages, not %d", len(got), len(want))
	if len(lost) > 0 {
		s += "; missing: " + strings.Join(lost[:min(len(lost), 10)], " ")
	}
	if len(extra) > 0 {
		s += "; twice or not expected: " + strings.Join(extra[:min(len(extra), 10)], " ")
	}
	if len(lost)+len(extra) == 0 {
		for i := range got {
			if got[i] != want[i] {
				return s + fmt.Sprintf("; out of order from message %d on: %.40q where %.40q was expected", i, got[i], want[i])
			}
		}
	}
	return s
}
