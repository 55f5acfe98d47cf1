package room

import (
	"context"
	"fmt"
	"testing"

	"warren/chatd/chat"
)

// Reactions do not push what was said out of sight.
func TestReactionsLeaveRoomForTalk(t *testing.T) {
	s := newScript(t)
	for range 500 {
		at := s.say(ada, "hi")
		for i := range 10 {
			s.do(&chat.Reaction{From: chat.Person{ID: fmt.Sprint(i), Name: "N"}, To: at, Emoji: "👍"})
		}
	}
	entries := s.r.View(context.Background(), Viewer{}, 100).Entries
	if len(entries) != 300 {
		t.Errorf("%d entries for 100 messages: at most three for each", len(entries))
	}
	if n := s.r.window.messages; n != 500 {
		t.Errorf("%d of 500 messages are in the window", n)
	}
	// Scrolling up finds each message once.
	before, all := s.next, 0
	for {
		older, more, err := s.r.Older(t.Context(), Viewer{}, before, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range older {
			if e.Deed == nil {
				all++
			}
		}
		if !more {
			break
		}
		before = older[0].Offset
	}
	if all != 500 {
		t.Errorf("scrolling up finds %d messages", all)
	}
}
