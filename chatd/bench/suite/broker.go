package suite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/bench/clock"
	"warren/chatd/bench/server"
)

// brokerRun is a latency from publish to deliver, in milliseconds.
type brokerRun struct {
	p50, p99, max float64
	sent          int
}

// probe is the name of the exchange and the stream that the broker alone is
// measured with.
const probe = "bench.probe"

// brokerAlone publishes to a fanout exchange and reads the stream behind it, as
// chatd does, with nothing else on the way: what no chat server can be faster
// than. Latency counts from when a message was due.
func brokerAlone(ctx context.Context, url string, rate float64, d time.Duration) (r brokerRun, err error) {
	ctx, cancel := context.WithTimeout(ctx, d+20*time.Second)
	defer cancel()
	in, out, err := probeChannels(url)
	if err != nil {
		return r, err
	}
	defer in.close()
	defer out.close()
	deliveries, err := out.Consume(probe, "", false, true, false, false, amqp.Table{"x-stream-offset": "next"})
	if err != nil {
		return r, err
	}
	total := int(rate * d.Seconds())
	delays := hdrhistogram.New(1, 60_000_000, 2)
	start := clock.Now() + int64(100*time.Millisecond)
	published := make(chan error, 1)
	go func() { published <- publish(ctx, in.Channel, start, rate, total) }()
	for r.sent < total {
		select {
		case <-ctx.Done():
			return r, fmt.Errorf("%d of %d messages came: %w", r.sent, total, ctx.Err())
		case err := <-published:
			if err != nil {
				return r, err
			}
			published = nil
		case m, ok := <-deliveries:
			if !ok {
				return r, errors.New("the broker closed the connection")
			}
			due := int64(binary.BigEndian.Uint64(m.Body))
			delays.RecordValue(max(1, (clock.Now()-due)/1000))
			r.sent++
			m.Ack(false)
		}
	}
	ms := func(p float64) float64 { return float64(delays.ValueAtPercentile(p)) / 1000 }
	r.p50, r.p99, r.max = ms(50), ms(99), float64(delays.Max())/1000
	return r, nil
}

// publish publishes total messages at a rate from start on. The body begins
// with when it was due.
func publish(ctx context.Context, ch *amqp.Channel, start int64, rate float64, total int) error {
	for i := range total {
		due := start + int64(float64(i)/rate*1e9)
		clock.SleepUntil(due)
		body := make([]byte, size)
		binary.BigEndian.PutUint64(body, uint64(due))
		if err := ch.PublishWithContext(ctx, probe, "", false, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: body}); err != nil {
			return err
		}
	}
	return nil
}

// A probeChannel has a connection of its own.
type probeChannel struct {
	*amqp.Channel
	conn *amqp.Connection
}

func (c *probeChannel) close() { c.conn.CloseDeadline(time.Now().Add(time.Second)) }

// probeChannels returns one to publish on and one to read on.
func probeChannels(url string) (in, out *probeChannel, err error) {
	if in, err = probeChannelOf(url); err != nil {
		return nil, nil, err
	}
	if out, err = probeChannelOf(url); err == nil {
		err = errors.Join(
			out.ExchangeDeclare(probe, amqp.ExchangeFanout, true, false, false, false, nil),
			declare(out.Channel),
			out.QueueBind(probe, "", probe, false, nil),
			out.Qos(256, 0, false))
	}
	if err != nil {
		in.close()
		if out != nil {
			out.close()
		}
	}
	return in, out, err
}

func declare(ch *amqp.Channel) error {
	_, err := ch.QueueDeclare(probe, true, false, false, false, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeStream})
	return err
}

func probeChannelOf(url string) (*probeChannel, error) {
	conn, err := amqp.Dial(url)
	if err != nil {
		return nil, err
	}
	ch, err := conn.Channel()
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &probeChannel{ch, conn}, nil
}

func middleBroker(runs []brokerRun) brokerRun {
	slices.SortFunc(runs, func(a, b brokerRun) int { return int(1000 * (a.p99 - b.p99)) })
	return runs[len(runs)/2]
}

// aboutBroker notes the version of RabbitMQ.
func (s *suite) aboutBroker(context.Context) error {
	c, err := probeChannelOf(s.fleet.System(server.RabbitJSON).Broker())
	if err != nil {
		return err
	}
	defer c.close()
	s.report.Machine.RabbitMQ, _ = c.conn.Properties["version"].(string)
	s.report.Machine.Erlang, _ = c.conn.Properties["platform"].(string)
	return nil
}
