package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout"
)

// life is one life of the connection to the broker.
type life struct {
	// Two connections, because the broker stops reading from one that
	// publishes too fast, or at all when it is short of memory: reading, and
	// its acks, must go on then.
	in, out *link

	// A third one is for what is large and can wait: kept records and answers.
	side *link

	url   string // of the broker
	pub   *publisher
	quiet *amqp.Channel         // for whispers and questions
	head  atomic.Int64          // offset of a record in the log, the last we know of
	alarm atomic.Pointer[alarm] // what the broker is short of
	turn  chan struct{}         // has a value when alarm has changed
	over  chan struct{}         // closed when nothing is published in it any more
	slow  *time.Timer           // ends it, if it goes off before it is reached

	epoch     string // of its log
	asks      asks
	answers   *amqp.Channel // to questions of others
	questions chan question // of others
}

// setupTime is how long it may take from dialling to the first record read, and from
// each batch of records to the next until the log is read. It
// takes a tenth of a second; a stream that is being made on a slow Pi, some.
const setupTime = 30 * time.Second

// alive says that reading goes on.
func (l *life) alive() { l.slow.Reset(setupTime) }

var errSlow = fmt.Errorf("the broker did not get the exchange and the stream ready within %v", setupTime)

// errOver ends what is left of a life.
var errOver = errors.New("the connection is being closed")

// live is one life: it returns why it ended. All calls of the handler are made
// by its goroutine, which is Run's.
func (x *Exchange) live(ctx context.Context, back int, h fanout.Handler, reached func()) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	l := &life{url: x.url, turn: make(chan struct{}, 1), over: make(chan struct{}), questions: make(chan question, maxQuestions)}
	defer close(l.over)
	defer wg.Wait()
	defer fail(errOver)

	// The broker's heartbeats go on while it does not get anything done.
	l.slow = time.AfterFunc(setupTime, func() { fail(errSlow) })
	defer l.slow.Stop()
	if l.in, err = dial(ctx, x.url, "warren chatd"); err != nil {
		return err
	}
	defer l.in.end()
	if l.out, err = dial(ctx, x.url, "warren chatd, publishing"); err != nil {
		return err
	}
	defer l.out.end()
	if l.side, err = dial(ctx, x.url, "warren chatd, keeping"); err != nil {
		return err
	}
	defer l.side.end()
	if err := x.remake(ctx, l); err != nil {
		return err
	}
	if err := x.declare(l.in); err != nil {
		return err
	}
	if l.pub, err = newPublisher(l.out, x.names.exchange, ""); err != nil {
		return err
	}
	// Before anything is published: afterwards the broker may not listen.
	if l.quiet, err = l.out.Channel(); err != nil {
		return err
	}
	if err := x.hearAnswers(l); err != nil {
		return err
	}
	if l.answers, err = l.side.Channel(); err != nil {
		return err
	}
	head, err := x.probe(ctx, l.in, l.pub)
	if err != nil {
		return err
	}
	// After the probe: a log that was erased before it was kept to be, and that is read now.
	keeper, kept, err := x.openState(ctx, l.in, l.side)
	if err != nil {
		return err
	}
	heard, err := x.hearWhispers(l)
	if err != nil {
		return err
	}
	r, err := x.catchUp(ctx, l, head, back, kept, h)
	if err != nil {
		return err
	}
	l.slow.Stop()
	defer r.close()
	defer fail(errOver) // closing the reader must not wait for a broker that hangs

	reached()
	x.log.Info("the exchange is reached", "epoch", x.epoch, "head", x.place.last.Offset, "waiting", x.outbox.len())
	for len(x.whispers) > 0 { // of an earlier life
		<-x.whispers
	}
	l.epoch = x.epoch
	x.life.Store(l)
	metricConnected.Set(1)
	first := l.pub.alarm
	l.alarm.Store(&first)
	told := first
	x.tell(h, told)
	defer func() {
		x.life.Store(nil)
		metricConnected.Set(0)
		metricFull.Set(0)
		h.State(fanout.Away, "")
	}()

	wg.Go(func() {
		fail(l.pub.run(ctx, x.outbox, l.epoch, func(a alarm) {
			l.alarm.Store(&a)
			select {
			case l.turn <- struct{}{}:
			default:
			}
		}))
	})
	wg.Go(func() { fail(x.sendWhispers(ctx, l)) })
	wg.Go(func() { fail(x.answer(ctx, l, h)) })
	if keeper != nil {
		wg.Go(func() { fail(x.keepAll(ctx, keeper, l.epoch)) })
	}

	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case rec, ok := <-r.recs:
			if !ok {
				return r.err
			}
			x.deliver(l, r.fill(rec), h)
		case body, ok := <-heard:
			if !ok {
				return l.in.why()
			}
			h.Whispered(body)
		case <-l.turn:
			if a := *l.alarm.Load(); a != told {
				told = a
				x.tell(h, told)
			}
		}
	}
}
