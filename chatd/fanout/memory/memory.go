// Package memory is the exchange of a room that is one process: the log is a
// slice. It is the embedded default, and the limit that others are measured
// against.
package memory

import (
	"context"
	"errors"
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

// maxKept is how many kept records there are: 6 MiB of the largest, of which a room
// has hundreds of kilobytes.
const maxKept = 2 * fanout.MinKept

// maxBatch is how many records are delivered at once, so that a batch stays a
// frame of sensible size.
const maxBatch = 256

// Exchange is an in-process fanout.Exchange. It lives as long as its process:
// each New has an epoch of its own.
type Exchange struct {
	maxBytes int           // of the log
	wake     chan struct{} // capacity 1: something was published
	whispers chan []byte

	mu     sync.Mutex
	epoch  string
	log    []chat.Record // offsets first, first+1, …
	first  int64
	bytes  int
	kept   []chat.Record // of this log, in the order in which they were kept
	next   int64         // offset of the next record to deliver
	begun  bool          // Run was called
	erased bool          // the log is another one, and the handler is to be told
}

var _ fanout.Exchange = (*Exchange)(nil)

// New returns an empty exchange.
func New() *Exchange {
	return &Exchange{
		maxBytes: maxBytes,
		epoch:    uuid.NewString(),
		wake:     make(chan struct{}, 1),
		whispers: make(chan []byte, maxWhispers),
	}
}

// Publish implements fanout.Exchange. The record is in the log when it returns.
func (x *Exchange) Publish(rec chat.Record) error {
	if err := fanout.Check(rec); err != nil {
		return err
	}
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
	if len(x.log) <= maxRecords && x.bytes <= x.maxBytes {
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
	begun := x.begun
	x.begun, x.erased = true, false
	x.mu.Unlock()
	x.reset(back, h)
	if begun {
		x.deliver(back, h, false)
	}
	h.State(fanout.Up, "")
	// What was said before the first Run was said to nobody: it is no history,
	// but news, of which clients without a history must be told.
	x.deliver(back, h, true)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case body := <-x.whispers:
			h.Whispered(body)
		case <-x.wake:
			x.deliver(back, h, true)
		}
	}
}

// reset begins to deliver afresh: behind a kept record that the handler can read, or
// with the log's first.
func (x *Exchange) reset(back int, h fanout.Handler) {
	x.mu.Lock()
	epoch, last := x.epoch, x.first+int64(len(x.log))-1
	var kept []chat.Record
	var places []int64
	for _, k := range x.kept {
		if x.stands(k) {
			kept, places = append(kept, k), append(places, k.Offset)
		}
	}
	order := fanout.Choose(places, x.first, last, back)
	x.mu.Unlock()
	from := int64(0)
	for n := 0; ; n++ {
		if n == len(order) {
			h.Reset(epoch, nil)
			break
		}
		if k := kept[order[n]]; h.Reset(epoch, &k) {
			from = k.Offset + 1
			break
		}
	}
	x.mu.Lock()
	x.next = max(from, x.first)
	if x.epoch != epoch {
		x.next = 0 // erased meanwhile, of which deliver will tell
	}
	x.mu.Unlock()
}

// stands reports whether a kept record is of this log: the record at its offset is
// the one it was kept for. x.mu is held.
func (x *Exchange) stands(kept chat.Record) bool {
	at := kept.Offset - x.first
	if at < 0 {
		return true // gone, and nothing else can have stood there
	}
	return at < int64(len(x.log)) && x.log[at].ID == kept.ID && x.log[at].Stamp == kept.Stamp
}

// deliver hands over everything that was not delivered yet. A handler that is
// slower than the log forgets, or whose log was erased, is told so: to it, the
// exchange was away. up says whether it has been told that the exchange is reached.
func (x *Exchange) deliver(back int, h fanout.Handler, up bool) {
	behind := false
	for {
		x.mu.Lock()
		lost := x.next < x.first || x.erased
		x.erased = false
		x.mu.Unlock()
		if lost {
			if up && !behind {
				behind = true
				h.State(fanout.Away, "")
			}
			x.reset(back, h)
		}
		x.mu.Lock()
		if x.erased || x.next < x.first { // since then
			x.mu.Unlock()
			continue
		}
		from := int(x.next - x.first)
		batch := slices.Clone(x.log[from:min(len(x.log), from+maxBatch)])
		x.next += int64(len(batch))
		x.mu.Unlock()
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
	var out []chat.Record
	bytes := 0
	for at := max(from-x.first, 0); at < min(before-x.first, int64(len(x.log))) && len(out) < n; at++ {
		bytes += len(x.log[at].Body)
		if bytes > fanout.ReadBytes && len(out) > 0 {
			break
		}
		out = append(out, x.log[at])
	}
	return out, nil
}

// Keep implements fanout.Exchange.
func (x *Exchange) Keep(rec chat.Record) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if fanout.Check(rec) != nil || rec.Offset < 0 || !x.stands(rec) {
		return // of a log that was erased a moment ago
	}
	if len(x.kept) == maxKept {
		x.kept = slices.Delete(x.kept, 0, 1)
	}
	x.kept = append(x.kept, rec)
}

// Erase implements fanout.Exchange.
func (x *Exchange) Erase(_ context.Context, first func() (rec, kept chat.Record)) error {
	rec, kept := first()
	if err := errors.Join(fanout.Check(rec), fanout.Check(kept)); err != nil {
		return err
	}
	kept.Offset = -1
	x.mu.Lock()
	var waiting []chat.Record // accepted, and not delivered
	if x.begun {
		waiting = x.log[max(0, x.next-x.first):]
	}
	x.epoch, x.erased = uuid.NewString(), true
	x.log, x.first, x.next, x.bytes = nil, 0, 0, 0
	x.kept = []chat.Record{kept}
	for i, rec := range append([]chat.Record{rec}, waiting...) {
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

// Ask implements fanout.Exchange: there are no other daemons.
func (x *Exchange) Ask(context.Context, string) ([]byte, error) { return nil, fanout.ErrNone }
