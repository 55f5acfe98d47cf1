package room

import (
	"strings"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Before the log has been read, what hosts have done is not known: nothing is taken of
// anybody, and nothing is shown; at the start, and whenever it is read afresh.
func TestClosedUntilTheLogIsRead(t *testing.T) {
	picture := &chat.Picture{ID: strings.Repeat("a", 64), W: 10, H: 10}
	s := newScript(t)
	s.put(chat.Message{From: ada, Text: "rude", Picture: picture}.Record("m", chat.Stamp{}))
	s.say(bob, "hi")
	s.do(&chat.Hide{By: host, To: 0})
	s.do(&chat.Mute{By: host, Who: bob})
	s.do(&chat.Kick{By: host, Who: bob})
	s.do(&chat.Words{By: host, Words: []string{"idiot"}})
	s.do(&chat.Title{By: host, Title: "Then"})
	s.do(&chat.Lock{By: host})

	closed := func(when string, o *script) {
		t.Helper()
		if o.r.Known() || o.r.Epoch() != "" {
			t.Errorf("%s: it is known", when)
		}
		for what, err := range map[string]error{
			"a muted one": o.says(bob, "you idiot", "x"),
			"said before": o.says(bob, "hi", "m1"),
			"a host":      o.r.Do(&chat.Lock{By: host, Undo: true}, "x", true),
			"a reaction":  o.r.Do(&chat.Reaction{From: bob, To: 0, Emoji: "👍"}, "x", false),
			"an edit":     o.r.Do(&chat.Edit{From: bob, To: 1, Text: "x"}, "x", false),
			"a deletion":  o.r.Do(&chat.Delete{From: bob, To: 1}, "x", false),
			"a daemon's":  o.r.Do(&chat.Clock{Boot: "b", Began: 1_800_000_000_000}, "x", false),
			"a picture": func() error {
				_, _, err := o.r.Say(t.Context(), chat.Message{From: bob, Picture: picture}, "x", Made{}, true)
				return err
			}(),
			"of a new log": func() error {
				_, _, err := o.r.Say(t.Context(), chat.Message{From: bob, Text: "x"}, "x", Made{Epoch: "e"}, false)
				return err
			}(),
		} {
			if got := why(err); got != "away" || err.(*Refusal).Retry <= 0 {
				t.Errorf("%s: %s is answered with %s", when, what, got)
			}
		}
		if len(o.x.published) != 0 {
			t.Errorf("%s: published %+v", when, o.x.published)
		}
		if served, known := o.r.PictureServed(picture.ID); served || known {
			t.Errorf("%s: a hidden picture is served: %v, known: %v", when, served, known)
		}
		if v := o.r.View(t.Context(), Viewer{}, 10); v.Epoch != "" || len(v.Entries) != 0 || v.Head != -1 {
			t.Errorf("%s: shown is %s", when, show(v.Entries))
		}
		if _, _, err := o.r.Older(t.Context(), Viewer{}, 7, 10); err != fanout.ErrAway {
			t.Errorf("%s: scrolling up: %v", when, err)
		}
		if err := o.r.Walk(t.Context(), func(*Entry) error { return nil }); err != fanout.ErrAway {
			t.Errorf("%s: the transcript: %v", when, err)
		}
	}
	open := func(when string, o *script) {
		t.Helper()
		o.h.State(fanout.Up, "")
		if !o.r.Known() || !o.r.Muted("bob") || !o.r.Kicked("bob") || !o.r.Unwanted("idiot") || why(o.says(ada, "x", "x")) != "locked" {
			t.Errorf("%s: what the hosts did does not hold", when)
		}
		if served, known := o.r.PictureServed(picture.ID); served || !known {
			t.Errorf("%s: the hidden picture is served: %v", when, served)
		}
	}
	o := s.another()
	closed("before anything is read", o)
	o.h.Reset("e", nil)
	closed("before the first record", o)
	o.h.Deliver(o.x.log[:len(o.x.log)-1])
	closed("in the middle of the log", o)
	if o.r.State().Title != "" || len(o.r.Host().Muted) > 0 {
		t.Error("in the middle of the log: told is how the room was set up then")
	}
	o.h.Deliver(o.x.log[len(o.x.log)-1:])
	closed("before its end is known", o)
	tail := o.r.Tail()
	open("once it is read", o)
	if e := tail.Next(); e == nil || !e.Lost {
		t.Error("sessions are not told that there is something to see")
	}
	for _, state := range []fanout.State{fanout.Away, fanout.Up, fanout.Full} {
		o.h.State(state, "")
		o.h.Reset("e", nil)
		closed("while it is read afresh", o)
		if !o.r.State().Locked || len(o.r.Host().Muted) == 0 {
			t.Error("while it is read afresh: told is that the room is not locked, and nobody muted")
		}
		o.h.Deliver(o.x.log)
		closed("while it is read afresh", o)
		open("read afresh", o)
	}
}
