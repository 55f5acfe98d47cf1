package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// window is how many records are sent and not yet seen in the log. At the few
// milliseconds a record takes to come back, a thousand are more than a stream
// can take in.
const window = 1000

// seeTime is how long the first of the records under way may take from being
// the first to being seen: each is, for the log has them in order. It takes
// milliseconds. How long a whole window takes says nothing: the slowest machines
// need more than ten seconds for it.
const seeTime = 10 * time.Second

var (
	errReturned = errors.New("the broker has no queue for what is published: the stream is still starting, or was deleted")
	errNacked   = errors.New("the broker refused to keep what was published")
	errNotSeen  = fmt.Errorf("what was published next did not reach the log within %v", seeTime)
)

// publisher sends records on a channel of its own. One goroutine uses it.
//
// Order and loss: in each life the outbox is sent from its first entry on, in
// order, without leaving any out. So each life leaves in the log a run of
// entries in their order, which may break off anywhere; the run of the next
// life begins with the first entry not seen, or before it. However two such
// runs are shuffled (the broker may still read what it had got of a lost
// connection while the next one is at work) the first occurrences of the
// entries are in their order, and none is missing that was sent behind.
//
// What could tear a hole into a run is a broker that drops records in the
// midst of others that it keeps. It did so after a restart, which is why
// nothing is sent before the probe has come back; a return or a nack later
// ends the life at once. A confirm proves nothing: it only bounds how much is
// under way.
type publisher struct {
	link     *link
	ch       *amqp.Channel
	out      *corked
	exchange string
	key      string // of routing: empty to a fanout exchange

	// The client library waits for room in these while it holds up the whole
	// connection, and after 5 seconds drops what does not fit: so there is
	// room for all that can come.
	confirms chan amqp.Confirmation
	returns  chan amqp.Return
	blocks   chan amqp.Blocking
	closed   chan *amqp.Error

	unconfirmed int
	alarm       alarm // while there is one, nothing is sent
}

func newPublisher(l *link, exchange, key string) (*publisher, error) {
	ch, err := l.Channel()
	if err != nil {
		return nil, err
	}
	if err := ch.Confirm(false); err != nil {
		return nil, err
	}
	return &publisher{
		link:     l,
		ch:       ch,
		out:      l.out,
		exchange: exchange,
		key:      key,
		confirms: ch.NotifyPublish(make(chan amqp.Confirmation, window+1)),
		returns:  ch.NotifyReturn(make(chan amqp.Return, window+1)),
		blocks:   l.NotifyBlocked(make(chan amqp.Blocking, 16)),
		closed:   ch.NotifyClose(make(chan *amqp.Error, 1)),
	}, nil
}

// send sends one record. What it returns says nothing about whether the record
// gets to the log.
func (p *publisher) send(r record) error {
	p.unconfirmed++
	metricPublished.Inc()
	return p.ch.Publish(p.exchange, p.key, true, false, publishing(r))
}

// run sends what is in the outbox until ctx ends or something goes wrong, which
// it returns. It calls turn when the alarm has changed.
func (p *publisher) run(ctx context.Context, box *outbox, epoch string, turn func(alarm)) error {
	box.begin()
	check := time.NewTicker(seeTime / 10)
	defer check.Stop()
	waiting := time.Now() // since when records are waited for: not during an alarm
	for {
		if p.alarm == "" {
			if err := p.sendAll(ctx, box, epoch); err != nil {
				return err
			}
		}
		select {
		case <-box.changed:
		case c, ok := <-p.confirms:
			switch {
			case !ok:
				return reason(p.closed)
			case !c.Ack:
				metricNacked.Inc()
				return errNacked
			}
			p.unconfirmed--
		case _, ok := <-p.returns:
			if !ok {
				return reason(p.closed)
			}
			metricReturned.Inc()
			return errReturned
		case b, ok := <-p.blocks:
			if !ok {
				return reason(p.closed)
			}
			if a := alarmOf(b); a != p.alarm {
				p.alarm = a
				waiting = time.Now()
				turn(a)
			}
		case now := <-check.C:
			at, ok := box.waiting()
			if at.Before(waiting) {
				at = waiting
			}
			if ok && p.alarm == "" && now.Sub(at) > seeTime {
				return errNotSeen
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// sendAll sends what waits in the outbox, as far as the window lets it, in one
// write.
func (p *publisher) sendAll(ctx context.Context, box *outbox, epoch string) error {
	p.out.cork()
	for p.unconfirmed < window && ctx.Err() == nil && len(p.blocks) == 0 {
		rec, again, ok := box.take(window, time.Now())
		if !ok {
			break
		}
		if again {
			metricRepublished.Inc()
		}
		rec.epoch = epoch
		if err := p.send(rec); err != nil {
			return errors.Join(err, p.out.uncork())
		}
	}
	return p.out.uncork()
}
