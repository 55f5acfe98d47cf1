package fanouttest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Patience is how long a test waits for what must happen.
const Patience = 60 * time.Second

// Handler is a fanout.Handler that remembers what it was given. Its fields are read
// with Mu held, as in the condition of Wait.
type Handler struct {
	T testing.TB

	// Unreadable are the ids of kept records that it cannot read.
	Unreadable func(kept chat.Record) bool

	// Knows is what it answers when it is asked.
	Knows func(name string) []byte

	Mu       sync.Mutex
	Resets   []string       // epochs
	Kept     *chat.Record   // of the last Reset
	Offered  []chat.Record  // all kept records it was offered
	Recs     []chat.Record  // since the last Reset
	All      []chat.Record  // ever
	Batches  int            // calls of Deliver
	States   []fanout.State // calls of State
	Why      string         // the last state's
	Whispers []string

	changed chan struct{} // closed and replaced at each change
}

// New returns a handler that has been given nothing.
func New(t testing.TB) *Handler { return &Handler{T: t, changed: make(chan struct{})} }

// Change calls f, which changes what is remembered, with Mu held.
func (h *Handler) Change(f func()) {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	f()
	close(h.changed)
	h.changed = make(chan struct{})
}

// Reset implements fanout.Handler.
func (h *Handler) Reset(epoch string, kept *chat.Record) bool {
	ok := true
	h.Change(func() {
		if kept != nil {
			h.Offered = append(h.Offered, *kept)
			if ok = h.Unreadable == nil || !h.Unreadable(*kept); !ok {
				return
			}
		}
		h.Resets, h.Kept, h.Recs = append(h.Resets, epoch), kept, nil
	})
	return ok
}

// Deliver implements fanout.Handler.
func (h *Handler) Deliver(recs []chat.Record) {
	h.Change(func() {
		if len(h.Resets) == 0 {
			h.T.Error("Deliver before Reset")
		}
		if len(recs) == 0 {
			h.T.Error("Deliver of nothing")
		}
		for _, r := range recs {
			if k := len(h.Recs); k > 0 && h.Recs[k-1].Offset >= r.Offset {
				h.T.Errorf("offset %d after %d", r.Offset, h.Recs[k-1].Offset)
			}
			if h.Kept != nil && r.Offset <= h.Kept.Offset {
				h.T.Errorf("offset %d behind a kept record for %d", r.Offset, h.Kept.Offset)
			}
			h.Recs = append(h.Recs, r)
			h.All = append(h.All, r)
		}
		h.Batches++
	})
}

// State implements fanout.Handler.
func (h *Handler) State(s fanout.State, why string) {
	h.Change(func() { h.States, h.Why = append(h.States, s), why })
}

// Whispered implements fanout.Handler.
func (h *Handler) Whispered(body []byte) {
	h.Change(func() { h.Whispers = append(h.Whispers, string(body)) })
}

// Asked implements fanout.Handler.
func (h *Handler) Asked(name string) []byte {
	if h.Knows == nil {
		return nil
	}
	return h.Knows(name)
}

// Now returns the present state. Mu is held.
func (h *Handler) Now() fanout.State {
	if len(h.States) == 0 {
		return fanout.Away
	}
	return h.States[len(h.States)-1]
}

// Wait returns when cond, called with Mu held, is true.
func (h *Handler) Wait(what string, cond func() bool) {
	h.T.Helper()
	timeout := time.After(Patience)
	for {
		h.Mu.Lock()
		ok, changed := cond(), h.changed
		h.Mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			h.Mu.Lock()
			defer h.Mu.Unlock()
			h.T.Fatalf("waited in vain for: %s; %d resets, %d records, states %v", what, len(h.Resets), len(h.All), h.States)
		}
	}
}

// WaitUp returns when the exchange is reached.
func (h *Handler) WaitUp() {
	h.T.Helper()
	h.Wait("up", func() bool { return h.Now() == fanout.Up })
}

// WaitID returns the record of that id, when it has been delivered since the last Reset.
func (h *Handler) WaitID(id string) (rec chat.Record) {
	h.T.Helper()
	h.Wait(id, func() bool {
		for _, r := range h.Recs {
			if r.ID == id {
				rec = r
				return true
			}
		}
		return false
	})
	return rec
}

// Records returns what was delivered since the last Reset.
func (h *Handler) Records() []chat.Record {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return slices.Clone(h.Recs)
}

// Epoch returns the present epoch, and the kept record behind which it reads.
func (h *Handler) Epoch() (epoch string, kept *chat.Record) {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return h.Resets[len(h.Resets)-1], h.Kept
}

// Run runs x with h until the test ends or stop is called.
func (h *Handler) Run(x fanout.Exchange, back int) (stop func()) {
	h.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := x.Run(ctx, back, h); err != context.Canceled {
			h.T.Errorf("Run returned %v", err)
		}
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(Patience):
			h.T.Error("Run does not end")
		}
	})
	h.T.Cleanup(stop)
	return stop
}
