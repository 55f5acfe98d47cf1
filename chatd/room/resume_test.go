package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// ahead is a session that has seen message 7, at a daemon that has read to 5.
var ahead = Place{Epoch: "e", Offset: 7, Ref: "7"}

// settling runs a test in a room that has read the log to 5 and sends marks. In
// it, resume resumes ahead as the gateway does, and tells when it is settled.
func settling(t *testing.T, up bool, test func(r *Room, h handler, x *scripted, resume func(Place) *settled)) {
	synctest.Test(t, func(t *testing.T) {
		r, h, x, _ := newRoom(t)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.sendMarks(ctx) }()
		defer func() { stop(); <-ended }()
		h.Reset("e", keptAt(3))
		r.filled, r.begin = true, 0
		h.Deliver([]chat.Record{message(4, "a", "4", "4"), message(5, "a", "5", "5")})
		h.State(fanout.Up, "")
		if !up {
			h.State(fanout.Away, "")
		}
		test(r, h, x, func(p Place) *settled {
			s := &settled{}
			go func() {
				v := r.Resume(ctx, Viewer{}, p, 10)
				if v.Unsettled {
					s.welcomed.Store(true)
					var err error
					if v, err = r.Settle(ctx, Viewer{}, p, 10); err != nil {
						return
					}
				}
				s.view.Store(&v)
			}()
			synctest.Wait()
			return s
		})
	})
}

// settled is what a session was told.
type settled struct {
	welcomed atomic.Bool // before it was known whether the log goes on
	view     atomic.Pointer[View]
}

func (s *settled) String() string {
	synctest.Wait()
	switch v := s.view.Load(); {
	case v == nil && s.welcomed.Load():
		return "unsettled"
	case v == nil:
		return "waits"
	case !v.Resumed:
		return "gap, " + texts(v.Entries)
	default:
		return "resumed, " + texts(v.Entries)
	}
}

func (s *settled) want(t *testing.T, when, want string) {
	t.Helper()
	if got := s.String(); got != want {
		t.Errorf("%s: %s, not %s", when, got, want)
	}
}

// back delivers the mark that was published last.
func (s *scripted) back(h handler, offset int64) {
	marks := s.marks()
	m := marks[len(marks)-1]
	m.Offset = offset
	h.Deliver([]chat.Record{m})
}

// marks returns what was published, again and again if need be.
func (s *scripted) marks() []chat.Record {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.published)
}

func (s *scripted) setFull(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
}

func TestAheadOfADaemonThatReadsOn(t *testing.T) {
	settling(t, true, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
		s := resume(ahead)
		s.want(t, "at first", "waits")
		h.Deliver([]chat.Record{message(6, "a", "6", "6")})
		s.want(t, "before it is read", "waits")
		h.Deliver([]chat.Record{message(7, "a", "7", "7"), message(8, "a", "8", "8")})
		s.want(t, "once it is read", "resumed, 8:8")
	})
}

func TestAheadOfALogThatWasCut(t *testing.T) {
	settling(t, true, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
		s := resume(ahead)
		x.back(h, 6)
		s.want(t, "when the mark stands before it", "gap, 4:4 5:5")
	})
	settling(t, true, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
		s := resume(ahead)
		h.Deliver([]chat.Record{message(6, "a", "6", "6"), message(7, "b", "new", "new")})
		s.want(t, "when another stands in its place", "gap, 4:4 5:5 6:6 7:new")
	})
}

func TestAheadOfADaemonThatIsAway(t *testing.T) {
	settling(t, false, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
		s, other := resume(ahead), resume(Place{Epoch: "f", Offset: 3, Ref: "3"})
		s.want(t, "while it is away", "unsettled")
		other.want(t, "in another log", "unsettled")
		time.Sleep(time.Hour)
		s.want(t, "an hour later", "unsettled")
		h.Deliver([]chat.Record{message(6, "a", "6", "6"), message(7, "a", "7", "7"), message(8, "a", "8", "8")})
		s.want(t, "when the log is read on", "resumed, 8:8")
		h.State(fanout.Up, "")
		x.back(h, 9)
		other.want(t, "in another log, that there is not", "gap, 4:4 5:5 6:6 7:7 8:8")
	})
}

