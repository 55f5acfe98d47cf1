package rabbitmq

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// sendAll takes all there is, as a life with a window does.
func sendAll(o *outbox, window int) (recs []record, again int) {
	for {
		rec, was, ok := o.take(window, time.Now())
		if !ok {
			return recs, again
		}
		if was {
			again++
		}
		recs = append(recs, rec)
	}
}

func bodies(recs []record) (out []string) {
	for _, r := range recs {
		out = append(out, string(r.Body))
	}
	return out
}

func fill(t *testing.T, o *outbox, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := o.add(say("a", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOutboxOrder(t *testing.T) {
	o := newOutbox(100, 1<<20)
	fill(t, o, 0, 10)
	o.begin()
	sent, again := sendAll(o, 6)
	equal(t, "the window", bodies(sent), numbers(0, 6))
	o.seen([]record{sent[3], sent[0], sent[0]})
	more, _ := sendAll(o, 6)
	equal(t, "two were seen", bodies(more), numbers(6, 8))
	if again != 0 || o.len() != 8 {
		t.Errorf("%d again, %d left", again, o.len())
	}

	o.begin() // the connection was lost
	o.seen([]record{sent[1], more[1]})
	fill(t, o, 10, 12)
	sent, again = sendAll(o, 100)
	equal(t, "the next life", bodies(sent), []string{"2", "4", "5", "6", "8", "9", "10", "11"})
	if again != 4 {
		t.Errorf("%d again, want 4", again)
	}
	o.seen(sent)
	if _, ok := o.oldest(); ok || o.len() != 0 || o.bytes != 0 || len(o.keys) != 0 || len(o.entries) != 0 {
		t.Errorf("not empty: %+v", o)
	}
	// Seen again, and seen before it was sent, and another's.
	fill(t, o, 12, 13)
	o.seen(append(sent, record{mark: o.prefix + "zzzzzz"}, record{mark: o.prefix + "-"}, record{mark: "x"}))
	if o.len() != 1 {
		t.Errorf("%d left, want 1", o.len())
	}
}

// A phone that went to another daemon says there what waits here.
func TestOutboxLeavesOutWhatAnotherPublished(t *testing.T) {
	here, there := newOutbox(100, 1<<20), newOutbox(100, 1<<20)
	for i := range 4 {
		rec := say("a", fmt.Sprint(i))
		if err := here.add(rec); err != nil {
			t.Fatal(err)
		}
		if i == 1 || i == 2 {
			there.add(rec)
		}
	}
	here.begin()
	sendAll(here, 2) // and the line broke: nothing came of it
	there.begin()
	theirs, _ := sendAll(there, 100)
	here.begin()
	here.seen(theirs)
	sent, _ := sendAll(here, 100)
	equal(t, "published here", bodies(sent), []string{"0", "3"})
	here.seen(sent)
	if here.len() != 0 || here.bytes != 0 || len(here.keys) != 0 {
		t.Errorf("not empty: %+v", here)
	}
}

func TestOutboxLimits(t *testing.T) {
	o := newOutbox(3, 1000)
	fill(t, o, 0, 3)
	if err := o.add(say("a", "x")); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("too many records: %v", err)
	}
	o.addOwn(say("a", "own"))
	o.begin()
	sent, _ := sendAll(o, 10)
	o.seen(sent[:2])
	big := say("a", "")
	big.Body = make([]byte, 990)
	if err := o.add(big); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("too many bytes: %v", err)
	}
	fill(t, o, 3, 4)
}

func TestOutboxOldest(t *testing.T) {
	o := newOutbox(10, 1000)
	fill(t, o, 0, 2)
	o.begin()
	if _, ok := o.oldest(); ok {
		t.Error("nothing was sent")
	}
	now := time.Now()
	first, _, _ := o.take(9, now)
	o.take(9, now.Add(time.Second))
	if at, ok := o.oldest(); !ok || !at.Equal(now) {
		t.Errorf("oldest %v, %v", at, ok)
	}
	o.seen([]record{first})
	if at, ok := o.oldest(); !ok || !at.Equal(now.Add(time.Second)) {
		t.Errorf("oldest %v, %v", at, ok)
	}
}

func TestKey(t *testing.T) {
	m := chat.Message{From: chat.Person{ID: "ada", Name: "Ada"}, Text: "hi"}
	renamed := m
	renamed.From.Name = "Countess"
	other := m
	other.From.ID = "bob"
	key := func(m chat.Message) string { return keyOf(m.Record("1", chat.Stamp{})) }
	if key(m) != key(renamed) {
		t.Error("a new name makes another sender")
	}
	if key(m) == key(other) || key(m) == keyOf(m.Record("2", chat.Stamp{})) {
		t.Error("two records have one key")
	}
	if keyOf(chat.Record{ID: `a" "b`}) == keyOf(chat.Record{App: "a", ID: "b"}) {
		t.Error("a key can be forged")
	}
}
