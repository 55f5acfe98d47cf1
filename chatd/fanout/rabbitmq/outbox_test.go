package rabbitmq

import (
	"errors"
	"fmt"
	"testing"
	"time"

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
	o.seen([]record{sent[3], sent[0], sent[0]}, time.Now())
	more, _ := sendAll(o, 6)
	equal(t, "two were seen", bodies(more), numbers(6, 8))
	if again != 0 || o.len() != 8 {
		t.Errorf("%d again, %d left", again, o.len())
	}

	o.begin() // the connection was lost
	o.seen([]record{sent[1], more[1]}, time.Now())
	fill(t, o, 10, 12)
	sent, again = sendAll(o, 100)
	equal(t, "the next life", bodies(sent), []string{"2", "4", "5", "6", "8", "9", "10", "11"})
	if again != 4 {
		t.Errorf("%d again, want 4", again)
	}
	o.seen(sent, time.Now())
	if _, ok := o.waiting(); ok || o.len() != 0 || o.bytes != 0 || len(o.keys) != 0 || len(o.entries) != 0 {
		t.Errorf("not empty: %+v", o)
	}
	// Seen again, and seen before it was sent, and another's.
	fill(t, o, 12, 13)
	o.seen(append(sent, record{mark: o.prefix + "zzzzzz"}, record{mark: o.prefix + "-"}, record{mark: "x"}), time.Now())
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
	here.seen(theirs, time.Now())
	sent, _ := sendAll(here, 100)
	equal(t, "published here", bodies(sent), []string{"0", "3"})
	here.seen(sent, time.Now())
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
	o.seen(sent[:2], time.Now())
	big := say("a", "")
	big.Body = make([]byte, 990)
	if err := o.add(big); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("too many bytes: %v", err)
	}
	fill(t, o, 3, 4)
}

// On a slow machine a full window takes longer than any record may take that is
// next: the log moves on all the time, and that is what counts.
func TestOutboxWaitsForTheNext(t *testing.T) {
	const each = 20 * time.Millisecond // a log that takes in 50 records a second
	o := newOutbox(2*window, 1<<20)
	fill(t, o, 0, 2*window)
	o.begin()
	if _, ok := o.waiting(); ok {
		t.Error("nothing was sent")
	}
	begin := time.Unix(0, 0)
	now := begin
	var under []record
	send := func() {
		for {
			rec, _, ok := o.take(window, now)
			if !ok {
				return
			}
			under = append(under, rec)
		}
	}
	send()
	for range window + 1 {
		if at, ok := o.waiting(); !ok || now.Sub(at) > each {
			t.Fatalf("after %v the next is waited for since %v, %v", now.Sub(begin), now.Sub(at), ok)
		}
		now = now.Add(each)
		o.seen(under[:1], now)
		under = under[1:]
		send()
	}
	if d := now.Sub(begin); d < 2*seeTime {
		t.Fatalf("the test is over after %v", d)
	}
	// The log moves on, but without the next one: it is lost.
	lost := now
	for range 100 {
		now = now.Add(each)
		o.seen(under[1:2], now)
		under = append(under[:1], under[2:]...)
		send()
	}
	if at, ok := o.waiting(); !ok || !at.Equal(lost) {
		t.Errorf("a lost one is waited for since %v after it became the next, %v", at.Sub(lost), ok)
	}
	// The next life: it counts from when it was sent again.
	o.begin()
	now = now.Add(seeTime)
	send()
	if at, ok := o.waiting(); !ok || !at.Equal(now) {
		t.Errorf("sent again and waited for since %v before, %v", now.Sub(at), ok)
	}
}
