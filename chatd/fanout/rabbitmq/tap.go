package rabbitmq

import (
	"context"
	"log/slog"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
)

// maxTapped is how many records wait for a tap at the broker; then the oldest
// are dropped. A tap shows what happens now: a second of a very busy room.
const maxTapped = 1000

// tapPrefetch hides the round trip; the client library holds as many records
// in full.
const tapPrefetch = 32

// Tap calls onRecord with what is published on the exchange of the broker at an
// address as CheckURL takes it from now on, as any AMQP client with a queue of its own would get it, and
// onState with whether the broker is reached: true and false in turn, true
// first. The records have no offset, and some may be missing: those published
// while the broker was away, and the oldest when onRecord is slow.
//
// It connects again and again until ctx ends, then it returns ctx's error; it
// returns earlier only if the url is malformed. Both functions are called from
// the goroutine that called Tap.
func Tap(ctx context.Context, address string, log *slog.Logger, onState func(up bool), onRecord func(chat.Record)) error {
	return tap(ctx, address, namesWith(""), log, onState, onRecord)
}

func tap(ctx context.Context, address string, names names, log *slog.Logger, onState func(up bool), onRecord func(chat.Record)) error {
	if err := CheckURL(address); err != nil {
		return err
	}
	if log == nil {
		log = slog.Default()
	}
	return keep(ctx, log, newBrokers(address), func(ctx context.Context, url string, log *slog.Logger, reached func()) error {
		l, err := dial(ctx, url, "warren tap")
		if err != nil {
			return err
		}
		defer l.end()
		// Whoever comes first makes the exchange.
		if err := declareExchange(l, names.exchange, true); err != nil {
			return err
		}
		ch, deliveries, err := tapQueue(l, names.exchange)
		if err != nil {
			return err
		}
		reached()
		log.Info("the exchange is reached")
		onState(true)
		defer onState(false)
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case d, ok := <-deliveries:
				if !ok {
					return l.why()
				}
				rec, _ := recordOf(d)
				onRecord(rec.Record)
				if err := ch.Ack(d.DeliveryTag, false); err != nil {
					return err
				}
			}
		}
	})
}

// tapQueue makes a queue that goes with the connection, and reads it.
func tapQueue(l *link, exchange string) (*amqp.Channel, <-chan amqp.Delivery, error) {
	ch, err := l.Channel()
	if err != nil {
		return nil, nil, err
	}
	q, err := ch.QueueDeclare("", false, true, true, false, amqp.Table{
		amqp.QueueMaxLenArg:   int32(maxTapped),
		amqp.QueueOverflowArg: amqp.QueueOverflowDropHead,
	})
	if err != nil {
		return nil, nil, err
	}
	if err := ch.QueueBind(q.Name, "", exchange, false, nil); err != nil {
		return nil, nil, err
	}
	// With acks, so that what waits for a slow onRecord waits at the broker,
	// where it is bounded, and not in the client library, where it is not.
	if err := ch.Qos(tapPrefetch, 0, false); err != nil {
		return nil, nil, err
	}
	deliveries, err := ch.Consume(q.Name, "", false, true, false, false, nil)
	return ch, deliveries, err
}
