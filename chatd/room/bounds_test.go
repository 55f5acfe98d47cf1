package room

import (
	"fmt"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Whatever happens in the room, a phone that has not read it yet is behind by it:
// no kind of event is held for nothing.
func TestEveryEventCounts(t *testing.T) {
	people := make([]chat.Person, MaxPeople)
	for i := range people {
		people[i] = chat.Person{ID: fmt.Sprintf("person-%d", i), Name: "Somebody"}
	}
	state, box := fanout.Away, "trouble"
	for name, test := range map[string]struct {
		event *Event
		least int64 // what it takes in memory, and not less
	}{
		"typing":   {&Event{Typing: &people[0]}, 200},
		"presence": {&Event{Presence: &Presence{Count: MaxPeople, People: people}}, MaxPeople * 60},
		"broker":   {&Event{Broker: &state}, 200},
		"box":      {&Event{Box: &box}, 200},
		"lost":     {&Event{Lost: true}, 200},
		"message":  {&Event{Entries: []*Entry{{Message: chat.Message{Text: "hello"}}}}, 400},
	} {
		r, _, _, _ := newRoom(t)
		before := r.Tail()
		r.mu.Lock()
		r.append(test.event)
		r.mu.Unlock()
		if got := before.Behind(r.Tail()); got < test.least {
			t.Errorf("%s: counts as %d bytes, takes at least %d", name, got, test.least)
		}
	}
}

// Of guests who have gone the room knows nothing any more.
func TestRoomForgetsGuests(t *testing.T) {
	announce(t, func(r *Room, h handler, _ *scripted) {
		for i := range 500 {
			p := chat.Person{ID: fmt.Sprintf("person-%d", i), Name: "Somebody"}
			r.Enter(p)
			r.Typing(p)
			r.Rename(p)
			r.Leave(p.ID)
		}
		if n := len(r.presence.local); n != 0 {
			t.Errorf("%d of them are left", n)
		}
	})
}
