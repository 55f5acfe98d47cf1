package room

import (
	"fmt"
	"strings"
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

func TestWindowIsBounded(t *testing.T) {
	w := newWindow(maxWindow, maxWindowBytes)
	for i := range maxWindow + 100 {
		w.add(&Entry{Offset: int64(i)})
	}
	if len(w.entries) != maxWindow || w.entries[0].Offset != 100 {
		t.Errorf("%d entries from %d", len(w.entries), w.entries[0].Offset)
	}
	for i := range 1000 {
		w.add(&Entry{Offset: int64(10_000 + i), Message: chat.Message{Text: strings.Repeat("x", chat.MaxTextBytes)}})
	}
	if w.bytes > maxWindowBytes || len(w.entries) < 100 {
		t.Errorf("%d entries of %d bytes", len(w.entries), w.bytes)
	}
}

// A log of millions of records takes some megabytes of memory: what is too far back is
// forgotten, and is not shown as if nothing had been done to it.
func TestIndexIsBounded(t *testing.T) {
	x := newIndex()
	begin := int64(0)
	for offset := int64(0); offset < 2*maxIndex; offset += chunk / 2 {
		x.set(offset, shown)
		x.edit(offset, offset+1)
		x.images["a"] = append(x.images["a"], offset)
		x.images[fmt.Sprint(offset)] = []int64{offset}
		begin = x.forget(begin)
	}
	const most = maxIndex/chunk + 2
	if len(x.chunks) > most || len(x.edits) > most || len(x.images) > 2*most+1 || len(x.images["a"]) > 2*most {
		t.Errorf("%d chunks, %d edits, %d pictures, of one %d", len(x.chunks), len(x.edits), len(x.images), len(x.images["a"]))
	}
	if begin < maxIndex-2*chunk || begin > 2*maxIndex-maxIndex || x.of(begin) != shown|edited || x.editOf(begin) != begin+1 {
		t.Errorf("known is what stands from %d on", begin)
	}
}
