package room

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"warren/chatd/chat"
)

// What a muted one says, that one sees, and nobody else; live, in history, in
// older history, and after a pause.
func TestShadow(t *testing.T) {
	s := newScript(t)
	tail := s.r.Tail()
	s.say(bob, "before")
	s.do(&chat.Mute{By: host, Who: bob})
	if _, _, err := s.r.Say(context.Background(), chat.Message{From: bob, Text: "spam"}, "spam", Made{}, false); err != nil {
		t.Fatal(err)
	}
	s.came()
	for i, d := range []chat.Deed{&chat.Reaction{From: bob, To: 0, Emoji: "👍"}, &chat.Edit{From: bob, To: 0, Text: "worse"}, &chat.Edit{From: bob, To: 2, Text: "more spam"}} {
		if err := s.r.Do(d, fmt.Sprint(i), false); err != nil {
			t.Fatal(err)
		}
		s.came()
	}
	s.say(ada, "hi")
	for as, want := range map[Viewer]string{
		{}:                           "0:before 6:hi",
		{Person: "ada"}:              "0:before 6:hi",
		{Person: "host", Host: true}: "0:before 6:hi",
		{Person: "bob"}:              "0:before 2:more spam* 3:reaction 4:edit 5:edit 6:hi",
	} {
		if got := s.shown(as); got != want {
			t.Errorf("%+v sees %s, not %s", as, got, want)
		}
		live := []*Entry{}
		for e := tail.Next(); e != nil; e = e.Next() {
			if e.For(as.Person, as.Host) {
				live = append(live, e.Entries...)
			}
		}
		if got := show(live); as.Person != "bob" && got != want {
			t.Errorf("%+v is told %s, not %s", as, got, want)
		} else if as.Person == "bob" && got != "0:before 2:spam 3:reaction 4:edit 5:edit 6:hi" {
			t.Errorf("he is told %s", got)
		}
		for where, other := range map[string]*script{"a restart": s.restarted(), "one from the end": s.behind(6), "one from the mute": s.behind(1)} {
			older, _, err := other.r.Older(t.Context(), as, 7, 100)
			if got := show(older); got != want || err != nil {
				t.Errorf("older, after %s: %+v sees %s, not %s (%v)", where, as, got, want, err)
			}
			if got := other.shown(as); got != want {
				t.Errorf("after %s %+v sees %s, not %s", where, as, got, want)
			}
		}
		v := s.r.View(context.Background(), as, 1)
		if v.Head != 6 || show(v.Entries) != "6:hi" {
			t.Errorf("%+v: %s, head %d", as, show(v.Entries), v.Head)
		}
	}
	tail = s.r.Tail()
	s.h.Whispered([]byte(`{"typing":{"id":"bob","name":"Bob"}}`))
	if e := tail.Next(); e.For("ada", false) || !e.For("bob", false) {
		t.Error("others are told that he writes")
	}
	// Taking back what one said before is no harm.
	if err := s.r.Do(&chat.Delete{From: bob, To: 0}, "d", false); err != nil {
		t.Fatal(err)
	}
	s.came()
	if got := s.shown(Viewer{}); got != "0-deleted 6:hi 7:delete" {
		t.Errorf("deleted: %s", got)
	}
	s.do(&chat.Mute{By: host, Who: bob, Undo: true})
	if _, _, err := s.r.Say(context.Background(), chat.Message{From: bob, Text: "sorry"}, "sorry", Made{}, false); err != nil {
		t.Fatal(err)
	}
	s.came()
	if got := s.shown(Viewer{}); !strings.HasSuffix(got, "9:sorry") {
		t.Errorf("no more muted: %s", got)
	}
}