func TestAheadWhenTheLogIsReadAfresh(t *testing.T) {
	for _, test := range []struct {
		name, epoch, want string
		log               []chat.Record
	}{
		{"it lost its end", "e", "gap, 4:4 5:5", []chat.Record{message(4, "a", "4", "4"), message(5, "a", "5", "5")}},
		{"it is whole", "e", "resumed, 8:8", []chat.Record{message(7, "a", "7", "7"), message(8, "a", "8", "8")}},
		{"it is another", "f", "gap, 7:7", []chat.Record{message(7, "a", "7", "7")}},
	} {
		settling(t, false, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
			s := resume(ahead)
			h.Reset(test.epoch, nil)
			h.Deliver(test.log)
			x.back(h, 10) // it waited in the outbox, and proves nothing yet
			s.want(t, test.name+", while it is read", "unsettled")
			h.State(fanout.Up, "")
			time.Sleep(markPause)
			if s.String() == "unsettled" {
				x.back(h, 11)
			}
			s.want(t, test.name, test.want)
		})
	}
}

// The daemon is told that it is up, and its line to the broker hangs.
func TestAheadOfADaemonThatHangs(t *testing.T) {
	settling(t, true, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
		s := resume(ahead)
		time.Sleep(settleTime)
		s.want(t, "after some seconds", "unsettled")
		h.State(fanout.Away, "")
		h.Deliver([]chat.Record{message(7, "a", "7", "7")})
		s.want(t, "once it is read", "resumed, ")
	})
}

// Somebody who was away for longer than the window holds may come while older
// history cannot be read.
func TestResumeWhenTheLogCannotBeRead(t *testing.T) {
	settling(t, true, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
		x.readErr = fanout.ErrAway
		s := resume(Place{Epoch: "e", Offset: 2, Ref: "2"})
		x.back(h, 6)
		time.Sleep(settleTime)
		s.want(t, "while it cannot be read", "unsettled")
		x.readErr = nil
		x.log = []chat.Record{message(2, "a", "2", "2"), message(3, "a", "3", "3")}
		x.back(h, 7) // of what asked for this one, nobody waits
		time.Sleep(markPause)
		x.back(h, 8)
		s.want(t, "when it can be read", "resumed, 4:4 5:5")
		if v := s.view.Load(); v == nil || !v.CatchUp {
			t.Errorf("what lies between is not read: %+v", v)
		}
	})
}

// A hundred phones that come at once need two marks at most, and no number of
// them more than one each second.
func TestMarksAreFew(t *testing.T) {
	settling(t, false, func(r *Room, h handler, x *scripted, resume func(Place) *settled) {
		x.setFull(true)
		var all []*settled
		for i := range 100 {
			all = append(all, resume(Place{Epoch: "e", Offset: 100, Ref: fmt.Sprint(i)}))
		}
		x.setFull(false)
		time.Sleep(2 * markAgain)
		marks := slices.CompactFunc(x.marks(), func(a, b chat.Record) bool { return a.ID == b.ID })
		if len(marks) != 1 {
			t.Fatalf("%d marks are published, after there was no room for one", len(marks))
		}
		h.State(fanout.Up, "")
		x.back(h, 6) // what the first asked for
		time.Sleep(markPause)
		x.back(h, 7) // what all others asked for
		for _, s := range all {
			s.want(t, "when the log is known to end", "gap, 4:4 5:5")
		}
		began, offset := time.Now(), int64(8)
		for range 10 {
			before := len(x.marks())
			s := resume(Place{Epoch: "e", Offset: 100, Ref: ""})
			for len(x.marks()) == before {
				time.Sleep(time.Millisecond)
			}
			x.back(h, offset)
			s.want(t, "one after the other", "gap, 4:4 5:5")
			offset++
		}
		if took := time.Since(began); took < 9*markPause {
			t.Errorf("ten marks took %v", took)
		}
	})
}

func TestSettleEndsWithItsSession(t *testing.T) {
	r, h, _, _ := newRoom(t)
	h.Reset("e", nil)
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := r.Settle(ctx, Viewer{}, ahead, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("settled with %v", err)
	}
}

