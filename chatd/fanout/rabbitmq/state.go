package rabbitmq

import (
	"context"
	"errors"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// The kept records are in a stream of their own, chat.state, whose limits the log
// does not share. A kept record travels as any other, with what identifies its place:
// its id and stamp are those of the record there, the header place is its offset,
// and the header epoch names the log.

// headerPlace is the offset in the log that a kept record stands for.
const headerPlace = "place"

// Limits of the stream. RabbitMQ drops whole files from its front, when it begins a new
// one, until the rest is no more than stateBytes: that may be one file less than the
// limit. A file has stateSegment bytes and one record more at most, which is less than twice
// stateSegment. So at least MinKept of the largest records are there, and 5 MiB at most.
const (
	stateRecord  = chat.MaxSnapshot + 4<<10 // with its properties
	stateSegment = 512 << 10
	stateBytes   = fanout.MinKept*stateRecord + 2*stateSegment
)

// statePrefetch is how many kept records may be on their way to us: 1.5 MiB.
const statePrefetch = 4

// maxPlaces is how many kept records are considered. Of each its place is remembered
// alone, some 300 bytes.
const maxPlaces = 1024

// keepTime is how long the broker may take to confirm a kept record. It takes
// milliseconds; 384 KiB on a slow card, a second.
const keepTime = 10 * time.Second

// kept is a kept record without its body.
type kept struct {
	chat.Record
	epoch string
	at    int64 // its offset in the stream of the kept records
}

// Keep implements fanout.Exchange. Of what waits to be kept the newest counts.
func (x *Exchange) Keep(rec chat.Record) {
	if fanout.Check(rec) != nil || rec.Offset < 0 {
		return
	}
	for {
		select {
		case x.keeping <- rec:
			return
		default:
		}
		select {
		case <-x.keeping:
		default:
		}
	}
}

// openState makes the stream of the kept records, and returns how to publish to it and what
// is in it, in its order. If that cannot be done for long, it goes without: a stream that a
// crash has damaged can neither be read nor be deleted. Then the publisher is nil.
func (x *Exchange) openState(ctx context.Context, in, out *link) (*publisher, []kept, error) {
	pub, all, err := x.readState(ctx, in, out)
	switch {
	case err == nil:
		x.keepless = time.Time{}
	case x.keepless.IsZero():
		x.keepless = time.Now()
		fallthrough
	case time.Since(x.keepless) < startTime:
		return nil, nil, err
	default:
		x.log.Warn("what hosts did may be forgotten at the next start: the stream that keeps it cannot be used. "+
			"Give RabbitMQ a new data folder, or the daemons another virtual host", "stream", x.names.state, "error", err)
		return nil, nil, nil
	}
	return pub, all, nil
}

// readState reads on one connection and publishes on the other: during an alarm the
// broker hears no more of that.
func (x *Exchange) readState(ctx context.Context, in, out *link) (*publisher, []kept, error) {
	if err := x.declareStream(in, x.names.state, streamArgs(stateBytes, stateSegment)); err != nil {
		return nil, nil, err
	}
	pub, err := newPublisher(out, "", x.names.state)
	if err != nil {
		return nil, nil, err
	}
	var all []kept
	_, err = x.readUpToProbe(ctx, in, x.names.state, "first", statePrefetch, pub, func(recs []record) {
		for _, r := range recs {
			if k, ok := keptOf(r); ok {
				all = append(all, k)
			}
		}
		if len(all) > 2*maxPlaces {
			all = append([]kept(nil), all[len(all)-maxPlaces:]...)
		}
	})
	return pub, all[max(0, len(all)-maxPlaces):], err
}

// keptOf returns what is in r, but not its body.
func keptOf(r record) (kept, bool) {
	k := kept{Record: r.Record, epoch: r.epoch, at: r.Offset}
	k.Offset, k.Body = r.place, nil
	return k, r.placed && r.epoch != "" && r.ID != ""
}

// keepAll stores what is to be kept until ctx ends or something goes wrong, which it
// returns.
func (x *Exchange) keepAll(ctx context.Context, pub *publisher, epoch string) error {
	for {
		keeping := x.keeping
		if pub.alarm != "" {
			keeping = nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case b, ok := <-pub.blocks:
			if !ok {
				return reason(pub.closed)
			}
			pub.alarm = alarmOf(b)
		case rec := <-keeping:
			if err := pub.keep(ctx, rec, epoch); err != nil {
				return err
			}
		}
	}
}

// keep stores one record and returns when the broker has it. It waits while the
// broker is short of anything.
func (p *publisher) keep(ctx context.Context, rec chat.Record, epoch string) error {
	if err := p.send(record{Record: rec, epoch: epoch, place: rec.Offset, placed: true}); err != nil {
		return err
	}
	return p.confirmed(ctx)
}

// confirmed waits until the broker has all that was sent.
func (p *publisher) confirmed(ctx context.Context) error {
	late := time.NewTimer(keepTime)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case c, ok := <-p.confirms:
			switch {
			case !ok:
				return reason(p.closed)
			case !c.Ack:
				return errNacked
			}
			if p.unconfirmed--; p.unconfirmed == 0 {
				return nil
			}
		case _, ok := <-p.returns:
			if !ok {
				return reason(p.closed)
			}
			return errReturned
		case b, ok := <-p.blocks:
			if !ok {
				return reason(p.closed)
			}
			p.alarm = alarmOf(b)
			late.Reset(keepTime)
		case <-late.C:
			if p.alarm == "" {
				return errNotKept
			}
		}
	}
}

