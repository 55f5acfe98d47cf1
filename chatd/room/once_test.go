package room

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fold"
)

// What a phone says again after its daemon was started anew is in the room once: the log is
// looked through from the newest record on that the phone knew when it wrote.
func TestOnceAfterARestart(t *testing.T) {
	s := newScript(t)
	s.say(ada, "before")
	at := s.put(chat.Message{From: ada, Text: "once"}.Record("once", chat.Stamp{}))
	s.do(&chat.Lock{By: host})
	s.put(chat.Message{From: ada, Text: "once"}.Record("refused", chat.Stamp{}))
	s.do(&chat.Lock{By: host, Undo: true})
	for i := range 7600 {
		s.say(bob, fmt.Sprint(i))
	}
	again := func(s *script, ref string, made Made) (int64, bool, error) {
		return s.r.Say(t.Context(), chat.Message{From: ada, Text: "once"}, ref, made, false)
	}
	for where, o := range map[string]*script{"live": s, "after a restart": s.restarted(), "begun behind the last thousands": s.behind(s.next - back)} {
		o.x.published = nil
		if offset, known, err := again(o, "once", Made{"e", 0}); offset != at || !known || err != nil {
			t.Errorf("%s: said again, it is known %v, at %d, %v", where, known, offset, err)
		}
		if _, known, err := again(o, "refused", Made{"e", 0}); known || why(err) != "too_late" && why(err) != "locked" {
			t.Errorf("%s: what was refused, and is shown to nobody, is known %v, %v", where, known, err)
		}
		if _, known, err := again(o, "never", Made{"e", 0}); known || err != nil || len(o.x.published) != 1 {
			t.Errorf("%s: something new is known %v, %v", where, known, err)
		}
	}
	// The log does not go back so far: nobody can tell, and the phone is told that.
	o := s.another()
	kept := snapshotAt(s.x.log, s.next-back)
	o.x.log = s.x.log[1000:]
	o.begin(&kept)
	if _, known, err := again(o, "once", Made{"e", 0}); known || why(err) != "too_late" {
		t.Errorf("of a log without its front: known %v, %v", known, err)
	}
	o.x.readErr = fmt.Errorf("broken")
	if _, _, err := again(o, "once", Made{"e", 2000}); why(err) != "away" {
		t.Errorf("while it cannot be read: %v", err)
	}
}

// Whether a record repeats another one is the same for all daemons, whenever they were started
// and whatever they remember.
func TestOneOpinionOnRepeats(t *testing.T) {
	for _, behind := range []int{1, fold.Horizon - 1, fold.Horizon, fold.Horizon + 1, 2 * fold.Horizon} {
		s := newScript(t)
		for range 100 {
			s.say(bob, "x")
		}
		once := chat.Message{From: ada, Text: "once"}.Record("once", chat.Stamp{})
		first := s.put(once)
		for range behind - 1 {
			s.say(bob, "x")
		}
		again := s.put(once)
		for range 50 {
			s.say(bob, "x")
		}
		for where, o := range map[string]*script{
			"live": s, "after a restart": s.restarted(), "begun behind the first": s.behind(first), "begun between them": s.behind(again - 1), "begun behind both": s.behind(again),
		} {
			var got []int64
			for before, more := o.next, true; more; {
				entries, m, err := o.r.Older(t.Context(), Viewer{}, before, 500)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if e.Ref == "once" {
						got = append(got, e.Offset)
					}
				}
				if more = m; len(entries) > 0 {
					before = entries[0].Offset
				}
			}
			if want := 1 + behind/(fold.Horizon+1); min(want, 2) != len(got) {
				t.Errorf("%d records behind the first, %s: shown at %v", behind, where, got)
			}
		}
	}
}

