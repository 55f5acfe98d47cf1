package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/fanouttest"
)

// A daemon that dies between any two steps of erasing leaves either the old log, or
// another one of which everybody is told that it was erased.
func TestEraseCut(t *testing.T) {
	url := broker(t)
	for steps := range 4 {
		t.Run(fmt.Sprintf("after %d", steps), func(t *testing.T) {
			suffix := newSuffix()
			x := open(t, url, Options{suffix: suffix})
			e, stop := run(t, x, 10)
			e.WaitUp()
			publish(t, x, fanouttest.Say("old", "old"))
			rec := e.WaitID("old")
			x.Keep(fanouttest.KeptFor(rec, 100))
			ctx := t.Context()
			er, err := x.newErasure(ctx, fanouttest.First)
			if err != nil {
				t.Fatal(err)
			}
			defer er.link.end()
			for i, step := range []func() error{
				func() error { return er.keep(ctx) },
				func() error { stop(); _, err := er.delete(ctx); return err },
				func() error { return er.make() },
			}[:steps] {
				if err := step(); err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
			}
			stop()
			old := e.epoch()
			for range 2 { // the second finds what the first has left
				y := open(t, url, Options{suffix: suffix})
				f, stop := run(t, y, 10)
				f.WaitUp()
				erased := f.epoch() != old
				if erased != (steps >= 2) {
					t.Errorf("the log is another one: %v", erased)
				}
				if erased != f.Begun() {
					t.Errorf("it was erased: %v, and was told so: %v (behind %v)", erased, f.Begun(), f.Kept)
				}
				if text := f.texts(); !erased && (len(text) == 0 || text[0] != "old") {
					t.Errorf("the log holds %q", text)
				}
				if first := f.Recs; erased && steps == 2 && (first == nil || first[0].Offset == 0 && first[0].Type != chat.TypeSnapshot) {
					t.Errorf("the log does not say how it began: %+v", first)
				}
				publish(t, y, fanouttest.Say("new", "new"))
				f.WaitID("new")
				stop()
			}
		})
	}
}

// What a daemon keeps of the old log while another erases it does not hide that it was
// erased.
func TestKeptWhileErasing(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x := open(t, url, Options{suffix: suffix})
	e, stop := run(t, x, 10)
	e.WaitUp()
	publish(t, x, fanouttest.Say("old", "old"))
	rec := e.WaitID("old")
	er, err := x.newErasure(t.Context(), fanouttest.First)
	if err != nil {
		t.Fatal(err)
	}
	defer er.link.end()
	if err := er.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := er.pub.keep(t.Context(), fanouttest.KeptFor(rec, 100), e.epoch()); err != nil {
		t.Fatal(err)
	}
	stop()
	for range 2 { // the second finds no stream at all
		if ours, err := er.delete(t.Context()); !ours || err != nil {
			t.Fatal(ours, err)
		}
	}
	f, _ := run(t, open(t, url, Options{suffix: suffix}), 10)
	f.WaitUp()
	if !f.Begun() {
		t.Errorf("reading begins behind %v", f.Kept)
	}
}

// An erasure that is made again, because it took too long to know, leaves the new log
// alone, and so does that of a daemon that has not heard of it.
func TestEraseAgain(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x, y := open(t, url, Options{suffix: suffix}), open(t, url, Options{suffix: suffix})
	e, _ := run(t, x, 10)
	f, stop := run(t, y, 10)
	e.WaitUp()
	f.WaitUp()
	late, err := y.newErasure(t.Context(), fanouttest.First)
	if err != nil {
		t.Fatal(err)
	}
	defer late.link.end()
	if err := late.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := x.Erase(t.Context(), fanouttest.First); err != nil {
		t.Fatal(err)
	}
	publish(t, x, fanouttest.Say("new", "new"))
	e.Wait("the new log", func() bool { return len(e.Resets) == 2 })
	e.WaitID("new")
	if ours, err := late.delete(t.Context()); ours || err != nil {
		t.Errorf("a late daemon deletes what it does not mean: %v, %v", ours, err)
	}
	if err := x.Erase(t.Context(), fanouttest.First); err != nil {
		t.Error(err)
	}
	f.WaitID("new")
	stop()
	e.WaitUp()
	recs, err := x.Read(t.Context(), 0, 1<<40, 1000)
	if err != nil || count(recs, "new") != 1 || len(e.Resets) != 2 {
		t.Errorf("%d records, %v, resets %v", len(recs), err, e.Resets)
	}
	// Another one is meant.
	if err := x.Erase(t.Context(), func() (rec, kept chat.Record) {
		rec, kept = fanouttest.First()
		rec.ID, kept.ID = "again", "again"
		return rec, kept
	}); err != nil {
		t.Fatal(err)
	}
	e.Wait("the third log", func() bool { return len(e.Resets) == 3 && count(e.Recs, "again") > 0 })
	if err := (open(t, url, Options{})).Erase(context.Background(), fanouttest.First); !errors.Is(err, fanout.ErrAway) {
		t.Errorf("while away: %v", err)
	}
}

func count(recs []chat.Record, id string) (n int) {
	for _, r := range recs {
		if r.ID == id {
			n++
		}
	}
	return n
}