var errNotKept = errors.New("the broker did not confirm what was to be kept")

// lastEpoch returns the epoch of the log that was read last, "" if nothing of it was kept.
// What was kept to erase a log is of no log that can still be there.
func lastEpoch(all []kept) string {
	if len(all) == 0 || all[len(all)-1].Offset < 0 {
		return ""
	}
	return all[len(all)-1].epoch
}

// placesOf returns those of all that are of the log of an epoch. One of the log's
// beginning is if it was kept to erase another log, and nothing has been kept since
// but of these two: the other daemons may keep something of the old log until they
// know. What was kept to erase this log did not come to it.
func placesOf(all []kept, epoch string) (of []kept) {
	begun := -1
	others := make(map[string]bool)
	for i := len(all) - 1; i >= 0; i-- {
		k := all[i]
		if k.epoch == epoch {
			continue
		}
		if k.Offset < 0 {
			if delete(others, k.epoch); len(others) == 0 {
				begun = i
			}
			break
		}
		others[k.epoch] = true
	}
	for i, k := range all {
		if i == begun || k.epoch == epoch && k.Offset >= 0 {
			of = append(of, k)
		}
	}
	return of
}

// begin finds the kept record to begin behind, tells the handler, and returns the
// offset that reading begins with. Head is that of the log's last record.
func (x *Exchange) begin(ctx context.Context, l *life, all []kept, epoch string, head int64, back int, h fanout.Handler) (from int64, err error) {
	if all = placesOf(all, epoch); len(all) > 0 {
		first, err := x.recordAt(ctx, l.in, x.names.stream, 0)
		if err != nil {
			return 0, err
		}
		for {
			places := make([]int64, len(all))
			for i, k := range all {
				places[i] = k.Offset
			}
			l.alive()
			order := fanout.Choose(places, first.Offset, head, back)
			if len(order) == 0 {
				break
			}
			i := order[0]
			k := all[i]
			rec, stands, err := x.verify(ctx, l, k, first.Offset, head)
			if err != nil {
				return 0, err
			}
			if stands {
				if h.Reset(epoch, &rec) {
					return k.Offset + 1, nil
				}
				all = older(all, k.Offset)
				continue
			}
			all = append(all[:i:i], all[i+1:]...)
		}
	}
	h.Reset(epoch, nil)
	return 0, nil
}

// older returns those of all that stand for earlier places.
func older(all []kept, place int64) (out []kept) {
	for _, k := range all {
		if k.Offset < place {
			out = append(out, k)
		}
	}
	return out
}

// verify returns the whole of k, and whether the record at its place is the one it
// was kept for. One that is before the log's first record was: nothing else can have stood there since.
func (x *Exchange) verify(ctx context.Context, l *life, k kept, first, head int64) (rec chat.Record, ok bool, err error) {
	if k.Offset > head {
		return rec, false, nil // not there yet: reading it would wait
	}
	if k.Offset >= first {
		r, err := x.recordAt(ctx, l.in, x.names.stream, k.Offset)
		if err != nil || r.Offset != k.Offset || r.ID != k.ID || r.Stamp != k.Stamp {
			return rec, false, err
		}
	}
	r, err := x.recordAt(ctx, l.in, x.names.state, k.at)
	if err != nil || r.Offset != k.at || r.ID != k.ID || r.place != k.Offset {
		return rec, false, err // pushed out since
	}
	rec = r.Record
	rec.Offset = r.place
	return rec, true, nil
}

// recordAt returns the record of a stream at an offset that is not behind its end,
// or the first that is there after it.
func (x *Exchange) recordAt(ctx context.Context, l *link, stream string, offset int64) (rec record, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeTime, errors.New("the stream does not hold what was read from it a moment ago"))
	defer cancel()
	r, err := x.read(l, stream, offset, 1)
	if err != nil {
		return record{}, err
	}
	defer r.close()
	recs, err := r.next(ctx)
	if err != nil {
		return record{}, err
	}
	return recs[0], nil
}
