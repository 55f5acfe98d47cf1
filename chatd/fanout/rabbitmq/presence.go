package rabbitmq

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Limits of whispers. What does not fit is dropped: the next one says the same,
// newer.
const (
	// maxWhispers wait on each of the ways: to be sent, at the broker, and to
	// be handled. Who is here comes from each daemon every few seconds, and
	// who is typing from each person every two: a second of a full room.
	maxWhispers = 256

	// maxWhisper is the largest one, in bytes: a hundred people with names.
	maxWhisper = 64 << 10
)

// Whisper implements fanout.Exchange. A body of more than 64 KiB is dropped.
func (x *Exchange) Whisper(body []byte) {
	if l := x.life.Load(); l == nil || len(body) > maxWhisper {
		return
	}
	select {
	case x.whispers <- body:
	default:
	}
}

// sendWhispers publishes what is whispered and asked here until ctx ends.
func (x *Exchange) sendWhispers(ctx context.Context, l *life) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case body := <-x.whispers:
			if *l.alarm.Load() != "" {
				continue // it would get there much too late
			}
			if err := l.quiet.Publish(x.names.presence, "", false, false, amqp.Publishing{Body: body}); err != nil {
				return err
			}
		case q := <-x.asking:
			if err := l.quiet.Publish(x.names.presence, "", false, false, q.published()); err != nil {
				return err
			}
		}
	}
}

// hearWhispers attaches to the exchange for presence and returns what comes.
// The channel is closed when the connection is.
func (x *Exchange) hearWhispers(l *life) (<-chan []byte, error) {
	ch, err := l.in.Channel()
	if err != nil {
		return nil, err
	}
	q, err := ch.QueueDeclare("", false, true, true, false, amqp.Table{
		amqp.QueueMaxLenArg:   int32(maxWhispers),
		amqp.QueueOverflowArg: amqp.QueueOverflowDropHead,
	})
	if err != nil {
		return nil, err
	}
	if err := ch.QueueBind(q.Name, "", x.names.presence, false, nil); err != nil {
		return nil, err
	}
	deliveries, err := ch.Consume(q.Name, "", true, true, false, false, nil)
	if err != nil {
		return nil, err
	}
	heard := make(chan []byte, maxWhispers)
	go func() {
		defer close(heard)
		for d := range deliveries {
			if d.Headers[headerAsk] != nil {
				l.heardQuestion(d)
				continue
			}
			if len(d.Body) > maxWhisper {
				continue
			}
			select {
			case heard <- d.Body:
			default:
			}
		}
	}()
	return heard, nil
}
