package rabbitmq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"warren/chatd/chat"
)

// TestRead reads ranges of a log with gaps, whose front is gone.
func TestRead(t *testing.T) {
	url := broker(t)
	x := open(t, url, Options{suffix: newSuffix(), LogBytes: 400_000, SegmentBytes: 50_000})
	e, _ := run(t, x, 10)
	const n = 6000 // of 200 bytes: three times the log
	body := bytes.Repeat([]byte("x"), 200)
	for i := range n {
		rec := say("a", "")
		rec.ID, rec.Body = fmt.Sprint(i), body
		publish(t, x, rec)
		if i%200 == 0 { // nobody keeps up with so short a log otherwise
			e.Wait("all so far", func() bool { return x.outbox.len() == 0 })
		}
	}
	last := fmt.Sprint(n - 1) // behind it there is nothing
	e.Wait("all", func() bool { return e.Recs[len(e.Recs)-1].ID == last })
	e.Mu.Lock()
	log := e.Recs
	e.Mu.Unlock()
	head := log[len(log)-1].Offset
	if gaps := int(head) + 1 - len(log); gaps == 0 {
		t.Error("this log has no gaps: the test tests nothing")
	}
	kept, err := x.Read(t.Context(), 0, head+100, n*2)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) == 0 || len(kept) >= len(log) || kept[len(kept)-1].Offset != head {
		t.Fatalf("%d of %d kept", len(kept), len(log))
	}
	first := kept[0].Offset
	t.Logf("%d of %d kept, from offset %d to %d", len(kept), len(log), first, head)
	want := func(from, before int64, n int) (out []chat.Record) {
		for _, r := range log {
			if r.Offset >= max(from, first) && r.Offset < before && len(out) < n {
				out = append(out, r)
			}
		}
		return out
	}
	var wg sync.WaitGroup
	for _, q := range []struct {
		from, before int64
		n            int
	}{
		{-5, head, 10}, {0, first, 10}, {0, first + 1, 10}, {first, first + 50, 100}, {first, head, 300},
		{head - 10, head, 100}, {head - 10, head + 1, 100}, {head, head + 1, 5}, {head, head, 5},
		{head + 1, head + 100, 5}, {head - 100, head - 90, 1000}, {head, 1 << 60, 5}, {first + 7, first + 7, 5},
		{first + 7, first + 3, 5}, {first, head, 0}, {head - 700, head, 600}, {0, 5, 5},
	} {
		wg.Go(func() {
			got, err := x.Read(t.Context(), q.from, q.before, q.n)
			if exp := want(q.from, q.before, q.n); err != nil || fmt.Sprint(got) != fmt.Sprint(exp) {
				t.Errorf("Read(%d, %d, %d): %d records, %v; want %d", q.from, q.before, q.n, len(got), err, len(exp))
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Read(ctx, 0, head, n); !errors.Is(err, context.Canceled) {
		t.Errorf("Read with an ended context: %v", err)
	}
	if len(e.States) != 1 {
		t.Errorf("states %v", e.States)
	}
}
