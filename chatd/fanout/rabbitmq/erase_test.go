package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// One daemon erases the log that two share, while both have something to say:
// both come to the same new log, which begins with what the eraser put there,
// holds nothing of the old one, and all that was accepted since.
func TestErase(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x, y := open(t, url, Options{suffix: suffix}), open(t, url, Options{suffix: suffix})
	e, _ := run(t, x, 1000)
	f, _ := run(t, y, 1000)
	e.waitUp()
	f.waitUp()
	for i := range 100 {
		publish(t, x, say("x", fmt.Sprintf("old %d", i)))
	}
	for _, ear := range []*ear{e, f} {
		ear.wait("the old log", func() bool { return len(texts(ear.recs)) == 100 })
	}
	old := e.epoch()
	first := chat.RecordOf(&chat.Erase{By: chat.Person{ID: "host", Name: "Host"}}, "erase-1", chat.Stamp{})
	if err := x.Erase(context.Background(), first); err != nil {
		t.Fatal(err)
	}
	const each = 200
	for i := range each {
		publish(t, x, say("x", fmt.Sprintf("x %d", i)))
		publish(t, y, say("y", fmt.Sprintf("y %d", i)))
	}
	for _, ear := range []*ear{e, f} {
		ear.wait("the new log", func() bool { return len(ear.resets) >= 2 && len(texts(ear.recs)) == 1+2*each })
		if ear.epoch() == old {
			t.Error("the new log has the name of the old one")
		}
		if recs := ear.records(); recs[0].ID != "erase-1" || recs[0].Type != chat.TypeErase {
			t.Errorf("the new log begins with %+v", recs[0])
		}
		if n := count(ear.records(), "erase-1"); n != 1 {
			t.Errorf("it was erased %d times", n)
		}
	}
	if e.epoch() != f.epoch() {
		t.Errorf("the daemons are in two logs: %s, %s", e.epoch(), f.epoch())
	}
	recs, err := y.Read(t.Context(), 0, 1<<40, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts(recs) {
		if text[:3] == "old" {
			t.Fatalf("the new log holds %q", text)
		}
	}
	z := open(t, url, Options{suffix: suffix})
	g, _ := run(t, z, 1000)
	g.waitUp()
	if g.epoch() != e.epoch() || len(g.resets) != 1 {
		t.Errorf("a new daemon finds %v, not %s", g.resets, e.epoch())
	}
	if err := (open(t, url, Options{})).Erase(t.Context(), first); !errors.Is(err, fanout.ErrAway) {
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
