package room

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

func TestSlowMode(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Slow{By: host, Seconds: 60})
	say := func(p chat.Person, ref string, host bool) error {
		_, _, err := s.r.Say(context.Background(), chat.Message{From: p, Text: "hi"}, ref, Made{}, host)
		return err
	}
	if err := say(ada, "1", false); err != nil {
		t.Fatal(err)
	}
	if err := say(ada, "1", false); err != nil {
		t.Errorf("the same again: %v", err)
	}
	var slow *Refusal
	if err := say(ada, "2", false); !errors.As(err, &slow) || slow.Why != "slow_down" || slow.Retry <= 50*time.Second || slow.Retry > time.Minute {
		t.Errorf("another at once: %+v", slow)
	}
	if err := say(bob, "2", false); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	for i := range 3 {
		if err := say(host, fmt.Sprint(i), true); err != nil {
			t.Errorf("a host: %v", err)
		}
	}
	s.do(&chat.Slow{By: host})
	if err := say(ada, "3", false); err != nil {
		t.Errorf("no more slow: %v", err)
	}
	s.x.full = true
	s.do(&chat.Slow{By: host, Seconds: 60})
	if err := say(ada, "4", false); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("full: %v", err)
	}
	s.x.full = false
	if err := say(ada, "5", false); err != nil {
		t.Errorf("what was not accepted counts: %v", err)
	}
	all, start := make(slowMode), time.Now()
	for i := range 3 * maxSlow {
		all.take(fmt.Sprint(i), "r", time.Minute, start)
	}
	if len(all) > maxSlow {
		t.Errorf("%d people are remembered", len(all))
	}
}

// Of all that one device says at the same moment, one is taken.
func TestSlowModeAtOnce(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Slow{By: host, Seconds: 3600})
	var taken atomic.Int32
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			if s.says(ada, "hi", fmt.Sprint(i)) == nil {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if n := taken.Load(); n != 1 {
		t.Errorf("%d messages are taken", n)
	}
}

// Slow mode is the room's, not a daemon's: through two of them nobody says twice as much, and
// whoever does is told.
func TestSlowModeThroughTwoDaemons(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Slow{By: host, Seconds: 10})
	tail := s.r.Tail()
	s.say(ada, "one")
	s.say(ada, "two") // the other had not read of the first
	s.put(chat.Message{From: host, Text: "a host", Host: true}.Record("h", chat.Stamp{}))
	s.up += 9500 // the clocks of two machines
	s.say(ada, "three")
	s.want("1:one 3:a host 4:three")
	if got := told(tail, Viewer{Person: "ada"}); got != "1:one m2: slow_down 3:a host 4:three" {
		t.Errorf("she is told %s", got)
	}
	s.do(&chat.Slow{By: host})
	s.say(ada, "four")
	s.want("1:one 3:a host 4:three 6:four")
}
