package room

import (
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

func TestKick(t *testing.T) {
	s := newScript(t)
	s.put(chat.Record{Type: chat.TypeEpoch, ID: "hello", Stamp: chat.Stamp{Boot: "other", UpMS: 5}})
	tail := s.r.Tail()
	s.do(&chat.Kick{By: host, Who: bob})
	kicked := ""
	for e := tail.Next(); e != nil; e = e.Next() {
		kicked += e.Kick
	}
	if kicked != "bob" || !s.r.Kicked("bob") || s.r.Kicked("ada") {
		t.Errorf("kicked is %q", kicked)
	}
	if !s.restarted().r.Kicked("bob") || !s.behind(s.next-1).r.Kicked("bob") {
		t.Error("a restart lets him in again")
	}
	reboot := s.another()
	reboot.r.clock = func() chat.Stamp { return chat.Stamp{Boot: "c", UpMS: 5} }
	if !reboot.begin(nil).r.Kicked("bob") {
		t.Error("a power cut lets him in again")
	}
	s.up += chat.KickTime.Milliseconds()
	if s.r.Kicked("bob") {
		t.Error("he is kept out for too long")
	}
	if late := s.restarted(); late.r.Kicked("bob") {
		t.Error("a restart keeps him out again")
	}
	// Another machine has another boot.
	s.put(chat.RecordOf(&chat.Kick{By: host, Who: ada}, "k", chat.Stamp{Boot: "other", UpMS: 5 + chat.KickTime.Milliseconds()}))
	if !s.r.Kicked("ada") {
		t.Error("a kick through another machine does nothing")
	}
}

// Whoever was sent out says nothing any more, whatever their phone has missed of it: neither
// here nor through another daemon that has not read of it when it takes it.
func TestKickIsNotMissed(t *testing.T) {
	s := newScript(t)
	s.say(bob, "before")
	tail := s.r.Tail()
	s.do(&chat.Kick{By: host, Who: bob})
	if got := why(s.says(bob, "still here", "a")); got != "kicked" {
		t.Errorf("what he says is answered with %s", got)
	}
	s.say(bob, "through another daemon")
	s.do(&chat.Reaction{From: bob, To: 0, Emoji: "👍"})
	s.do(&chat.Edit{From: bob, To: 0, Text: "rude"})
	s.want("0:before")
	if got := told(tail, Viewer{Person: "bob"}); got != "kick bob m2: kicked d3: kicked d4: kicked" {
		t.Errorf("he is told %s", got)
	}
	s.up += chat.KickTime.Milliseconds()
	s.say(bob, "sorry")
	s.want("0:before 5:sorry")

	// The line to the broker was broken meanwhile: the log goes on where it was, and
	// sessions with it.
	tail = s.r.Tail()
	s.h.State(fanout.Away, "")
	s.do(&chat.Kick{By: host, Who: ada})
	s.say(ada, "too late")
	s.h.State(fanout.Up, "")
	if got := told(tail, Viewer{Person: "ada"}); got != "kick ada m7: kicked" {
		t.Errorf("after a pause she is told %q", got)
	}
}
