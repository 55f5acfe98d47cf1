package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/fanout/rabbitmq"
	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/uptime"
)

// started is a room that runs until stop.
type started struct {
	*Room
	t    *testing.T
	stop func()
}

func start(t *testing.T, x fanout.Exchange) *started {
	r := New(x, uptime.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	s := &started{Room: r, t: t}
	stopped := false
	s.stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(s.stop)
	s.until("the exchange", r.Up)
	return s
}

func (s *started) until(what string, ok func() bool) {
	s.t.Helper()
	late := time.After(time.Minute)
	for {
		tail := s.Tail()
		if ok() {
			return
		}
		select {
		case <-tail.Ready():
		case <-late:
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (s *started) say(ref string) {
	s.t.Helper()
	if _, _, err := s.Say(context.Background(), chat.Message{From: ada, Text: ref}, ref, Made{}, false); err != nil {
		s.t.Fatal(err)
	}
}

// do does a deed of a host's and waits until it is done.
func (s *started) do(d chat.Deed, ref string) {
	s.t.Helper()
	if err := s.Do(d, ref, true); err != nil {
		s.t.Fatal(err)
	}
	s.until(ref, func() bool { return s.done(ref) })
}

func (s *started) done(ref string) bool {
	for _, d := range s.Host().Deeds {
		if d.Ref == ref {
			return true
		}
	}
	return false
}

// shows reports whether what Ada said has come.
func (s *started) shows(ref string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _, known := s.fold.Known(ada.ID, ref)
	return known && !s.loading
}

// What the hosts did holds at every daemon, after a restart that reads the end of
// the log only, and after the log was erased: on a real RabbitMQ.
func TestHostsOnRabbitMQ(t *testing.T) {
	rabbit := node.ForTest(t)
	open := func() fanout.Exchange {
		x, err := rabbitmq.New(rabbit.URL(), rabbitmq.Options{Stamp: uptime.Now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	one, two := start(t, open()), start(t, open())
	one.say("rude")
	one.until("rude", func() bool { return one.shows("rude") })
	rude := one.View(context.Background(), Viewer{}, 1).Head
	one.do(&chat.Hide{By: host, To: rude}, "hide")
	one.do(&chat.Mute{By: host, Who: bob}, "mute")
	one.do(&chat.Title{By: host, Title: "rabbits"}, "title")
	one.do(&chat.Kick{By: host, Who: bob}, "kick")
	two.until("the deeds", func() bool {
		return two.done("kick") && two.Muted("bob") && two.Kicked("bob") && two.State().Title == "rabbits"
	})
	if e, ok := two.window.find(rude); !ok || e.Gone != Hidden || e.Message.Text != "" {
		t.Errorf("the other daemon shows %+v", e)
	}
	// So much that who comes then reads the end of it only.
	for i := range back + 2*snapshotEvery {
		one.say(fmt.Sprint(i))
		if i%500 == 499 {
			one.until(fmt.Sprint(i), func() bool { return one.shows(fmt.Sprint(i)) })
		}
	}
	two.until("all of it", func() bool { return two.shows(fmt.Sprint(back + 2*snapshotEvery - 1)) })
	two.stop()
	two = start(t, open())
	for _, _, err := two.Older(t.Context(), Viewer{}, rude+1, 10); errors.Is(err, fanout.ErrAway); _, _, err = two.Older(t.Context(), Viewer{}, rude+1, 10) {
		time.Sleep(10 * time.Millisecond) // it is being read, and t's deadline ends this
	}
	if first := two.window.begin; first <= rude {
		t.Fatalf("it holds what was said from %d on", first)
	}
	if !two.Muted("bob") || two.State().Title != "rabbits" || !two.done("hide") {
		t.Errorf("after a restart: %+v, %+v", two.State(), two.Host())
	}
	older, _, err := two.Older(t.Context(), Viewer{}, rude+1, 10)
	if err != nil || len(older) != 1 || older[0].Gone != Hidden {
		t.Errorf("what was hidden is shown: %+v, %v", older, err)
	}

	epoch := one.View(context.Background(), Viewer{}, 0).Epoch
	one.do(&chat.Erase{By: host}, "erase")
	one.say("new")
	for _, s := range []*started{one, two} {
		s.until("the new log", func() bool { return s.done("erase") && s.shows("new") })
		v := s.View(context.Background(), Viewer{}, maxWindow)
		if v.Epoch == epoch || show(v.Entries) != fmt.Sprintf("%d:new", v.Head) || !v.State.Erased || v.State.Title != "rabbits" || !s.Muted("bob") {
			t.Errorf("after it was erased: %+v, %+v, %s", v, v.State, show(v.Entries))
		}
		if r := s.Resume(t.Context(), Viewer{}, Place{Epoch: epoch, Offset: rude, Ref: "rude"}, 10); r.Resumed {
			t.Error("the erased log goes on")
		}
		var walked []*Entry
		if err := s.Walk(t.Context(), func(e *Entry) error { walked = append(walked, e); return nil }); err != nil || show(walked) != show(v.Entries) {
			t.Errorf("the export holds %s, %v", show(walked), err)
		}
	}
	one.do(&chat.Lock{By: host}, "lock")
	two.until("lock", func() bool { return two.State().Locked })
}

// A long log is walked to its end, with what was changed long after it was said.
func TestWalk(t *testing.T) {
	s := start(t, memory.New())
	s.say("edited")
	s.until("edited", func() bool { return s.shows("edited") })
	at := s.View(context.Background(), Viewer{}, 1).Head
	for i := range 5000 {
		s.say(fmt.Sprint(i))
		if i == 1000 {
			s.until("1000", func() bool { return s.shows("1000") })
			if err := s.Do(&chat.Edit{From: ada, To: at, Text: "better"}, "edit", false); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.until("all", func() bool { return s.shows("4999") })
	s.do(&chat.Hide{By: host, To: at + 1}, "hide")
	s.do(&chat.Pin{By: host, Text: "not in the export"}, "pin")
	var refs []string
	err := s.Walk(t.Context(), func(e *Entry) error {
		refs = append(refs, e.Ref)
		if e.Offset == at && (e.Message.Text != "better" || !e.Edited) || e.Offset == at+1 && e.Gone != Hidden {
			t.Errorf("walked %+v", e)
		}
		return nil
	})
	if err != nil || len(refs) != 5003 || refs[0] != "edited" || refs[5002] != "hide" {
		t.Errorf("walked %d entries, %v", len(refs), err)
	}
	enough := errors.New("enough")
	if err := s.Walk(t.Context(), func(*Entry) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("stopped: %v", err)
	}
	// Erased in the middle of it.
	err = s.Walk(t.Context(), func(e *Entry) error {
		if e.Ref == "0" {
			s.do(&chat.Erase{By: host}, "erase")
		}
		return nil
	})
	if !errors.Is(err, fanout.ErrAway) && !errors.Is(err, ErrGap) {
		t.Errorf("erased while it was walked: %v", err)
	}
	if v := s.View(context.Background(), Viewer{}, 10); !v.State.Erased || len(v.Entries) != 0 {
		t.Errorf("erased, and shown: %s", show(v.Entries))
	}
}
