package room

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// announce runs the presence of a room in a test's own time.
func announce(t *testing.T, test func(r *Room, h handler, x *scripted)) {
	synctest.Test(t, func(t *testing.T) {
		r, h, x, _ := newRoom(t)
		h.Reset("e", nil)
		h.State(fanout.Up, "")
		ctx, cancel := context.WithCancel(t.Context())
		go r.announce(ctx)
		test(r, h, x)
		cancel()
		synctest.Wait()
	})
}

func TestPresence(t *testing.T) {
	announce(t, func(r *Room, h handler, x *scripted) {
		start := r.Tail()
		r.Enter(chat.Person{ID: "a", Name: "Ada"})
		r.Enter(chat.Person{ID: "a", Name: "Ada"})
		r.Enter(chat.Person{ID: "b", Name: "Bob"})
		time.Sleep(2 * time.Second)
		r.Leave("a")
		time.Sleep(2 * time.Second)
		r.Leave("a")
		r.Rename(chat.Person{ID: "b", Name: "Bea"})
		time.Sleep(2 * time.Second)
		if got := follow(start); got != "presence 2, presence 1" {
			t.Errorf("sessions were told: %s", got)
		}
		if p := r.Presence(); p.People[0].Name != "Bea" {
			t.Errorf("presence is %+v", p)
		}
	})
}

// A second daemon's guests count, until nothing is heard of it.
func TestPresenceOfOthers(t *testing.T) {
	announce(t, func(r *Room, h handler, x *scripted) {
		start := r.Tail()
		r.Enter(chat.Person{ID: "a", Name: "Ada"})
		other, _ := json.Marshal(whisper{Node: "n2", Presence: &Presence{Count: 2, People: []chat.Person{{ID: "a", Name: "Ada"}, {ID: "c", Name: "\u202eCy"}}}})
		h.Whispered(other)
		h.Whispered([]byte("junk"))
		time.Sleep(time.Second)
		if p := r.Presence(); p.Count != 2 || p.People[1].Name != "Cy" {
			t.Errorf("presence is %+v", p)
		}
		time.Sleep(presenceExpiry + time.Second)
		if p := r.Presence(); p.Count != 1 {
			t.Errorf("presence is %+v", p)
		}
		if got := follow(start); got != "presence 2, presence 1" {
			t.Errorf("sessions were told: %s", got)
		}
		if n := len(x.whispers); n < 3 || n > 6 {
			t.Errorf("%d whispers in %v", n, presenceExpiry)
		}
	})
}

func TestTyping(t *testing.T) {
	r, h, x, _ := newRoom(t)
	h.Reset("e", nil)
	h.State(fanout.Up, "")
	start := r.Tail()
	r.Typing(chat.Person{ID: "a", Name: "Ada"})
	h.Whispered(x.whispers[0])
	if got := follow(start); got != "typing Ada" {
		t.Errorf("sessions were told: %s", got)
	}
}

// In a crowd presence is told rarely, and names some.
func TestPresenceOfACrowd(t *testing.T) {
	announce(t, func(r *Room, h handler, x *scripted) {
		start := r.Tail()
		for i := range 1000 {
			r.Enter(chat.Person{ID: fmt.Sprint("p", i), Name: "N"})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		told := 0
		for e := start.Next(); e != nil; e = e.Next() {
			told++
			if len(e.Presence.People) > MaxPeople {
				t.Errorf("%d people are named", len(e.Presence.People))
			}
		}
		if told > 12 || r.Presence().Count != 1000 {
			t.Errorf("told %d times, at last %d", told, r.Presence().Count)
		}
	})
}
