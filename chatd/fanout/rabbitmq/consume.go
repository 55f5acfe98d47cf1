package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// prefetch is how many records may be on their way to us. A round trip of 5 ms
// then allows 50,000 a second, more than a stream delivers; and if all of them
// are as large as a message can be, they take 25 MiB. Snapshots are larger, but far apart.
const prefetch = 256

// ackShare is which part of the prefetch is acknowledged at once. All that acks do is let
// the broker send more: with three quarters of the prefetch left it never
// waits, and where a record comes at a time each ack is work for it that delays
// the next record.
const ackShare = 4

// maxBatch is how many records go to the handler at once: what arrived while
// it was busy, and never more than prefetch.
const maxBatch = prefetch

// errNoStream is what a host gets who has a plain queue of a stream's name.
var errNoStream = errors.New("the broker has a queue of a stream's name that is no stream: delete it there, or use another virtual host")

// errDeleted ends a life when somebody deletes the stream.
var errDeleted = errors.New("the stream was deleted")

// reader reads the stream. One goroutine uses it.
type reader struct {
	ch    *amqp.Channel
	every uint64      // how many deliveries are acknowledged at once
	acked uint64      // the last delivery acknowledged
	batch []record    // what next returned
	recs  chan record // closed when there will be no more; then err says why
	err   error

	once sync.Once
	done chan struct{} // closed by close
}

// read attaches to a stream at an offset, or at "first" or "last", which is
// the last chunk: some records before the end. An offset that is not there any
// more begins with the first that is; one that is not there yet waits for it.
func (x *Exchange) read(l *link, stream string, from any, prefetch int) (*reader, error) {
	ch, err := l.Channel()
	if err != nil {
		return nil, err
	}
	// RabbitMQ wants both of a reader of a stream: a prefetch, and acks, which
	// are what lets it send more.
	if err := ch.Qos(prefetch, 0, false); err != nil {
		ch.Close()
		return nil, err
	}
	closed := ch.NotifyClose(make(chan *amqp.Error, 1))
	cancelled := ch.NotifyCancel(make(chan string, 1))
	deliveries, err := ch.Consume(stream, "", false, false, false, false, amqp.Table{"x-stream-offset": from})
	if err != nil {
		ch.Close()
		if isCode(err, amqp.PreconditionFailed) && strings.Contains(err.Error(), "x-stream-offset") {
			return nil, errNoStream
		}
		return nil, fmt.Errorf("read the stream %s: %w", stream, err)
	}
	r := &reader{ch: ch, every: max(1, uint64(prefetch)/ackShare), recs: make(chan record, prefetch), done: make(chan struct{})}
	go func() {
		// The client library keeps what we do not take; here it becomes a
		// record of bounded size.
		for d := range deliveries {
			rec, ok := recordOf(d)
			if !ok {
				r.err = errNoStream
				break
			}
			select {
			case r.recs <- rec:
			case <-r.done:
			}
		}
		if r.err == nil {
			r.err = reason(closed)
			select {
			case _, ok := <-cancelled:
				if ok {
					r.err = errDeleted
				}
			default:
			}
		}
		close(r.recs)
		for range deliveries { // until close
		}
	}()
	return r, nil
}

// next waits for records and returns what has arrived, in order. They are the
// caller's until it calls next again.
func (r *reader) next(ctx context.Context) ([]record, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case rec, ok := <-r.recs:
		if !ok {
			return nil, r.err
		}
		return r.fill(rec), nil
	}
}

// fill returns first and what has arrived after it, and lets the broker send
// as many again.
func (r *reader) fill(first record) []record {
	clear(r.batch) // a large batch may be followed by small ones for long
	r.batch = append(r.batch[:0], first)
	for len(r.batch) < maxBatch {
		select {
		case rec, ok := <-r.recs:
			if !ok {
				return r.batch
			}
			r.batch = append(r.batch, rec)
			continue
		default:
		}
		break
	}
	if last := r.batch[len(r.batch)-1].delivery; last-r.acked >= r.every {
		r.ch.Ack(last, true) // an error shows as the end of the records
		r.acked = last
	}
	return r.batch
}

