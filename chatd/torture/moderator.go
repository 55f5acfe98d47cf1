package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// A Moderator is the host: on a phone, with the host's cookie. One deed is on its way at a
// time, and said again with its ref until it is among the hosts' deeds or refused, as the page does it.
type Moderator struct {
	phone  *Phone
	guests []string // ids, of whom some may be muted
}

// moderation is how long there is between two deeds, at random up to it: so a deed is on its way whenever
// something dies.
const moderation = 700 * time.Millisecond

// slowSeconds is slow mode's: with less than two, the slack of clocks would be all of it.
const slowSeconds = 2

// A deed of the host's, and the one that takes it back.
type rule struct {
	item  Item
	frame map[string]any
}

func rules(verb string, fields map[string]any) rule {
	r := rule{Item{Type: verb}, map[string]any{"type": "host", "verb": verb}}
	for k, v := range fields {
		r.frame[k] = v
	}
	if to, ok := fields["to"].(int64); ok {
		r.item.To = to
	}
	if text, ok := fields["text"].(string); ok && verb == "pin" {
		r.item.Text = text
	}
	return r
}

// Moderate has the host do what hosts do, at random, until ctx ends. Then it puts the room right: all may write
// again, nothing is cleared, and the first of the guests is muted.
func (m *Moderator) Moderate(ctx context.Context) {
	const open = 4 // how many deeds at most wait to be taken back
	var undo []rule
	for pause(ctx, rand.N(moderation)) == nil {
		if m.phone.Waiting(m.phone.Said()) > 2 {
			continue
		}
		if len(undo) == open || len(undo) > 0 && rand.IntN(2) == 0 {
			m.do(undo[0])
			undo = undo[1:]
		} else if do, back, ok := m.choose(); ok {
			m.do(do)
			if back.frame != nil {
				undo = append(undo, back)
			}
		}
	}
	for _, r := range undo {
		m.do(r)
	}
	m.do(rules("mute", map[string]any{"who": m.guests[0]}))
}

func (m *Moderator) do(r rule) { m.phone.Say(r.item, r.frame) }

// choose returns something to do, and how it is taken back.
func (m *Moderator) choose() (do, back rule, ok bool) {
	undone := map[string]any{"undo": true}
	switch n := rand.IntN(40); {
	case n < 12:
		who := m.guests[rand.IntN(len(m.guests))]
		return rules("mute", map[string]any{"who": who}), rules("mute", map[string]any{"who": who, "undo": true}), true
	case n < 15:
		return rules("lock", nil), rules("lock", undone), true
	case n < 16:
		return rules("off", map[string]any{"text": "Pause."}), rules("off", undone), true
	case n < 17:
		return rules("slow", map[string]any{"seconds": slowSeconds}), rules("slow", map[string]any{"seconds": 0}), true
	case n < 21:
		return rules("words", map[string]any{"words": []string{unwanted}}), rules("words", map[string]any{"words": []string{}}), true
	case n < 23:
		return rules("clear", nil), rules("clear", undone), true
	case n < 24:
		return rules("pin", map[string]any{"text": fmt.Sprintf("Announcement %d", m.phone.Said())}), rule{}, true
	case n < 25:
		return rules("title", map[string]any{"text": fmt.Sprintf("Hall %d", m.phone.Said())}), rule{}, true
	default:
		_, to, last := m.phone.recent()
		if last < 0 {
			return rule{}, rule{}, false
		}
		if rand.IntN(2) == 0 {
			return rules("hide", map[string]any{"to": to}), rule{}, true
		}
		return rules("hide", map[string]any{"to": to}), rules("hide", map[string]any{"to": to, "undo": true}), true
	}
}

// SendOut sends somebody out.
func (m *Moderator) SendOut(p *Phone) {
	m.do(rules("kick", map[string]any{"who": p.history.Sender, "name": p.name}))
}
