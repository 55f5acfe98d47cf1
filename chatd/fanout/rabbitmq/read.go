package rabbitmq

import (
	"context"
	"errors"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

const (
	// maxReaders is how many Reads the broker sees at a time; others wait.
	// Each may hold prefetch records that nobody has asked for.
	maxReaders = 4

	// readTime bounds one Read. It takes milliseconds.
	readTime = 5 * time.Second
)

// Read implements fanout.Exchange. It waits some seconds
// for a broker that hangs, and then returns fanout.ErrAway.
func (x *Exchange) Read(ctx context.Context, from, before int64, n int) ([]chat.Record, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, readTime, fanout.ErrAway)
	defer cancel()
	select {
	case x.readers <- struct{}{}:
		defer func() { <-x.readers }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	l := x.life.Load()
	if l == nil {
		return nil, fanout.ErrAway
	}
	// A reader of a stream is not told that it has come to the end, and one
	// that asks for too large an offset waits. But the record at head is in
	// the log: reading up to it comes to an end.
	head := l.head.Load()
	from = max(from, 0)
	if from > head || from >= before || n <= 0 {
		return nil, nil
	}
	r, err := x.read(l.in, x.names.stream, from, prefetch)
	if err != nil {
		return nil, fanout.ErrAway
	}
	defer r.close()
	var out []chat.Record
	bytes := 0
	for {
		recs, err := r.next(ctx)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, fanout.ErrAway) {
				return nil, cause
			}
			return nil, fanout.ErrAway
		}
		for _, rec := range recs {
			if rec.Offset >= before {
				return out, nil
			}
			bytes += len(rec.Body)
			if bytes > fanout.ReadBytes && len(out) > 0 {
				return out, nil
			}
			out = append(out, rec.Record)
			if len(out) == n || rec.Offset >= head {
				return out, nil
			}
		}
	}
}