// A client that does not say when is judged by what stands in the log before it: the same live and
// after a restart.
func TestWithoutStamps(t *testing.T) {
	raw := func(s *script, rec chat.Record) {
		rec.Offset = s.next
		s.next++
		s.x.log = append(s.x.log, rec)
		s.h.Deliver([]chat.Record{rec})
	}
	s := newScript(t)
	raw(s, chat.Message{From: ada, Text: "secret"}.Record("a", chat.Stamp{}))
	raw(s, chat.RecordOf(&chat.Delete{From: ada, To: 0}, "b", chat.Stamp{}))
	raw(s, chat.Message{From: ada, Text: "helo"}.Record("c", chat.Stamp{}))
	raw(s, chat.RecordOf(&chat.Edit{From: ada, To: 2, Text: "hello"}, "d", chat.Stamp{}))
	raw(s, chat.RecordOf(&chat.Kick{By: host, Who: bob}, "e", chat.Stamp{}))
	raw(s, chat.Message{From: bob, Text: "still here"}.Record("f", chat.Stamp{}))
	s.want("0-deleted 1:delete 2:hello* 3:edit")

	s = newScript(t) // among others that do
	s.say(ada, "helo")
	raw(s, chat.RecordOf(&chat.Edit{From: ada, To: 0, Text: "hello"}, "a", chat.Stamp{}))
	s.up += chat.EditTime.Milliseconds() + 1
	s.say(bob, "later")
	raw(s, chat.RecordOf(&chat.Delete{From: ada, To: 0}, "b", chat.Stamp{}))
	s.want("0:hello* 1:edit 2:later")
}

// What somebody took back does not come back, however much is taken back after it.
func TestDeletedStaysDeleted(t *testing.T) {
	s := newScript(t)
	s.say(bob, "my number is 555")
	s.do(&chat.Delete{From: bob, To: 0})
	for i := range 2001 {
		at := s.say(ada, fmt.Sprint(i))
		s.do(&chat.Delete{From: ada, To: at})
	}
	for where, o := range map[string]*script{"live": s, "after a restart": s.restarted(), "begun behind the last thousand": s.behind(s.next - 1000)} {
		entries, _, err := o.r.Older(t.Context(), Viewer{}, 10, 100)
		if err != nil || len(entries) == 0 || entries[0].Gone != Deleted || entries[0].Message.Text != "" {
			t.Errorf("%s: shown is %s, %v", where, show(entries), err)
		}
		for _, e := range o.r.View(t.Context(), Viewer{}, maxWindow).Entries {
			if e.Deed == nil && e.Gone == "" {
				t.Fatalf("%s: %d is shown", where, e.Offset)
			}
		}
	}
}

// Two hosts undo one clear, before either has seen the other's: the clear before it stands.
func TestTwoUndosOfOneClear(t *testing.T) {
	s := newScript(t)
	s.say(ada, "old")
	s.do(&chat.Clear{By: host})
	s.say(ada, "new")
	s.do(&chat.Clear{By: host})
	for i, by := range []chat.Person{host, bob} {
		if err := s.r.Do(&chat.Clear{By: by, Undo: true}, fmt.Sprint("undo", i), true); err != nil {
			t.Fatal(err)
		}
	}
	s.came()
	s.want("1:clear 2:new 3:clear 4:clear 5:clear")
}

// Who says that what is said is old has the log read. However many do, others can read their history.
func TestLookingForOldMessagesLeavesHistoryReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		for i := range 2 * maxWindow {
			s.say(ada, fmt.Sprint(i))
		}
		o := s.behind(s.next - 1)
		o.x.reading = func() { time.Sleep(time.Second) }
		ctx, stop := context.WithCancel(t.Context())
		for i := range 2 * maxReads {
			go o.r.Say(ctx, chat.Message{From: bob, Text: "hi"}, fmt.Sprint("old", i), Made{"e", -1}, false)
		}
		synctest.Wait()
		began := time.Now()
		if entries, _, err := o.r.Older(ctx, Viewer{}, s.next, 10); len(entries) < 10 || err != nil || time.Since(began) > time.Second {
			t.Errorf("%d older messages after %v, %v", len(entries), time.Since(began), err)
		}
		stop()
		time.Sleep(time.Minute)
	})
}
