package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// streamName is the room's log, which chatd declares (see chatd/fanout/rabbitmq).
const streamName = "chat.log"

// times are how patient the watch is.
type times struct {
	start  time.Duration // for RabbitMQ to answer
	stream time.Duration // for the room's log to be readable after that
	poll   time.Duration // between two attempts to log in
	look   time.Duration // between two looks at the log, until it is readable
	dial   time.Duration // for one of either
	card   time.Duration // between two looks at the card
}

// In a Pi's emulator, which is slower than any Pi, RabbitMQ answered after 36 to
// 123 s, and its streams were up 5 s later.
var patient = times{
	start:  5 * time.Minute,
	stream: time.Minute,
	poll:   time.Second,
	look:   15 * time.Second,
	dial:   10 * time.Second,
	card:   5 * time.Second,
}

// Errors that a new start alone may not cure: see keeper.strike.
var (
	errSilent  = errors.New("RabbitMQ does not answer")
	errRefused = errors.New("RabbitMQ does not know its own password")
	errStream  = errors.New("RabbitMQ cannot find the room's log: a power cut has damaged its data")
)

// watch tells how the RabbitMQ at url is: up is called each time it is found
// to be up, well when it is and the room's log can be read or has not been made
// yet, away when it was up and is not any more. It returns when RabbitMQ
// should be started again, or with ctx's error.
func watch(ctx context.Context, url string, t times, up, well, away func()) error {
	since := time.Now() // away, or not up yet
	for {
		l, err := login(ctx, url, t.dial)
		if err == nil {
			up()
			err = stay(ctx, l, url, t, well)
			l.end()
			since = time.Now()
			if ctx.Err() == nil && !errors.Is(err, errStream) {
				away()
			}
		}
		var refused *amqp.Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errStream):
			return err
		case errors.As(err, &refused) && refused.Code == amqp.AccessRefused:
			return errRefused
		case time.Since(since) > t.start:
			return fmt.Errorf("%w: %w", errSilent, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(t.poll):
		}
	}
}

// stay stays logged in, and looks for the room's log until it has been read
// once. It returns when the connection is lost or the log remains away.
func stay(ctx context.Context, l *link, url string, t times, well func()) error {
	look := time.NewTicker(t.look)
	defer look.Stop()
	looks, since := look.C, time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-l.lost:
			return fmt.Errorf("the connection was lost: %v", err)
		case <-looks:
		}
		found, err := findLog(ctx, url, t.dial)
		switch {
		case err == nil:
			well()
			since = time.Now()
			if found {
				looks = nil
			}
		case ctx.Err() == nil && time.Since(since) > t.stream:
			return fmt.Errorf("%w: %w", errStream, err)
		}
	}
}

// findLog reports whether the room's log is there. The error says that it is
// and cannot be read, or that the broker does not answer.
func findLog(ctx context.Context, url string, patience time.Duration) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l, err := login(ctx, url, patience)
	if err != nil {
		return false, err
	}
	defer l.end()
	ch, err := l.Channel()
	if err != nil {
		return false, err
	}
	_, err = ch.QueueDeclarePassive(streamName, true, false, false, false, nil)
	var a *amqp.Error
	if errors.As(err, &a) && a.Code == amqp.NotFound && strings.Contains(a.Reason, "no queue") {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// RabbitMQ wants a prefetch for a stream.
	if err := ch.Qos(1, 0, false); err != nil {
		return false, err
	}
	_, err = ch.Consume(streamName, "", false, false, false, false, amqp.Table{"x-stream-offset": "next"})
	return err == nil, err
}

// link is a connection that ends with its context.
type link struct {
	*amqp.Connection
	raw  net.Conn
	stop func() bool
	once sync.Once
	lost chan *amqp.Error // gets why the connection was lost
}

// login connects to a broker. The handshake takes at most patience; the
// connection is cut when ctx ends, which ends every call on it.
func login(ctx context.Context, url string, patience time.Duration) (*link, error) {
	l := &link{stop: func() bool { return true }}
	props := amqp.NewConnectionProperties()
	props.SetClientConnectionName("warren broker daemon")
	var err error
	l.Connection, err = amqp.DialConfig(url, amqp.Config{
		// A Pi that is busy may be silent for a while.
		Heartbeat:  30 * time.Second,
		Properties: props,
		Dial: func(network, addr string) (net.Conn, error) {
			d := net.Dialer{Timeout: patience}
			c, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			// For the handshake; the client lifts it afterwards.
			if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
				c.Close()
				return nil, err
			}
			l.raw = c
			l.stop = context.AfterFunc(ctx, func() { c.Close() })
			return c, nil
		},
	})
	if !l.stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		if l.raw != nil {
			l.raw.Close() // a failed handshake may leave it open
		}
		return nil, err
	}
	l.lost = l.NotifyClose(make(chan *amqp.Error, 1))
	l.stop = context.AfterFunc(ctx, l.end)
	return l, nil
}

// end says goodbye, which may take a second, and closes the connection.
func (l *link) end() {
	l.stop()
	l.once.Do(func() {
		l.CloseDeadline(time.Now().Add(time.Second))
		l.raw.Close()
	})
}
