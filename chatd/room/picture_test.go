package room

import (
	"fmt"
	"strings"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// served says which of the pictures a, b, c, … are served.
func (s *script) served() (all string) {
	for id := 'a'; id <= 'f'; id++ {
		if served, known := s.r.Picture(strings.Repeat(string(id), 64)); served {
			all += string(id)
		} else if !known {
			all += "?"
		}
	}
	return all
}

func (s *script) show(id string) int64 {
	return s.put(chat.Message{From: ada, Text: id, Picture: &chat.Picture{ID: strings.Repeat(id, 64), W: 1, H: 1}}.Record(fmt.Sprint("m", s.next), chat.Stamp{}))
}

// A picture that was hidden, taken back or cleared is served to nobody, however much is said
// after it, and whenever the daemon was started; one that can be seen is served.
func TestHiddenPicturesStayHidden(t *testing.T) {
	s := newScript(t)
	want := func(when, want string) {
		t.Helper()
		for where, o := range map[string]*script{"live": s, "after a restart": s.restarted(), "begun behind the end": s.behind(s.next - 1)} {
			if got := o.served(); got != want {
				t.Errorf("%s, %s: served are %q, not %q", when, where, got, want)
			}
		}
	}
	s.show("a")
	s.do(&chat.Clear{By: host})
	hidden := s.show("b")
	s.do(&chat.Delete{From: ada, To: s.show("c")})
	s.show("d")
	twice := s.show("d")
	s.do(&chat.Hide{By: host, To: hidden})
	s.do(&chat.Hide{By: host, To: twice}) // the other message with it is still there
	s.do(&chat.Mute{By: host, Who: ada})
	s.show("e") // her own phone is to show it
	want("soon", "de")
	for i := range maxWindow + 10 {
		s.say(bob, fmt.Sprint(i))
	}
	want("2,000 messages later", "de")
	s.do(&chat.Hide{By: host, To: hidden, Undo: true})
	want("undone", "bde")
	s.do(&chat.Clear{By: host, Undo: true})
	want("the clear undone, too", "abde")
}

// A daemon that has opened the room and still reads what is older does not say that there is no
// such picture.
func TestPictureOfWhatIsStillRead(t *testing.T) {
	s := newScript(t)
	s.show("a")
	s.say(bob, "hi")
	o, kept := s.another(), snapshotAt(s.x.log, 1)
	o.h.Reset("e", &kept)
	o.h.State(fanout.Up, "")
	if got := o.served(); got != "??????" {
		t.Errorf("served are %s", got)
	}
	if err := o.r.fillOnce(t.Context()); err != nil || o.served() != "a" {
		t.Errorf("once it is read, served are %s, %v", o.served(), err)
	}
}
