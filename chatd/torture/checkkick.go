package main

import "warren/chatd/chat"

// kickLag is how many records a phone may be sent after its kick: as many as
// a chatd reads at a time, and then some.
const kickLag = 1000

// checkKicks checks that nobody who was sent out has come in before the time. A chatd that has
// shown anybody something after the kick knows of it, from then on, and however often it is
// started again.
func (c *checker) checkKicks(phones []History) {
	for _, r := range c.Records {
		if r.Type != "kick" || r.Bad || r.Repeat {
			continue
		}
		known := knownSince(phones, r.Offset)
		for _, p := range phones {
			if p.Sender == r.Body.Who.ID {
				c.checkKick(p, r, known)
			}
		}
	}
}

// knownSince returns when each chatd, by its door, has proven first that it had read as far as an
// offset.
func knownSince(phones []History, offset int64) map[int]int64 {
	known := make(map[int]int64)
	for _, p := range phones {
		for _, e := range p.Events {
			proof := e.Kind == Shown && e.Item.Offset >= offset || e.Kind == Welcomed && e.Up && e.Head >= offset
			if since, has := known[e.Door]; proof && (!has || e.At < since) {
				known[e.Door] = e.At
			}
		}
	}
	return known
}

func (c *checker) checkKick(p History, kick *Judged, known map[int]int64) {
	until := kick.UpMS + chat.KickTime.Milliseconds()
	called, found := int64(0), false
	for _, e := range p.Events {
		in := false
		switch e.Kind {
		case Called:
			called, found = e.At, false
		case Welcomed:
			since, knows := known[e.Door]
			in = e.Up && knows && called > since
		case Shown:
			since, knows := known[e.Door]
			in = e.Item.Offset > kick.Offset+kickLag || knows && called > since
		}
		if in && !found && e.At < until {
			found = true
			c.find(LetIn, p.Phone, "it was sent out at offset %d, called chatd %d, which knew, %d ms later, and is in the room", kick.Offset, e.Door, called-kick.UpMS)
		}
	}
}
