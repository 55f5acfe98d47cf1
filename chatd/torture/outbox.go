package main

import (
	"maps"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// patience is how long a phone waits for an answer before it says the same again.
	patience = 5 * time.Second

	// eagerWindow is how much an eager phone has on its way at a time.
	eagerWindow = 20

	// deedTries is how often a reaction, an edit or a deletion is said. What others have
	// overtaken, or what was cleared, is not shown again to who has missed it: then no
	// tick comes.
	deedTries = 3
)

// pending is what is neither ticked nor refused.
type pending struct {
	n      int
	item   Item // Type, Ref, Text, To
	frame  map[string]any
	at     time.Time // when it was said on this connection; zero: not yet
	before time.Time // it must not be said before
	tries  int
}

// Say has the phone say or do something: a frame without a ref. The item is what of it comes back.
func (p *Phone) Say(item Item, frame map[string]any) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	item.Ref = p.nextRef()
	frame = maps.Clone(frame)
	frame["ref"] = item.Ref
	if !p.eager && p.last != nil && item.Type == message {
		frame["since"], frame["epoch"] = p.last.Offset, p.epoch // as the page does
	}
	p.record(Event{Kind: Said, Item: item})
	p.pending = append(p.pending, &pending{n: p.said, item: item, frame: frame})
	p.signal()
	return p.said
}

// take takes what has an answer out of the outbox. p.mu is held.
func (p *Phone) take(ref string, of func(kind string) bool) *pending {
	i := slices.IndexFunc(p.pending, func(w *pending) bool { return w.item.Ref == ref && of(w.item.Type) })
	if i < 0 {
		return nil
	}
	w := p.pending[i]
	p.pending = slices.Delete(p.pending, i, i+1)
	return w
}

func (p *Phone) tick(kind, ref string) {
	if w := p.take(ref, func(k string) bool { return k == kind }); w != nil {
		p.record(Event{Kind: Ticked, Item: w.item})
	}
}

// refuse takes in that something was refused: for now, or for good.
func (p *Phone) refuse(f frame) {
	p.refused[f.Why]++
	if f.Ref == "" {
		return
	}
	i := slices.IndexFunc(p.pending, func(w *pending) bool { return w.item.Ref == f.Ref })
	if i < 0 {
		return // it has been ticked, or refused, by another chatd
	}
	w := p.pending[i]
	p.record(Event{Kind: Refused, Item: w.item, Again: f.RetryMS > 0})
	if f.RetryMS > 0 {
		w.at, w.before = time.Time{}, time.Now().Add(time.Duration(f.RetryMS)*time.Millisecond)
	} else {
		p.pending = slices.Delete(p.pending, i, i+1)
	}
}

// speak says what waits, and asks whether anybody is there, until the line
// breaks.
func (p *Phone) speak(conn *websocket.Conn, over <-chan struct{}) {
	defer conn.Close() // if it ends by itself, wakes the listener
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		says, wait := p.next()
		for _, say := range says {
			if p.write(conn, say) != nil {
				return
			}
		}
		select {
		case <-over:
			return
		case <-p.changed:
		case <-time.After(wait):
		case <-ping.C:
			if p.write(conn, map[string]any{"type": "ping"}) != nil {
				return
			}
		}
	}
}

// next returns what is to be said now, and when to ask again.
func (p *Phone) next() (says []map[string]any, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	window := 1
	wait = patience
	if p.eager {
		window = eagerWindow
	} else if p.away {
		return nil, wait
	}
	if !p.live || p.wall {
		return nil, wait
	}
	now := time.Now()
	p.pending = slices.DeleteFunc(p.pending, func(w *pending) bool {
		return w.tries == deedTries && now.Sub(w.at) > patience && (w.item.Type == reaction || w.item.Type == edit || w.item.Type == del)
	})
	for _, w := range p.pending[:min(window, len(p.pending))] {
		if early := w.before.Sub(now); early > 0 {
			wait = min(wait, early)
			if !p.eager {
				break
			}
		} else if now.Sub(w.at) > patience {
			if w.tries > 0 {
				p.again++
			}
			w.at = now
			w.tries++
			says = append(says, w.frame)
		}
	}
	return says, wait
}

// signal tells speak. p.mu is held.
func (p *Phone) signal() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// Said returns how much was said on the phone.
func (p *Phone) Said() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// Waiting returns how much of the first n that were said on the phone is neither ticked nor refused.
func (p *Phone) Waiting(n int) (waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.pending {
		if w.n <= n {
			waiting++
		}
	}
	return waiting
}
