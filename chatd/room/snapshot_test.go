package room

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"warren/chatd/chat"
)

// A log that loses its front, as one of so many bytes does: what of it a daemon that
// starts then can know.
func TestNothingPushesTheStateOut(t *testing.T) {
	floods := map[string]func(s *script){
		"a guest's long messages": func(s *script) {
			for i := range 100 {
				s.say(ada, fmt.Sprint(i, strings.Repeat("<", chat.MaxTextBytes-10)))
			}
		},
		"readings of a thermometer": func(s *script) {
			for range 3*snapshotEvery + 100 {
				s.put(chat.Record{App: "t", Body: []byte("21 °C")})
				s.came()
			}
		},
		"records of other types": func(s *script) {
			for range 2*snapshotEvery + 1000 {
				s.put(chat.Record{Type: "hologram", ContentType: chat.ContentJSON, Body: []byte("{}")})
			}
			s.say(ada, "hi")
		},
		"a muted guest": func(s *script) {
			for i := range 2*snapshotEvery + 1000 {
				s.say(bob, fmt.Sprint(i))
			}
		},
	}
	for name, id := range map[string]string{"with an id": "mute", "without one": "", "with one of another kind": "mute:bob", "with a long one": strings.Repeat("x", 40)} {
		floods["a host's deed "+name] = func(s *script) {
			s.put(chat.RecordOf(&chat.Mute{By: host, Who: ada}, id, chat.Stamp{}))
			for i := range 2*snapshotEvery + 1000 {
				s.say(ada, fmt.Sprint(i))
			}
		}
	}
	floods["a bot's message hidden"] = func(s *script) {
		at := s.put(chat.Record{App: "bot", Body: []byte("rude")})
		if err := s.r.Do(&chat.Hide{By: host, To: at}, "hide", true); err != nil {
			s.t.Fatal(err)
		}
		s.came()
		s.put(chat.Record{ID: "h", Type: chat.TypeHide, ContentType: chat.ContentJSON, Body: []byte(`{"by":{"id":"host","name":"Host"},"to":0,"who":{"id":"","name":"Bot"}}`)})
		for i := range 2*snapshotEvery + 1000 {
			s.say(ada, fmt.Sprint(i))
		}
	}
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t)
				s.say(ada, "rude")
				s.do(&chat.Mute{By: host, Who: bob})
				s.do(&chat.Lock{By: host})
				s.do(&chat.Lock{By: host, Undo: true})
				s.do(&chat.Words{By: host, Words: []string{"idiot"}})
				s.do(&chat.Hide{By: host, To: 0})
				s.do(&chat.Kick{By: host, Who: chat.Person{ID: "cy", Name: "Cy"}})
				flood(s)
				s.came()
				time.Sleep(2 * keepPause)
				s.say(ada, "at last")
				s.came()
				holds := func(where string, o *script) {
					t.Helper()
					if a, b := s.settings(), o.settings(); a != b {
						t.Errorf("%s: the state is %s, not %s", where, b, a)
					}
				}
				all := s.x.log
				if len(s.x.kept) == 0 {
					t.Fatal("nothing is kept")
				}
				for i := range s.x.kept {
					holds(fmt.Sprint("behind what is kept of ", s.x.kept[i].Offset), s.another().begin(&s.x.kept[i]))
				}
				last := s.x.kept[len(s.x.kept)-1]
				o := s.another() // nothing but the last record is left
				o.x.log = all[len(all)-1:]
				if last.Offset < all[len(all)-1].Offset-maxGap {
					o.x.log = all[last.Offset+1:]
				}
				holds("the front is gone", o.begin(&last))
				o = s.another() // and what was kept is gone, too
				o.x.log = all[len(all)/2:]
				holds("half of the log is gone, and what was kept", o.begin(nil))
			})
		})
	}
}

