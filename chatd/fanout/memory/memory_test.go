package memory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// collector is a handler that keeps what it is given.
type collector struct {
	mu       sync.Mutex
	epochs   []string
	recs     []chat.Record
	up       bool
	whispers []string
	changed  chan struct{}
}

func newCollector() *collector { return &collector{changed: make(chan struct{}, 1)} }

func (c *collector) note(f func()) {
	c.mu.Lock()
	f()
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *collector) Reset(epoch string)      { c.note(func() { c.epochs = append(c.epochs, epoch) }) }
func (c *collector) Deliver(r []chat.Record) { c.note(func() { c.recs = append(c.recs, r...) }) }
func (c *collector) State(s fanout.State, _ string) {
	c.note(func() { c.up = s == fanout.Up })
}
func (c *collector) Whispered(b []byte) {
	c.note(func() { c.whispers = append(c.whispers, string(b)) })
}

func (c *collector) await(t *testing.T, ok func() bool) {
	t.Helper()
	for {
		c.mu.Lock()
		done := ok()
		c.mu.Unlock()
		if done {
			return
		}
		select {
		case <-c.changed:
		case <-t.Context().Done():
			t.Fatal("the test is over")
		}
	}
}

func run(t *testing.T, x *Exchange, back int) *collector {
	c := newCollector()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- x.Run(ctx, back, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	})
	return c
}

func TestOrder(t *testing.T) {
	x := New()
	for i := range 10 {
		x.Publish(chat.Record{ID: fmt.Sprint(i)})
	}
	c := run(t, x, 4)
	c.await(t, func() bool { return c.up })
	if len(c.recs) != 4 || c.recs[0].ID != "6" || len(c.epochs) != 1 || c.epochs[0] == "" {
		t.Fatalf("began with %+v in %v", c.recs, c.epochs)
	}
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 500 {
				if err := x.Publish(chat.Record{App: fmt.Sprint(w), ID: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	x.Whisper([]byte("psst"))
	c.await(t, func() bool { return len(c.recs) == 2004 && len(c.whispers) == 1 })
	next := map[string]int{}
	for i, r := range c.recs {
		if r.Offset != int64(6+i) {
			t.Fatalf("record %d has offset %d", i, r.Offset)
		}
		if i >= 4 {
			if r.ID != fmt.Sprint(next[r.App]) {
				t.Fatalf("of writer %s came %s", r.App, r.ID)
			}
			next[r.App]++
		}
	}
}

func TestRead(t *testing.T) {
	x := New()
	for i := range 100 {
		x.Publish(chat.Record{ID: fmt.Sprint(i)})
	}
	for _, test := range []struct {
		from, before int64
		n            int
		first, count int
	}{{0, 10, 5, 0, 5}, {95, 1000, 50, 95, 5}, {10, 10, 5, 0, 0}, {-5, 3, 50, 0, 3}, {200, 300, 5, 0, 0}} {
		got, err := x.Read(t.Context(), test.from, test.before, test.n)
		if err != nil || len(got) != test.count || test.count > 0 && got[0].ID != fmt.Sprint(test.first) {
			t.Errorf("%+v: %d records, %v", test, len(got), err)
		}
	}
}

// The log is bounded, and a reader that was overtaken is told so.
func TestBounds(t *testing.T) {
	x := New()
	c := run(t, x, 10)
	c.await(t, func() bool { return c.up }) // it begins at offset 0
	body := []byte(strings.Repeat("x", 1<<20))
	var full int
	for range 200 {
		if err := x.Publish(chat.Record{Body: body}); errors.Is(err, fanout.ErrFull) {
			full++
		}
	}
	x.mu.Lock()
	bytes, first := x.bytes, x.first
	x.mu.Unlock()
	if bytes > maxBytes+2<<20 || first == 0 {
		t.Errorf("the log holds %d bytes from offset %d", bytes, first)
	}
	c.await(t, func() bool { return c.up && len(c.recs) > 0 && c.recs[len(c.recs)-1].Offset == 199 })
	c.mu.Lock()
	defer c.mu.Unlock()
	lost, due := 0, int64(0)
	for _, r := range c.recs {
		if r.Offset != due {
			lost++
		}
		due = r.Offset + 1
	}
	if len(c.epochs) != 1+lost {
		t.Errorf("%d gaps were told by %d resets", lost, len(c.epochs)-1)
	}
	if full > 0 {
		t.Errorf("%d of 200 were refused", full)
	}
}

func TestFull(t *testing.T) {
	x := New() // nobody runs it
	for range maxBehind {
		if err := x.Publish(chat.Record{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Publish(chat.Record{}); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	for range 2 * maxWhispers {
		x.Whisper(nil) // never blocks
	}
}

// newsHandler notes what is delivered as news: once the exchange is reached.
type newsHandler struct {
	*collector
	news []chat.Record
}

func (h *newsHandler) Deliver(r []chat.Record) {
	h.note(func() {
		if h.up {
			h.news = append(h.news, r...)
		}
	})
}

// A client may say something before the room has begun: it must be told, though
// it asked for no history.
func TestSaidBeforeTheRoomBeginsIsNews(t *testing.T) {
	x := New()
	x.Publish(chat.Record{ID: "early"})
	h := &newsHandler{collector: newCollector()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); x.Run(ctx, 10, h) }()
	h.await(t, func() bool { return len(h.news) == 1 })
	cancel()
	<-done
}

// An erased log is another one: it begins with what the eraser put there, holds
// what was said since, and nothing else can be read.
func TestErase(t *testing.T) {
	x, c := New(), newCollector()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); x.Run(ctx, 100, c) }()
	defer func() { stop(); <-done }()
	for i := range 100 {
		if err := x.Publish(chat.Record{ID: fmt.Sprint("old ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	c.await(t, func() bool { return c.up && len(c.recs) == 100 })
	if err := x.Erase(ctx, chat.Record{ID: "first"}); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := x.Publish(chat.Record{ID: fmt.Sprint("new ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	c.await(t, func() bool { return c.up && len(c.recs) == 201 })
	if len(c.epochs) != 2 || c.epochs[0] == c.epochs[1] {
		t.Errorf("the epochs are %v", c.epochs)
	}
	for i, r := range c.recs[100:] {
		want := fmt.Sprint("new ", i-1)
		if i == 0 {
			want = "first"
		}
		if r.ID != want || r.Offset != int64(i) {
			t.Fatalf("record %d of the new log is %s at %d", i, r.ID, r.Offset)
		}
	}
	if recs, err := x.Read(ctx, 0, 1000, 1000); err != nil || len(recs) != 101 || recs[0].ID != "first" {
		t.Errorf("read %d records, %v", len(recs), err)
	}
}
