package memory

import (
	"errors"
	"fmt"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/fanouttest"
)

func TestExchange(t *testing.T) {
	fanouttest.Test(t, fanouttest.Maker{
		New: func(_ testing.TB, logBytes int64) func() fanout.Exchange {
			x := New()
			if logBytes > 0 {
				x.maxBytes = int(logBytes)
			}
			return func() fanout.Exchange { return x }
		},
		Alone: true,
		Kept:  func(testing.TB, fanout.Exchange, chat.Record) {},
	})
}

// The log is bounded, and a reader that was overtaken is told so.
func TestOvertaken(t *testing.T) {
	x, h := New(), fanouttest.New(t)
	h.Run(x, 10)
	h.WaitUp() // it begins at offset 0
	const n = 2000
	for i := range n {
		fanouttest.Publish(t, x, chat.Record{ID: fmt.Sprint(i), Body: make([]byte, chat.MaxBody)})
	}
	x.mu.Lock()
	bytes, first := x.bytes, x.first
	x.mu.Unlock()
	if bytes > maxBytes+chat.MaxBody || first == 0 {
		t.Errorf("the log holds %d bytes from offset %d", bytes, first)
	}
	h.WaitID(fmt.Sprint(n - 1))
	h.WaitUp()
	h.Mu.Lock()
	defer h.Mu.Unlock()
	lost, due := 0, int64(0)
	for _, r := range h.All {
		if r.Offset != due {
			lost++
		}
		due = r.Offset + 1
	}
	if len(h.Resets) != 1+lost {
		t.Errorf("%d gaps were told by %d resets", lost, len(h.Resets)-1)
	}
}

func TestFull(t *testing.T) {
	x := New() // nobody runs it
	for i := range maxBehind {
		if err := x.Publish(chat.Record{ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Publish(chat.Record{ID: "one more"}); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	for range 2 * maxWhispers {
		x.Whisper(nil) // never blocks
	}
}

// newsHandler notes what is delivered as news: once the exchange is reached.
type newsHandler struct {
	*fanouttest.Handler
	news []chat.Record
}

func (h *newsHandler) Deliver(r []chat.Record) {
	h.Change(func() {
		if h.Now() == fanout.Up {
			h.news = append(h.news, r...)
		}
	})
}

// A client may say something before the room has begun: it must be told, though
// it asked for no history.
func TestSaidBeforeTheRoomBeginsIsNews(t *testing.T) {
	x := New()
	fanouttest.Publish(t, x, fanouttest.Say("early", "hi"))
	h := &newsHandler{Handler: fanouttest.New(t)}
	done := make(chan struct{})
	go func() { defer close(done); x.Run(t.Context(), 10, h) }()
	t.Cleanup(func() { <-done })
	h.Wait("the news", func() bool { return len(h.news) == 1 })
}
