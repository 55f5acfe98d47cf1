package room

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Two rooms on one log see each other's deeds; one erases it, and both begin
// anew, with the settings and without what was said.
func TestErase(t *testing.T) {
	s := newScript(t)
	s.say(ada, "secret")
	s.do(&chat.Title{By: host, Title: "rabbits"})
	s.do(&chat.Mute{By: host, Who: bob})
	s.do(&chat.Pin{By: host, Text: "secret, too"})
	s.do(&chat.Hide{By: host, To: 0})
	type begun struct{ rec, kept chat.Record }
	erased := make(chan begun, 1)
	s.x.erase = func(first func() (rec, kept chat.Record)) error {
		rec, kept := first()
		erased <- begun{rec, kept}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.r.Run(ctx) }()
	if err := s.r.Do(&chat.Erase{By: host}, "erase", true); err != nil {
		t.Fatal(err)
	}
	first := <-erased
	s.until("the erasure to end", func() bool { return s.r.erasing == "" })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, body := range [][]byte{first.rec.Body, first.kept.Body} {
		if strings.Contains(string(body), "secret") {
			t.Errorf("what was said goes into the new log: %s", body)
		}
	}
	s.h.State(fanout.Away, "")
	if !s.h.Reset("f", &first.kept) {
		t.Fatal("what is kept of it cannot be read")
	}
	first.rec.Offset = 0
	s.h.Deliver([]chat.Record{first.rec})
	s.h.State(fanout.Up, "")
	if got := s.shown(Viewer{}); got != "" {
		t.Errorf("shown %s", got)
	}
	if _, known, err := s.r.Say(context.Background(), chat.Message{From: ada, Text: "secret"}, "m0", Made{}, false); !known || err != nil || len(s.x.published) > 0 {
		t.Errorf("a phone says again what was erased: known is %v, %v, published %+v", known, err, s.x.published)
	}
	if _, known, err := s.r.Say(context.Background(), chat.Message{From: ada, Text: "new"}, "new", Made{}, false); known || err != nil {
		t.Errorf("something new: known is %v, %v", known, err)
	}
	state, hosts := s.r.State(), s.r.Host()
	if !state.Erased || state.Title != "rabbits" || state.Pin != nil || !s.r.Muted("bob") {
		t.Errorf("the state is %+v", state)
	}
	if len(hosts.Deeds) != 1 || hosts.Deeds[0].Verb != "erase" || hosts.Deeds[0].Ref != "erase" {
		t.Errorf("the deeds are %+v", hosts.Deeds)
	}
}

// erasing runs a room's erasures in a test's own time.
func erasing(t *testing.T, test func(s *script)) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.r.eraseAll(ctx) }()
		test(s)
		stop()
		<-ended
	})
}

// Two hosts erase at once: the second would erase what is said after the first, and is told that
// one is under way.
func TestOneErasureAtATime(t *testing.T) {
	erasing(t, func(s *script) {
		release, erasures := make(chan struct{}), 0
		s.x.erase = func(func() (rec, kept chat.Record)) error { erasures++; <-release; return nil }
		erase := func(ref string) string { return why(s.r.Do(&chat.Erase{By: host}, ref, true)) }
		if got := erase("one"); got != "<nil>" {
			t.Fatal(got)
		}
		synctest.Wait()
		if got := erase("two"); got != "busy" {
			t.Errorf("the second is answered with %s", got)
		}
		if got := erase("one"); got != "<nil>" {
			t.Errorf("the first, sent again, is answered with %s", got)
		}
		close(release)
		synctest.Wait()
		if erasures != 1 {
			t.Errorf("the log is erased %d times", erasures)
		}
		if got := erase("three"); got != "<nil>" {
			t.Errorf("the next is answered with %s", got)
		}
		synctest.Wait()
	})
}

// An erasure that fails says so to the host, once it has been tried for long enough.
func TestErasureThatFails(t *testing.T) {
	erasing(t, func(s *script) {
		s.x.erase = func(func() (rec, kept chat.Record)) error { return fanout.ErrAway }
		tail := s.r.Tail()
		if err := s.r.Do(&chat.Erase{By: host}, "erase", true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(eraseTime + 2*erasePause)
		synctest.Wait()
		if got := told(tail, Viewer{Person: "host", Host: true}); got != "erase: failed" {
			t.Errorf("the host is told %q", got)
		}
		if got := told(tail, Viewer{Person: "ada"}); got != "" {
			t.Errorf("a guest is told %q", got)
		}
	})
}

// What was decided between the host's word and the new log holds in it.
func TestMutedWhileTheLogIsErased(t *testing.T) {
	erasing(t, func(s *script) {
		var rec, kept chat.Record
		s.x.erase = func(first func() (rec, kept chat.Record)) error {
			first()
			s.do(&chat.Mute{By: host, Who: bob})
			rec, kept = first()
			return nil
		}
		s.r.Do(&chat.Erase{By: host}, "erase", true)
		synctest.Wait()
		for _, kept := range []*chat.Record{nil, &kept} {
			other := s.another()
			rec.Offset = 0
			other.x.log = []chat.Record{rec}
			if other.begin(kept); !other.r.Muted("bob") || !other.r.State().Erased {
				t.Errorf("%v: he is muted no more", kept)
			}
		}
	})
}

// A phone that was away says again what the log held that was erased: it shall not be in the
// new one.
func TestErasedIsNotSaidAgain(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Erase{By: host})
	for epoch, want := range map[string]string{"e": "<nil>", "": "<nil>", "of the erased log": "erased"} {
		_, _, err := s.r.Say(t.Context(), chat.Message{From: ada, Text: "x"}, "ref-"+epoch[:min(1, len(epoch))], Made{Epoch: epoch}, false)
		if got := why(err); got != want {
			t.Errorf("made in %q, it is answered with %s", epoch, got)
		}
	}
}

// An erasure that broke off is known to who reads the new log from its first record, after restarts, too.
func TestErasureThatBrokeOff(t *testing.T) {
	s := unread(t)
	kept := chat.RecordOf(&chat.Snapshot{Upto: -1, State: chat.State{Erased: true, Muted: []chat.Person{bob}, Words: []string{"idiot"}}}, "erase", now)
	kept.Offset = -1
	s.h.Reset("e", &kept)
	s.put(kept) // as the exchange makes the log
	s.h.State(fanout.Up, "")
	s.say(bob, "nobody sees it")
	s.say(ada, "you idiot")
	s.say(ada, "hi")
	s.do(&chat.Mute{By: host, Who: ada})
	at := s.say(ada, "nobody sees that")
	for name, o := range map[string]*script{"at first": s, "restarted": s.restarted(), "behind what is kept": s.behind(at)} {
		if all := o.shown(Viewer{}); all != "3:hi" || o.walked() != all {
			t.Errorf("%s: shown is %s", name, all)
		}
		if o.settings() != s.settings() || !o.r.State().Erased {
			t.Errorf("%s: the state is %s", name, o.settings())
		}
	}
}
