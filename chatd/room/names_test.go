package room

import (
	"encoding/json"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fold"
)

// names are who is here as somebody is told it.
func names(p Presence) (all []string) {
	for _, q := range p.People {
		all = append(all, q.ID+" "+q.Name)
	}
	return all
}

func wantNames(t *testing.T, what string, p Presence, want ...string) {
	t.Helper()
	a, _ := json.Marshal(names(p))
	if b, _ := json.Marshal(want); string(a) != string(b) {
		t.Errorf("%s: here are %s, not %s", what, a, b)
	}
}

// Nobody speaks by their name who may not speak: neither by what they call themselves, nor
// by what they are called in what they say, do, or are seen writing.
func TestNamesAreModerated(t *testing.T) {
	announce(t, func(r *Room, h handler, x *scripted) {
		s := &script{t: t, r: r, h: h, x: x, up: now.UpMS}
		r.Enter(ada)
		r.Enter(bob)
		s.do(&chat.Mute{By: host, Who: bob})
		s.do(&chat.Words{By: host, Words: []string{"idiot"}})
		time.Sleep(time.Second)
		tail := r.Tail()
		r.Rename(chat.Person{ID: "bob", Name: "THE HOST IS BAD"})
		r.Rename(chat.Person{ID: "ada", Name: "Idiot"})
		other, _ := json.Marshal(whisper{Node: "n2", Presence: &Presence{Count: 2, People: []chat.Person{{ID: "bob", Name: "HE IS"}, {ID: "cy", Name: "an IDIOT"}}}})
		h.Whispered(other)
		time.Sleep(2 * time.Second)
		neutral := func(id string) string { return id + " " + fold.NeutralName(id) }
		public := []string{neutral("ada"), "bob Bob", neutral("cy")}
		if fold.NeutralName("cy") < "Bob" {
			public[1], public[2] = public[2], public[1]
		}
		for e := tail.Next(); e != nil; e = e.Next() {
			if e.Presence == nil {
				continue
			}
			for _, n := range names(*e.Presence) {
				if e.For("eve", false) && (n == "bob THE HOST IS BAD" || n == "ada Idiot" || n == "cy an IDIOT") {
					t.Errorf("everybody is told of %s", n)
				}
				if e.For("bob", false) && n == "bob Bob" {
					t.Error("he is told that others see him under another name: he is muted")
				}
			}
		}
		for _, n := range names(r.Presence()) {
			if n != neutral("ada") && n != "bob Bob" && n != neutral("cy") {
				t.Errorf("here is %s", n)
			}
		}
		own := r.View(t.Context(), Viewer{Person: "bob"}, 1).Presence
		found := false
		for _, n := range names(own) {
			found = found || n == "bob THE HOST IS BAD"
		}
		if !found {
			t.Errorf("he himself is told %v", names(own))
		}
		tail = r.Tail()
		h.Whispered([]byte(`{"typing":{"id":"bob","name":"HE IS BAD"}}`))
		h.Whispered([]byte(`{"typing":{"id":"ada","name":"1d1ot"}}`))
		for e := tail.Next(); e != nil; e = e.Next() {
			if e.Typing != nil && e.For("eve", false) && e.Typing.Name != fold.NeutralName("ada") {
				t.Errorf("seen writing is %v", e.Typing)
			}
		}
		s.do(&chat.Mute{By: host, Who: bob, Undo: true})
		s.do(&chat.Words{By: host})
		time.Sleep(time.Second)
		wantNames(t, "nobody is muted, no word unwanted", r.Presence(), "ada Idiot", "bob THE HOST IS BAD", "cy an IDIOT")
	})
}

// The name on what was said is not shown either if a host does not want it; and goes with what is
// hidden.
func TestNamesOfWhatWasSaid(t *testing.T) {
	s := newScript(t)
	s.say(chat.Person{ID: "eve", Name: "Eve the rude"}, "0")
	s.do(&chat.Words{By: host, Words: []string{"idiot"}})
	s.say(chat.Person{ID: "cy", Name: "Idiot"}, "2")
	s.put(chat.Record{App: "idiot-bot", Body: []byte("3")})
	s.do(&chat.Reaction{From: chat.Person{ID: "cy", Name: "IDI0T"}, To: 0, Emoji: "👍"})
	s.put(chat.Message{From: chat.Person{ID: "h", Name: "No idiot"}, Text: "5", Host: true}.Record("h", chat.Stamp{}))
	s.do(&chat.Hide{By: host, To: 0})
	want := []string{fold.NeutralName("eve"), fold.NeutralName("cy"), chat.PlainName, fold.NeutralName("cy"), "No idiot"}
	for where, s := range map[string]*script{"live": s, "after a restart": s.restarted(), "from the middle": s.behind(3), "from the end": s.behind(6)} {
		var got []string
		for _, e := range s.r.View(t.Context(), Viewer{}, 10).Entries {
			switch d := e.Deed.(type) {
			case nil:
				got = append(got, e.Message.From.Name)
			case *chat.Reaction:
				got = append(got, d.From.Name)
			}
		}
		a, _ := json.Marshal(got)
		if b, _ := json.Marshal(want); string(a) != string(b) {
			t.Errorf("%s: the names are %s, not %s", where, a, b)
		}
	}
	s.do(&chat.Hide{By: host, To: 0, Undo: true})
	if got := s.r.View(t.Context(), Viewer{}, 10).Entries[0].Message.From.Name; got != "Eve the rude" {
		t.Errorf("shown again, it is %s's", got)
	}
}

// Who comes in while the log is read, and looks who is here, is told afterwards under which names
// people are shown.
func TestNamesAfterTheLogIsRead(t *testing.T) {
	s := newScript(t)
	s.say(bob, "hi")
	s.do(&chat.Mute{By: host, Who: bob})
	o := s.another()
	o.r.Enter(chat.Person{ID: "bob", Name: "BAD"})
	o.h.Reset("e", nil)
	o.r.View(t.Context(), Viewer{}, 1)
	o.h.Deliver(o.x.log)
	o.h.State(fanout.Up, "")
	wantNames(t, "once it is read", o.r.Presence(), "bob Bob")
}
