package rabbitmq

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// The pause between two lives grows from minPause, when a broker has only lost
// its connections, to maxPause: long enough to cost nothing, short enough that
// people do not wait long after a restart of the broker.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// backoff counts failures in a row.
type backoff struct{ next time.Duration }

// pause returns how long to wait now: between half of and the whole of a time
// that doubles with each call, so that daemons that lost the same broker do
// not come back in step.
func (b *backoff) pause() time.Duration {
	b.next = min(max(2*b.next, minPause), maxPause)
	return b.next/2 + rand.N(b.next/2+1)
}

// slow makes the next pause the longest: for what only a person can mend.
func (b *backoff) slow() { b.next = maxPause }

// reset begins again with the shortest pause.
func (b *backoff) reset() { b.next = 0 }

// keep runs one life after another until ctx ends, and returns ctx's error. A
// life is at the broker at url, calls reached when it has got everything going,
// and returns why it ended; then the next broker has its turn. Log names the
// broker. What goes wrong with one is logged once, not at each attempt.
func keep(ctx context.Context, log *slog.Logger, all *brokers, life func(ctx context.Context, url string, log *slog.Logger, reached func()) error) error {
	var wait backoff
	tried := 0 // how many brokers since the last long pause, or since one was reached
	type complaint struct{ broker, why string }
	said := make(map[complaint]time.Time) // since the exchange was last reached
	for first := true; ; first = false {
		if !first {
			metricReconnects.Inc()
		}
		var since time.Time
		broker, n, err := all.next(time.Now())
		log := log.With("broker", broker.name)
		if err == nil {
			one, end := context.WithCancel(ctx)
			err = life(one, broker.url, log, func() {
				since = time.Now()
				tried = 0
				clear(said)
			})
			end()
			all.fail(broker, time.Now())
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// A life that ends as soon as it begins must not be begun ten times
		// a second, although it was reached each time.
		if !since.IsZero() && time.Since(since) > maxPause {
			wait.reset()
		}
		why, person := explain(err)
		log.Debug("the connection ended", "error", err)
		it := complaint{broker.name, why}
		if why == streamStarting && !said[it].IsZero() && time.Since(said[it]) > startTime {
			why = streamDamaged
			it.why = why
		}
		if said[it].IsZero() {
			said[it] = time.Now()
			if since.IsZero() {
				// Something has changed: most likely the broker is coming up,
				// step by step. There are few such steps.
				wait.reset()
			}
			log.Warn("the exchange cannot be reached: trying again until it can", "why", why)
		}
		if person {
			wait.slow()
		}
		pause := minPause // before the other brokers
		if tried++; tried >= n {
			tried = 0
			pause = wait.pause()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// What is said of a stream that is there and cannot be used: at first, and when
// that has lasted for startTime. Even in a Pi's emulator a stream is up five
// seconds after its broker.
const (
	startTime      = time.Minute
	streamStarting = "the stream is not up yet"
	streamDamaged  = "the stream does not come up: a crash has damaged it. Give RabbitMQ a new data folder, or the daemons another virtual host"
)

// explain says what err means to the host of the room, in words that do not
// change from one attempt to the next, and whether it takes a person to mend
// it.
func explain(err error) (why string, person bool) {
	var a *amqp.Error
	var op *net.OpError
	if why := explainTLS(err); why != "" {
		return why, true
	}
	switch {
	case errors.Is(err, amqp.ErrVhost), errors.As(err, &a) && a.Code == amqp.NotAllowed:
		return "RabbitMQ does not let this user into this virtual host: mend the broker's URL or the user's permissions", true
	case a != nil && a.Code == amqp.AccessRefused:
		return "RabbitMQ refuses the user or the password: mend the broker's URL, or give the user all permissions", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at the broker's address: RabbitMQ is not running, or still starting", false
	case a != nil && a.Code == amqp.ConnectionForced:
		return "RabbitMQ is shutting down", false
	case a != nil && strings.Contains(a.Reason, "down or inaccessible"):
		// A stream says so while it comes up, and for ever if the broker was
		// killed within 3 seconds of making its first stream, or lost a part of
		// its files in a power cut. Then it can be neither read nor deleted.
		return streamStarting, false
	case a != nil && (a.Code == amqp.NotFound || a.Code == amqp.InternalError):
		return "the exchange or the stream is gone, or still starting", false
	case a != nil && a.Code == amqp.FrameError, errors.Is(err, amqp.ErrClosed), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was lost", false
	case errors.As(err, &op):
		// The text of an OpError has a port in it that is another each time.
		return "no connection to RabbitMQ: " + op.Op + ": " + op.Err.Error(), false
	}
	return err.Error(), false
}