// What cannot be known is said to the hosts: the log has lost its front, and no
// snapshot is left. What is done from then on counts.
func TestWhatIsNotKnownIsSaid(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Mute{By: host, Who: bob})
	for i := range 10 {
		s.say(ada, fmt.Sprint(i))
	}
	s.do(&chat.Lock{By: host})
	s.do(&chat.Delete{From: ada, To: 9})
	o := s.another()
	o.x.log = s.x.log[5:]
	o.begin(nil)
	if o.r.Host().Unknown != 5 || !o.r.State().Locked || o.r.Muted("bob") {
		t.Errorf("known is %s", o.settings())
	}
	if got := o.shown(Viewer{}); !strings.HasPrefix(got, "5:4 6:5 7:6 8:7 9-deleted 10:9") {
		t.Errorf("shown is %s", got)
	}
	js, _ := json.Marshal(o.r.Host())
	if !strings.Contains(string(js), `"unknown":5`) {
		t.Errorf("hosts are told %s", js)
	}
	// It is remembered over the next start.
	kept := o.x.kept
	if len(kept) == 0 {
		o.say(host, "hi")
		kept = o.x.kept
	}
	if again := o.another().begin(&kept[len(kept)-1]); again.r.Host().Unknown != 5 || !again.r.State().Locked {
		t.Errorf("after a restart known is %s", again.settings())
	}
	// The same if there was a snapshot, and what stood behind its place is gone.
	k := snapshotAt(s.x.log, 0)
	o = s.another()
	o.x.log = s.x.log[:1]
	for i := range int64(100) {
		o.next = 1000 + i
		o.write(chat.Message{From: ada, Text: "hi"}.Record(fmt.Sprint("n", i), chat.Stamp{}))
	}
	if o.begin(&k); o.r.Host().Unknown != 1000 || !o.r.Muted("bob") {
		t.Errorf("with a gap behind the snapshot known is %s", o.settings())
	}
	if s.r.Host().Unknown != 0 {
		t.Error("who has read all of it does not know all")
	}
}

// A snapshot that cannot be read at all is not taken for an empty one: an older one is asked for.
func TestSnapshotThatCannotBeRead(t *testing.T) {
	good := snapshotAt([]chat.Record{message(0, "ada", "m", "hi")}, 0)
	for name, bad := range map[string]func(r *chat.Record){
		"of another place": func(r *chat.Record) { r.Offset = 1 },
		"no object":        func(r *chat.Record) { r.Body = []byte(`[]`) },
		"torn":             func(r *chat.Record) { r.Body = r.Body[:len(r.Body)/2] },
		"of another type":  func(r *chat.Record) { r.Type = chat.TypeLock },
		"in text":          func(r *chat.Record) { r.ContentType = chat.ContentText },
	} {
		s := newScript(t)
		s.do(&chat.Lock{By: host})
		rec := good
		bad(&rec)
		if s.h.Reset("e", &rec) {
			t.Errorf("%s: it is taken", name)
		}
	}
	if s := newScript(t); !s.h.Reset("e", &good) {
		t.Error("a good one is not taken")
	}
}

// What is kept is due after each deed of a host, but not more often than once a second; in
// the log there is one for 2,000 records, also of several daemons.
func TestSnapshotsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		time.Sleep(2 * keepPause)
		s.say(ada, "hi")
		s.came()
		before := len(s.x.kept)
		for range 20 {
			s.do(&chat.Lock{By: host})
			time.Sleep(keepPause / 10)
		}
		if n := len(s.x.kept) - before; n < 1 || n > 3 {
			t.Errorf("%d snapshots are kept of 20 deeds in two seconds", n)
		}
		other := s.another()
		other.begin(nil)
		logged := 0
		for range 4 * snapshotEvery {
			rec := s.write(chat.Message{From: ada, Text: "hi"}.Record(fmt.Sprint("m", s.next), chat.Stamp{}))
			s.h.Deliver([]chat.Record{rec})
			other.h.Deliver([]chat.Record{rec})
			for _, x := range []*scripted{s.x, other.x} {
				for _, snapshot := range x.published {
					logged++
					snapshot = s.write(snapshot)
					s.h.Deliver([]chat.Record{snapshot})
					other.h.Deliver([]chat.Record{snapshot})
				}
				x.published = nil
			}
			time.Sleep(time.Millisecond)
		}
		if logged < 3 || logged > 8 {
			t.Errorf("%d snapshots are in the log of %d records", logged, s.next)
		}
	})
}

// A deed of a host is kept although nothing is said after it.
func TestSnapshotOfTheLastDeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		s.do(&chat.Lock{By: host})
		s.do(&chat.Mute{By: host, Who: bob})
		ctx, stop := context.WithCancel(t.Context())
		go s.r.keepSnapshots(ctx)
		time.Sleep(3 * keepPause)
		stop()
		synctest.Wait()
		last := s.x.kept[len(s.x.kept)-1]
		if last.Offset != 1 || last.ID != "d1" || !strings.Contains(string(last.Body), `"muted":[{"id":"bob"`) {
			t.Errorf("kept is %+v: %s", last, last.Body)
		}
	})
}

