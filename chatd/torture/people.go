package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// The time between two things that a writer says is at random up to these. Together
// they say some 35 a second, as many as a hundred busy people: so there is always
// something on its way when something dies, and a phone that was away for a
// minute has missed more than a chatd holds in memory.
const (
	patientPace = 400 * time.Millisecond
	eagerPace   = 150 * time.Millisecond
	maxPending  = 1000 // of one writer; over it, it writes nothing
)

// unwanted is the word that the host does not want now and then.
const unwanted = "zounds"

// write has a phone's owner write until ctx ends: messages, and now and then a
// reaction, an edit or a deletion.
func write(ctx context.Context, p *Phone) {
	pace := patientPace
	if p.eager {
		pace = eagerPace
	}
	for pause(ctx, rand.N(pace)) == nil {
		if n := p.Waiting(p.Said()); n < maxPending && (n < 3*eagerWindow || rand.IntN(10) == 0) {
			p.Do()
		}
	}
}

// Do has the phone's owner do something.
func (p *Phone) Do() {
	own, other, last := p.recent()
	switch n := rand.IntN(40); {
	case n < 3 && last >= 0:
		emoji := []string{"👍", "🎉", "😂"}[rand.IntN(3)]
		undo := rand.IntN(3) == 0
		p.Say(Item{Type: reaction, To: other, Text: emoji}, map[string]any{"type": "react", "to": other, "emoji": emoji, "undo": undo})
	case n < 5 && own >= 0:
		text := fmt.Sprintf("%s has thought again: %d", p.name, p.Said())
		p.Say(Item{Type: edit, To: own, Text: text}, map[string]any{"type": "edit", "to": own, "text": text})
	case n < 6 && own >= 0:
		p.Say(Item{Type: del, To: own}, map[string]any{"type": "delete", "to": own})
	default:
		text := fmt.Sprintf("%s says %d", p.name, p.Said())
		if n == 6 {
			text += " " + unwanted
		}
		p.Write(text)
	}
}

// Write has the phone's owner say a text.
func (p *Phone) Write(text string) (n int) {
	return p.Say(Item{Type: message, Text: text}, map[string]any{"type": "say", "text": text})
}

// recent returns the offset of a message of the phone's own of late, of anybody's, and of the newest; -1 if there
// is none.
func (p *Phone) recent() (own, other, last int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own, other, last = -1, -1, -1
	if n := len(p.own); n > 0 {
		own = p.own[rand.IntN(n)].Offset
	}
	if n := len(p.others); n > 0 {
		other, last = p.others[rand.IntN(n)].Offset, p.others[n-1].Offset
	}
	return own, other, last
}
