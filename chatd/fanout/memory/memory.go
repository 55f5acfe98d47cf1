// Package memory is the exchange of a room that is one process: the log is a
// slice. It is the embedded default, and the limit that others are measured
// against.
package memory

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Limits of the log. 64 MiB is what a Pi Zero 2 W (512 MiB) can spare;
// 100,000 records of a usual message (200 bytes and as much overhead) are
// below that.
const (
	maxRecords = 100_000
	maxBytes   = 64 << 20
	// The overhead of a record: its struct, and the headers of its strings.
	recordBytes = 200
)

// maxBehind is how many accepted records may wait to be delivered: some
// seconds of what one core folds.
const maxBehind = 10_000

// maxWhispers is how many whispers may wait; more are dropped.
const maxWhispers = 256

// maxBatch is how many records are delivered at once, so that a batch stays a
// frame of sensible size.
const maxBatch = 256

// Exchange is an in-process fanout.Exchange. It lives as long as its process:
// each New has an epoch of its own.
type Exchange struct {
	wake     chan struct{} // capacity 1: something was published
	whispers chan []byte

	mu     sync.Mutex
	epoch  string
	log    []chat.Record // offsets first, first+1, …
	first  int64
	bytes  int
	next   int64 // offset of the next record to deliver
	begun  bool  // Run was called
	erased bool  // the log is another one, and the handler is to be told
}

var _ fanout.Exchange = (*Exchange)(nil)

// New returns an empty exchange.
func New() *Exchange {
	return &Exchange{
		epoch:    uuid.NewString(),
		wake:     make(chan struct{}, 1),
		whispers: make(chan []byte, maxWhispers),
	}
}

// Publish implements fanout.Exchange. The record is in the log when it returns.
func (x *Exchange) Publish(rec chat.Record) error {
	x.mu.Lock()
	end := x.first + int64(len(x.log))
	if end-x.next >= maxBehind {
		x.mu.Unlock()
		return fanout.ErrFull
	}
	rec.Offset = end
	x.log = append(x.log, rec)
	x.bytes += size(rec)
	x.trim()
	x.mu.Unlock()
	x.signal()
	return nil
}

func size(r chat.Record) int { return recordBytes + len(r.Body) }

// trim forgets the oldest tenth of the log when it is over its limits. A tenth
// at a time makes the copying cheap. x.mu is held.
func (x *Exchange) trim() {
	if len(x.log) <= maxRecords && x.bytes <= maxBytes {
		return
	}
	n := max(1, len(x.log)/10)
	for _, r := range x.log[:n] {
		x.bytes -= size(r)
	}
	x.log = slices.Clone(x.log[n:])
	x.first += int64(n)
}

// Run implements fanout.Exchange. The exchange is never away.
func (x *Exchange) Run(ctx context.Context, back int, h fanout.Handler) error {
	x.mu.Lock()
	x.next = max(x.first, x.first+int64(len(x.log)-back))
	begun := x.begun
	x.begun, x.erased = true, false
	epoch := x.epoch
	x.mu.Unlock()
	h.Reset(epoch)
	if begun {
		x.deliver(h, false)
	}
	h.State(fanout.Up, "")
	// What was said before the first Run was said to nobody: it is no history,
	// but news, of which clients without a history must be told.
	x.deliver(h, true)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case body := <-x.whispers:
			h.Whispered(body)
		case <-x.wake:
			x.deliver(h, true)
		}
	}
}

// deliver hands over everything that was not delivered yet. A handler that is
// slower than the log forgets, or whose log was erased, is told so: to it, the
// exchange was away. up says whether it has been told that the exchange is reached.
func (x *Exchange) deliver(h fanout.Handler, up bool) {
	behind := false
	for {
		x.mu.Lock()
		lost, epoch := x.next < x.first || x.erased, x.epoch
		x.erased = false
		x.next = max(x.next, x.first)
		from := int(x.next - x.first)
		batch := slices.Clone(x.log[from:min(len(x.log), from+maxBatch)])
		x.next += int64(len(batch))
		x.mu.Unlock()
		if lost {
			if up && !behind {
				behind = true
				h.State(fanout.Away, "")
			}
			h.Reset(epoch)
		}
		if len(batch) == 0 {
			if behind {
				h.State(fanout.Up, "")
			}
			return
		}
		h.Deliver(batch)
	}
}

// Read implements fanout.Exchange.
func (x *Exchange) Read(_ context.Context, from, before int64, n int) ([]chat.Record, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	lo := max(from-x.first, 0)
	hi := min(before-x.first, int64(len(x.log)), lo+int64(n))
	if lo >= hi {
		return nil, nil
	}
	return slices.Clone(x.log[lo:hi]), nil
}

// Erase implements fanout.Exchange.
func (x *Exchange) Erase(_ context.Context, first chat.Record) error {
	x.mu.Lock()
	var waiting []chat.Record // accepted, and not delivered
	if x.begun {
		waiting = x.log[max(0, x.next-x.first):]
	}
	x.epoch, x.erased = uuid.NewString(), true
	x.log, x.first, x.next, x.bytes = nil, 0, 0, 0
	for i, rec := range append([]chat.Record{first}, waiting...) {
		rec.Offset = int64(i)
		x.log = append(x.log, rec)
		x.bytes += size(rec)
	}
	x.mu.Unlock()
	x.signal()
	return nil
}

func (x *Exchange) signal() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// Whisper implements fanout.Exchange.
func (x *Exchange) Whisper(body []byte) {
	select {
	case x.whispers <- body:
	default:
	}
}
