package rabbitmq

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
)

// The epoch names the log. RabbitMQ has no name for one: a stream that was
// deleted and made again looks like the old one, with offsets from 0. So the
// name is kept in the log itself, and every daemon reads it there.
//
// Two kinds of records matter. A *proposal* is a record of chat.TypeEpoch without header
// epoch and without a body: it proposes its own id. A daemon writes one at each connect,
// before it knows anything. A *naming* record is a record of any type with header epoch: all
// that a daemon publishes once it has found the name. The rule:
//
//  1. If the log holds naming records, the name is the one they carry.
//  2. If it holds none, and has lost its front, the name is that of the log which the last
//     kept record is of (state.go): others' records have pushed all of ours out, which
//     may happen while no daemon runs, and what hosts did must not be lost by it.
//  3. Otherwise, the name is what the first proposal in it proposes.
//
// A daemon applies the rule to the log up to its own proposal, which it has
// read back: so there is always at least one.
//
// Why all agree: take the order of the log. The first daemon to find a name
// finds it by 2 or 3, since nobody can have written it. By 2 it is the one that there was, and what
// is kept from then on says the same. By 3 it is that of the first
// proposal, P. Another either has a naming record in what it reads, which
// carries P's name since no other was ever found; or none, and then it takes
// the first proposal, P too. Two daemons that start in one instant on an empty
// log both read both proposals' order from the log. After a deletion nobody
// publishes under the old name: all readers are cancelled in that instant, and
// with them all publishers, long before anyone can have made the new stream.
//
// Why it stays: RabbitMQ drops the front of a log that is too long, and P with
// it. Warren's records name the epoch, so that it is lost only if nothing but
// foreign records is left. Hence whoever found it by rule 2 or 3 writes a naming
// record at once, and every daemon writes one when it has read bareBytes
// without any.

// bareBytes is how much of the log may go by without the name of its epoch. A
// daemon that starts looks for the name in what it reads anyhow, and then from
// the front of the log; this is small against any useful log.
const bareBytes = 1 << 20

// epochRecord returns a record of chat.TypeEpoch. It has no body: see probe.
func (x *Exchange) epochRecord() chat.Record {
	return chat.Record{
		ID:          rand.Text(),
		Type:        chat.TypeEpoch,
		ContentType: chat.ContentJSON,
		Stamp:       x.opts.Stamp(),
	}
}

// proposed returns what rec proposes, "" if it is no proposal.
func proposed(rec record) string {
	if rec.Type != chat.TypeEpoch || rec.epoch != "" || len(rec.Body) > 0 || !chat.ValidID(rec.ID) {
		return ""
	}
	return rec.ID
}

// namer applies the rule to records in their order.
type namer struct {
	named, proposed string
	first           int64 // offset of the first of them
	any             bool
}

func (n *namer) add(rec record) {
	if !n.any {
		n.first, n.any = rec.Offset, true
	}
	if rec.epoch != "" {
		n.named = rec.epoch
	} else if n.proposed == "" {
		n.proposed = proposed(rec)
	}
}

// findEpoch returns the epoch of the log up to the record at offset head, and
// whether a naming record near its end says so. In nearly all cases one of the last
// records does. Kept is the epoch that rule 2 is about, "" if there is none. It calls alive while it reads.
func (x *Exchange) findEpoch(ctx context.Context, l *link, head int64, kept string, alive func()) (epoch string, written bool, err error) {
	near, err := x.nameIn(ctx, l, max(0, head-prefetch), head, alive)
	if err != nil || near.named != "" {
		return near.named, true, err
	}
	all, err := x.nameIn(ctx, l, "first", head, alive)
	switch {
	case err != nil:
		return "", false, err
	case all.named != "":
		return all.named, false, nil
	case all.first > 0 && kept != "":
		return kept, false, nil
	case all.proposed == "":
		return "", false, errors.New("the log does not hold the record that was read from it a moment ago")
	}
	return all.proposed, false, nil
}

// nameIn reads the log up to the record at offset head, or to the first that names it.
func (x *Exchange) nameIn(ctx context.Context, l *link, from any, head int64, alive func()) (n namer, err error) {
	r, err := x.read(l, x.names.stream, from, prefetch)
	if err != nil {
		return n, err
	}
	defer r.close()
	for {
		recs, err := r.next(ctx)
		if err != nil {
			return n, err
		}
		alive()
		for _, rec := range recs {
			if n.add(rec); n.named != "" || rec.Offset >= head {
				return n, nil
			}
		}
	}
}

// writeEpoch puts a naming record into the log: what the publisher sends
// carries the name.
func (x *Exchange) writeEpoch() {
	x.naming = true
	x.outbox.addOwn(x.epochRecord())
}

// countBare writes the name of the epoch again when too much of the log has
// gone by without it.
func (x *Exchange) countBare(recs []record) {
	const overhead = 100 // of a record in the stream, about
	for _, rec := range recs {
		x.bare += len(rec.Body) + overhead
		if rec.epoch == x.epoch {
			x.bare, x.naming = 0, false
		}
	}
	if x.bare >= bareBytes && !x.naming {
		x.writeEpoch()
	}
}

// probeTime is how long our own record may take to come back, or any before it. It takes
// milliseconds; the stream of a broker that has just started, a second.
const probeTime = 5 * time.Second

// probe publishes a proposal and waits until it is read back. This gives the
// end of the log, and proves that what is published from now on gets there: a
// broker that has just started takes and confirms records before its stream is
// back, and drops them. With another queue bound to the exchange not even
// "mandatory" tells.
//
// It comes back even if there is an alarm. RabbitMQ ceases to read from a
// connection when it has read the first frame with a part of a record: its
// properties. Without a body they are the whole record (rabbit_reader.erl,
// process_frame and post_process_frame; the same since RabbitMQ 3.0).
func (x *Exchange) probe(ctx context.Context, in *link, pub *publisher) (head int64, err error) {
	return x.readUpToProbe(ctx, in, x.names.stream, "last", prefetch, pub, func([]record) {})
}

// readUpToProbe publishes a proposal, or what is none in another stream than the log, and
// gives what it reads from a place of the stream on to each, up to the proposal, whose
// offset it returns.
func (x *Exchange) readUpToProbe(ctx context.Context, in *link, stream string, from any, prefetch int, pub *publisher, each func([]record)) (head int64, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	late := time.AfterFunc(probeTime, func() { fail(errors.New("what is published does not reach the stream " + stream)) })
	defer late.Stop()
	r, err := x.read(in, stream, from, prefetch)
	if err != nil {
		return 0, err
	}
	defer r.close()
	rec := record{Record: x.epochRecord(), mark: "probe." + rand.Text()}
	if err := pub.send(rec); err != nil {
		return 0, err
	}
	for {
		select {
		case got, ok := <-r.recs:
			if !ok {
				return 0, r.err
			}
			late.Reset(probeTime)
			recs := r.fill(got)
			each(recs)
			for _, got := range recs {
				if got.mark == rec.mark {
					return got.Offset, nil
				}
			}
		case <-pub.returns:
			metricReturned.Inc()
			return 0, errReturned
		case b, ok := <-pub.blocks:
			if !ok {
				return 0, reason(pub.closed)
			}
			pub.alarm = alarmOf(b)
		case <-pub.link.lost:
			return 0, amqp.ErrClosed
		case <-ctx.Done():
			if _, why := pub.alarm.state(); why != "" {
				return 0, errors.New(why)
			}
			return 0, context.Cause(ctx)
		}
	}
}