// close ends the reading.
func (r *reader) close() {
	r.once.Do(func() {
		close(r.done)
		r.ch.Close()
	})
}

// place is how far the handler has come in the log.
type place struct {
	last *record // the last record delivered

	// marked is the last one delivered that is unlike any other record of
	// any log, by its mark. Two people may have said "hi" at one offset in two logs.
	marked *record
}

// move puts p behind recs. It keeps copies, and not the whole of recs alive.
func (p *place) move(recs []record) {
	last := recs[len(recs)-1]
	p.last = &last
	for i := len(recs) - 1; i >= 0; i-- {
		if recs[i].mark != "" {
			marked := recs[i]
			p.marked = &marked
			return
		}
	}
}

// catchUp brings the handler to the record at offset head, which is in the
// log, and returns a reader for what follows. It goes on behind the last
// record delivered if that is still there, and begins afresh, behind one of the kept records
// if it can, if not.
func (x *Exchange) catchUp(ctx context.Context, l *life, head int64, back int, all []kept, h fanout.Handler) (*reader, error) {
	l.head.Store(head)
	if x.place.marked != nil && x.place.last.Offset <= head {
		r, ok, err := x.resume(ctx, l, head, h)
		if ok || err != nil {
			return r, err
		}
	}
	epoch, written, err := x.findEpoch(ctx, l.in, head, lastEpoch(all), l.alive)
	if err != nil {
		return nil, err
	}
	x.place, x.epoch = place{}, epoch
	from, err := x.begin(ctx, l, all, epoch, head, back, h)
	select {
	case <-x.keeping: // of what the handler knew before its Reset
	default:
	}
	if err != nil {
		return nil, err
	}
	r, err := x.read(l.in, x.names.stream, from, prefetch)
	if err != nil {
		return nil, err
	}
	for x.place.last == nil || x.place.last.Offset < head {
		recs, err := r.next(ctx)
		if err != nil {
			r.close()
			return nil, err
		}
		l.alive()
		x.deliver(l, recs, h)
	}
	if !written {
		x.writeEpoch()
	}
	return r, nil
}

// resume reads on from the last marked record delivered, up to head. It
// returns false, having delivered nothing or only what does follow, if what it
// finds is not the log that was read before: deleted, emptied from its front
// beyond where we were, or fallen back to an earlier state.
func (x *Exchange) resume(ctx context.Context, l *life, head int64, h fanout.Handler) (*reader, bool, error) {
	marked, last := x.place.marked, x.place.last
	r, err := x.read(l.in, x.names.stream, marked.Offset, prefetch)
	if err != nil {
		return nil, false, err
	}
	seenMarked, seenLast := false, false
	for x.place.last.Offset < head || !seenLast {
		recs, err := r.next(ctx)
		if err != nil {
			r.close()
			return nil, false, err
		}
		l.alive()
		behind := 0 // how many of recs the handler has had
		for i := range recs {
			rec := recs[i]
			switch {
			case !seenMarked && !same(rec, *marked),
				!seenLast && rec.Offset >= last.Offset && !same(rec, *last),
				rec.epoch != "" && rec.epoch != x.epoch:
				r.close()
				return nil, false, nil
			}
			seenMarked = true
			if rec.Offset <= last.Offset {
				seenLast = rec.Offset == last.Offset
				behind++
			}
		}
		x.deliver(l, recs[behind:], h)
	}
	return r, true, nil
}

// deliver gives records to the handler, and to the outbox, which waits for
// its own.
func (x *Exchange) deliver(l *life, recs []record, h fanout.Handler) {
	if len(recs) == 0 {
		return
	}
	x.outbox.seen(recs, time.Now())
	out := make([]chat.Record, len(recs))
	for i := range recs {
		out[i] = recs[i].Record
	}
	x.place.move(recs)
	x.countBare(recs)
	l.head.Store(x.place.last.Offset)
	h.Deliver(out)
}
