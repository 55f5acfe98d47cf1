package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

const (
	// eraseTime bounds one erasure: a stream is deleted and made in a tenth of a
	// second, on a slow Pi in some.
	eraseTime = 15 * time.Second

	// erasePause is between the end of this daemon's life and the making of the new
	// stream, for the reason in epoch.go: the others, who published under the old
	// name, too, have been told by then. It is shorter than minPause/2, after which
	// the first of the daemons would make the stream itself.
	erasePause = 30 * time.Millisecond
)

// Erase implements fanout.Exchange. A call that is made again has a first record of the
// same id. The stream is deleted; this ends the life of
// all daemons, this one's too, and in their next life they find another log.
func (x *Exchange) Erase(ctx context.Context, first func() (rec, kept chat.Record)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, eraseTime, fanout.ErrAway)
	defer cancel()
	e, err := x.newErasure(ctx, first)
	if err != nil {
		return err
	}
	defer e.link.end()
	if e.again() {
		return nil
	}
	if err := e.keep(ctx); err != nil {
		return err
	}
	if ours, err := e.delete(ctx); err != nil || !ours {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-e.life.over:
	}
	pause := time.NewTimer(erasePause)
	defer pause.Stop()
	if err := e.keep(ctx); err != nil {
		x.opts.Logger.Warn("what was done while the log was erased may be forgotten", "error", err)
	}
	<-pause.C
	if err := e.make(); err != nil {
		// The old log is gone. The next life makes the new one.
		x.opts.Logger.Warn("the log was erased, and is made anew at the next connect", "error", err)
	}
	x.outbox.addOwn(e.rec)
	return nil
}

// deletion is that of a log: of which one, and for which record.
type deletion struct{ epoch, id string }

// erasure is one under way, on a connection of its own: the life ends in the middle
// of it. Its steps are its methods, in their order. Wherever it breaks off, the log stands, or
// what is kept says that it was erased.
type erasure struct {
	x     *Exchange
	life  *life
	link  *link
	pub   *publisher // to the kept records
	first func() (rec, kept chat.Record)
	rec   chat.Record // that first returned last
}

func (x *Exchange) newErasure(ctx context.Context, first func() (rec, kept chat.Record)) (*erasure, error) {
	life := x.life.Load()
	if life == nil {
		return nil, fanout.ErrAway
	}
	l, err := dial(ctx, life.url, "warren chatd, erasing")
	if err != nil {
		return nil, errors.Join(fanout.ErrAway, err)
	}
	pub, err := newPublisher(l, "", x.names.state)
	if err != nil {
		l.end()
		return nil, errors.Join(fanout.ErrAway, err)
	}
	return &erasure{x: x, life: life, link: l, pub: pub, first: first}, nil
}

// again reports whether all this was done in a call that ended before it knew: the
// life of the daemon took long to end. The log that there is now must stay.
func (e *erasure) again() bool {
	rec, _ := e.first()
	d := e.x.deleted.Load()
	if d == nil || d.id != rec.ID || d.epoch == e.life.epoch {
		return false
	}
	e.x.outbox.addOwn(rec)
	return true
}

// keep stores what is to be known of the new log, whether its first record gets there
// or not.
func (e *erasure) keep(ctx context.Context) error {
	rec, kept := e.first()
	if err := errors.Join(fanout.Check(rec), fanout.Check(kept)); err != nil {
		return err
	}
	e.rec, kept.Offset = rec, -1
	if err := e.pub.keep(ctx, kept, e.life.epoch); err != nil {
		return errors.Join(fanout.ErrAway, fmt.Errorf("keep what was erased: %w", err))
	}
	return nil
}

// delete deletes the log that this daemon reads, and reports whether it was this daemon
// who did. It looks first: the log may have been deleted already, by another daemon or by a call that
// ended too early, and another one may be in its place.
func (e *erasure) delete(ctx context.Context) (ours bool, err error) {
	x, epoch := e.x, e.life.epoch
	if now, err := e.epoch(ctx); !isMissing(err) {
		if err != nil {
			return false, errors.Join(fanout.ErrAway, err)
		}
		if now != epoch {
			d := x.deleted.Load()
			return d != nil && *d == deletion{epoch, e.rec.ID}, nil
		}
	}
	if err := onChannel(e.link, func(ch *amqp.Channel) error {
		_, err := ch.QueueDelete(x.names.stream, false, false, false)
		return err
	}); err != nil {
		return false, errors.Join(fanout.ErrAway, fmt.Errorf("delete the stream: %w", err))
	}
	x.deleted.Store(&deletion{epoch, e.rec.ID})
	return true, nil
}

// epoch returns that of the log that there is now.
func (e *erasure) epoch(ctx context.Context) (string, error) {
	pub, err := newPublisher(e.link, "", e.x.names.stream)
	if err != nil {
		return "", err
	}
	defer pub.ch.Close()
	head, err := e.x.probe(ctx, e.link, pub)
	if err != nil {
		return "", err
	}
	epoch, _, err := e.x.findEpoch(ctx, e.link, head, e.life.epoch, func() {})
	return epoch, err
}

// isMissing reports whether the broker answered that there is no such queue. Of one
// that is starting it has another reason for the same code.
func isMissing(err error) bool {
	return isCode(err, amqp.NotFound) && strings.Contains(err.Error(), "no queue")
}

// make makes the new log. Its first record gets there by a way of its own, before the
// stream is bound to the exchange: so nothing can come before it, unless another
// daemon was quicker to make the stream. It goes into the outbox, too, which
// publishes it if it got lost.
func (e *erasure) make() error {
	x := e.x
	return onChannel(e.link, func(ch *amqp.Channel) error {
		if _, err := ch.QueueDeclare(x.names.stream, true, false, false, false, x.logArgs()); err != nil {
			return err
		}
		// To the queue of that name: each is bound to the default exchange.
		if err := ch.Publish("", x.names.stream, false, false, publishing(record{Record: e.rec})); err != nil {
			return err
		}
		return ch.QueueBind(x.names.stream, "", x.names.exchange, false, nil)
	})
}

// remake makes the log if there is none because an erasure broke off when it had deleted the
// old one. What the erasure has kept becomes the first record: whoever reads the log from
// there has to know what was known when it began.
func (x *Exchange) remake(ctx context.Context, l *life) error {
	if err := onChannel(l.in, func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclarePassive(x.names.stream, true, false, false, false, nil)
		return err
	}); !isMissing(err) {
		return nil // what else is wrong shows when it is declared
	}
	// Of its own: during an alarm the broker hears no more of who has published.
	side, err := dial(ctx, x.url, "warren chatd, making the log")
	if err != nil {
		return err
	}
	defer side.end()
	_, all, err := x.openState(ctx, l.in, side)
	if err != nil {
		return err
	}
	begun := placesOf(all, "")
	if len(begun) == 0 {
		return nil
	}
	rec, err := x.recordAt(ctx, l.in, x.names.state, begun[0].at)
	if err != nil || rec.Offset != begun[0].at {
		return err
	}
	if err := x.declareStream(l.in, x.names.stream, x.logArgs()); err != nil {
		return err
	}
	pub, err := newPublisher(side, "", x.names.stream)
	if err != nil {
		return err
	}
	if err := pub.send(record{Record: rec.Record}); err != nil {
		return err
	}
	return pub.confirmed(ctx)
}