// What stands behind a mute in the log is seen by its sender alone, whatever the
// daemon that took it knew: it waited for the broker, or another daemon had not read so far.
func TestBehindAMute(t *testing.T) {
	s := newScript(t)
	s.say(bob, "before")
	if err := s.r.Do(&chat.Mute{By: host, Who: bob}, "mute", true); err != nil {
		t.Fatal(err)
	}
	if err := s.says(bob, "after", "after"); err != nil {
		t.Fatal(err)
	}
	if err := s.r.Do(&chat.Reaction{From: bob, To: 0, Emoji: "👎"}, "no", false); err != nil {
		t.Fatal(err)
	}
	if err := s.r.Do(&chat.Edit{From: bob, To: 0, Text: "worse"}, "edit", false); err != nil {
		t.Fatal(err)
	}
	s.came()
	s.want("0:before")
	if got := s.shown(Viewer{Person: "bob"}); got != "0:before 2:after 3:reaction 4:edit" {
		t.Errorf("he sees %s", got)
	}
}

// What stands behind a lock, or behind the end of the chat, is shown to nobody, and its sender
// is told so; a host's is shown.
func TestBehindALock(t *testing.T) {
	for _, test := range []struct {
		deed chat.Deed
		why  string
	}{{&chat.Lock{By: host}, "locked"}, {&chat.Off{By: host}, "off"}, {&chat.Words{By: host, Words: []string{"hi"}}, "words"}} {
		s := newScript(t)
		tail := s.r.Tail()
		if err := s.r.Do(test.deed, "d", true); err != nil {
			t.Fatal(err)
		}
		if err := s.says(bob, "hi", "said"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.r.Say(t.Context(), chat.Message{From: host, Text: "hi"}, "a-host", Made{}, true); err != nil {
			t.Fatal(err)
		}
		s.came()
		s.want("2:hi")
		if got, want := told(tail, Viewer{Person: "bob"}), "said: "+test.why+" 2:hi"; got != want {
			t.Errorf("he is told %s, not %s", got, want)
		}
		if got := told(tail, Viewer{Person: "ada"}); got != "2:hi" {
			t.Errorf("somebody else is told %s", got)
		}
		if got := why(s.says(bob, "hi", "said")); got != test.why {
			t.Errorf("said again, it is refused for %s", got)
		}
		undo := map[string]chat.Deed{"locked": &chat.Lock{By: host, Undo: true}, "off": &chat.Off{By: host, Undo: true}, "words": &chat.Words{By: host}}[test.why]
		s.do(undo)
		if got := why(s.says(bob, "hi", "said")); got != test.why {
			t.Errorf("said again later, what was refused for %s is answered with %s", test.why, got)
		}
	}
}

// A muted guest takes no place of what others said, however much it is: newcomers are
// sent the talk, and who said some of it can take it back.
func TestMutedGuestTakesNoRoom(t *testing.T) {
	s := newScript(t)
	for i := range 100 {
		s.say(ada, fmt.Sprint(i))
	}
	mine := s.say(ada, "mine")
	s.do(&chat.Mute{By: host, Who: bob})
	for i := range maxWindow {
		s.say(bob, fmt.Sprint("spam ", i))
	}
	s.x.reading = func() { t.Error("the log is read") }
	if v := s.r.View(t.Context(), Viewer{Person: "ada"}, 100); messagesIn(v.Entries) != 100 || v.Head != mine {
		t.Errorf("a newcomer is sent %d messages, head %d", messagesIn(v.Entries), v.Head)
	}
	s.x.reading = nil
	if v := s.r.View(t.Context(), Viewer{Person: "bob"}, 1000); messagesIn(v.Entries) != 1000 || v.Entries[999].Message.Text != fmt.Sprint("spam ", maxWindow-1) {
		t.Errorf("he himself is sent %d messages", messagesIn(v.Entries))
	}
	if n := len(s.r.shadows.entries); n > maxShadows {
		t.Errorf("%d of what he says are held", n)
	}
	if err := s.r.Do(&chat.Delete{From: ada, To: mine}, "d", false); err != nil {
		t.Errorf("what she has just said cannot be taken back: %v", err)
	}
}
