package rabbitmq

import (
	"context"
	"errors"
	"fmt"
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

// Erase implements fanout.Exchange. The stream is deleted; this ends the life of
// all daemons, this one's too, and in their next life they find another log.
//
// First gets there by a way of its own, before the stream is bound to the exchange:
// so nothing can come before it, unless another daemon was quicker to make the
// stream. It goes into the outbox, too, which publishes it if it got lost.
func (x *Exchange) Erase(ctx context.Context, first chat.Record) error {
	if err := publishable(first); err != nil {
		return err
	}
	life := x.life.Load()
	if life == nil {
		return fanout.ErrAway
	}
	ctx, cancel := context.WithTimeoutCause(ctx, eraseTime, fanout.ErrAway)
	defer cancel()
	l, err := dial(ctx, life.url, "warren chatd, erasing") // the life ends in the middle of it
	if err != nil {
		return errors.Join(fanout.ErrAway, err)
	}
	defer l.end()
	if err := onChannel(l, func(ch *amqp.Channel) error {
		_, err := ch.QueueDelete(x.names.stream, false, false, false)
		return err
	}); err != nil {
		return fmt.Errorf("delete the stream: %w", err)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-life.over:
	}
	time.Sleep(erasePause)
	if err := onChannel(l, func(ch *amqp.Channel) error {
		if _, err := ch.QueueDeclare(x.names.stream, true, false, false, false, x.streamArgs()); err != nil {
			return err
		}
		// To the queue of that name: each is bound to the default exchange.
		if err := ch.Publish("", x.names.stream, false, false, publishing(record{Record: first})); err != nil {
			return err
		}
		return ch.QueueBind(x.names.stream, "", x.names.exchange, false, nil)
	}); err != nil {
		// The old log is gone. The next life makes the new one.
		x.opts.Logger.Warn("the log was erased, and is made anew at the next connect", "error", err)
	}
	x.outbox.addOwn(first)
	return nil
}

// streamArgs are the stream's properties.
func (x *Exchange) streamArgs() amqp.Table {
	return amqp.Table{
		amqp.QueueTypeArg:                 amqp.QueueTypeStream,
		amqp.QueueMaxLenBytesArg:          x.opts.LogBytes,
		amqp.StreamMaxSegmentSizeBytesArg: x.opts.SegmentBytes,
	}
}