// A daemon that reads the end of the log only knows the room from a snapshot in it,
// and from what was done since its place.
func TestSnapshotInTheLog(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Title{By: host, Title: "rabbits"})
	s.do(&chat.Mute{By: host, Who: bob})
	rude := s.say(ada, "rude")
	s.do(&chat.Hide{By: host, To: rude})
	for i := 0; len(s.x.published) == 0; i++ {
		if i > 2*snapshotEvery {
			t.Fatal("there is no snapshot")
		}
		s.say(ada, fmt.Sprint(i))
	}
	place := s.next - 1
	// While the snapshot is on its way:
	s.do(&chat.Lock{By: host})
	s.do(&chat.Mute{By: host, Who: bob, Undo: true})
	s.do(&chat.Edit{From: ada, To: place, Text: "edited"})
	if len(s.x.published) != 1 || s.x.published[0].ID != fmt.Sprint("snapshot-", place) {
		t.Fatalf("published %+v", s.x.published)
	}
	s.came()
	s.do(&chat.Slow{By: host, Seconds: 5})
	s.say(host, "at last")
	all := s.x.log
	trimmed := func(from int64) *script {
		o := s.another()
		o.x.log = all[from:]
		return o.begin(nil)
	}
	middle := trimmed(500)
	if a, b := s.settings(), middle.settings(); a != b {
		t.Errorf("the room is\n%s, but for who came in the middle\n%s", a, b)
	}
	if a, b := show(s.r.View(t.Context(), Viewer{}, 1).Entries), show(middle.r.View(t.Context(), Viewer{}, 1).Entries); a != b {
		t.Errorf("shown is %s, not %s", b, a)
	}
	// From behind its place: what came between is not known, and that is said.
	if late := trimmed(place + 2); late.r.State().Title != "" || late.r.Host().Unknown != place+2 {
		t.Error("a snapshot is adopted although what came behind its place was not read")
	}
	kept := snapshotAt(all, place+3)
	if late := s.another().begin(&kept); late.settings() != s.settings() {
		t.Error("what is kept is not what the log holds")
	}
}

// Whatever others' records have instead of ids and stamps: what a host did is kept, although
// each batch that is read ends with one of them.
func TestKeptAmongOthersRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		ctx, stop := context.WithCancel(t.Context())
		defer func() { stop(); synctest.Wait() }()
		go s.r.keepSnapshots(ctx)
		go s.r.sendMarks(ctx)
		time.Sleep(2 * keepPause)
		s.do(&chat.Slow{By: host, Seconds: 5}) // is kept at once, the next is not
		s.do(&chat.Mute{By: host, Who: bob})
		for range 10 {
			time.Sleep(keepPause)
			s.x.mu.Lock()
			batch := s.x.published
			s.x.published = nil
			s.x.mu.Unlock()
			for range 100 {
				batch = append(batch, chat.Record{App: "t", Body: []byte("21 °C")})
			}
			for i := range batch {
				batch[i].Offset = s.next
				s.next++
			}
			s.x.log = batch // the rest has been pushed out
			s.h.Deliver(batch)
		}
		synctest.Wait()
		o := s.another()
		if o.begin(&s.x.kept[len(s.x.kept)-1]); !o.r.Muted("bob") {
			t.Errorf("after a restart the state is %s", o.settings())
		}
	})
}

// A daemon that is slower than what is said loses some of the log before it has read it. It does not go
// on as if nothing had been there.
func TestFrontLostWhileItIsRead(t *testing.T) {
	s := newScript(t)
	s.say(ada, "before")
	tail := s.r.Tail()
	s.next += 5000
	s.say(ada, "after")
	if s.r.Host().Unknown != 5001 {
		t.Errorf("to hosts, unknown is what was done before %d", s.r.Host().Unknown)
	}
	if e := tail.Next(); e == nil || !e.Lost {
		t.Errorf("sessions are told %+v", e)
	}
	if v := s.r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 0, Ref: "m0"}, 10); v.Resumed || show(v.Entries) != "5001:after" {
		t.Errorf("who has seen what came before is resumed: %v, and is shown %s", v.Resumed, show(v.Entries))
	}
}