// A phone that was away while the host hid, undid and cleared is told so.
func TestResumeAcrossHides(t *testing.T) {
	s := newScript(t)
	s.say(ada, "a")
	s.say(bob, "b")
	p := Place{Epoch: "e", Offset: 1, Ref: "m1"}
	s.do(&chat.Hide{By: host, To: 0})
	s.do(&chat.Hide{By: host, To: 1})
	s.do(&chat.Hide{By: host, To: 1, Undo: true})
	s.do(&chat.Edit{From: ada, To: 0, Text: "not seen"})
	resumed := func(s *script) string {
		v := s.r.Resume(t.Context(), Viewer{}, p, 10)
		if !v.Resumed {
			t.Fatalf("not resumed: %+v", v)
		}
		var missed []*Entry
		if v.CatchUp {
			if err := s.r.Missed(t.Context(), v, func(e []*Entry) error { missed = append(missed, e...); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		return show(append(missed, v.Entries...))
	}
	if got := resumed(s); got != "2:hide 3:hide 4:hide(1:b)" {
		t.Errorf("resumed: %s", got)
	}
	s.do(&chat.Clear{By: host})
	s.say(ada, "c")
	if got := resumed(s); got != "6:clear 7:c" {
		t.Errorf("resumed across a clear: %s", got)
	}
	late := s.behind(s.next - 1) // all of it is missed from the log
	if got := resumed(late); got != "6:clear 7:c" {
		t.Errorf("missed across a clear: %s", got)
	}
	s.do(&chat.Clear{By: host, Undo: true})
	if got := resumed(s); got != "2:hide 3:hide 4:hide(1:b) 6:clear 7:c 8:clear" {
		t.Errorf("resumed when the clear was undone: %s", got)
	}
	if _, more, err := s.r.Older(t.Context(), Viewer{}, 1, 10); more || err != nil {
		t.Errorf("older than the oldest: %v, %v", more, err)
	}
}

// The log loses its front while a phone is sent what it has missed: it is told so, and is
// not sent the rest as if nothing were missing.
func TestCatchUpHasNoGap(t *testing.T) {
	for name, lose := range map[string]func(log []chat.Record) []chat.Record{
		"its front is gone": func(log []chat.Record) []chat.Record { return log[page+200:] },
		"all of it is gone": func(log []chat.Record) []chat.Record { return nil },
		"it is another's now": func(log []chat.Record) []chat.Record {
			log = slices.Clone(log)
			for i := range log {
				log[i].ID += "x"
			}
			return log
		},
	} {
		s := newScript(t)
		for i := range maxWindow + 3*page {
			if i == 10 {
				s.say(ada, fmt.Sprint(i))
			} else { // of a client without ids: one is as good as another
				s.put(chat.Record{App: "bot", Body: []byte("x")})
			}
		}
		v := s.r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 10, Ref: "m10"}, 10)
		if !v.Resumed || !v.CatchUp {
			t.Fatalf("%s: resumed %v", name, v.Resumed)
		}
		next := int64(11)
		err := s.r.Missed(t.Context(), v, func(entries []*Entry) error {
			for _, e := range entries {
				if e.Offset != next {
					t.Fatalf("%s: %d is sent, where %d is missing", name, e.Offset, next)
				}
				next++
			}
			s.x.log = lose(s.x.log)
			return nil
		})
		if !errors.Is(err, ErrGap) || next != 10+page {
			t.Errorf("%s: sent up to %d, %v", name, next, err)
		}
	}
	// Nothing is lost: all of it comes.
	s := newScript(t)
	for i := range maxWindow + 3*page {
		s.say(ada, fmt.Sprint(i))
	}
	v, next := s.r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 10, Ref: "m10"}, 10), int64(11)
	err := s.r.Missed(t.Context(), v, func(entries []*Entry) error { next += int64(len(entries)); return nil })
	if err != nil || next != v.Entries[0].Offset {
		t.Errorf("sent up to %d, then from %d on, %v", next, v.Entries[0].Offset, err)
	}
}
