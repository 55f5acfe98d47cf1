package rabbitmq

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// connectTime is how long a broker's machine may take to answer at all:
	// TCP asks a second time after one second. Where there are other brokers
	// people wait for so long.
	connectTime = 2 * time.Second

	// dialTime is how long a broker may take to let us in.
	dialTime = 5 * time.Second

	// heartbeat is what we ask for, unless the URL says otherwise. The client
	// gives a connection up after one and a half of it without a byte: long
	// enough for a Pi that is busy, short enough to tell people.
	heartbeat = 5 * time.Second

	// writeTime bounds one write to the broker, which reads no more when it
	// is short of memory and nothing at all when it hangs.
	writeTime = 10 * time.Second

	// closeTime bounds saying goodbye.
	closeTime = time.Second
)

// link is one connection to the broker.
type link struct {
	*amqp.Connection
	raw  net.Conn
	out  *corked          // under raw: all that is written
	lost chan *amqp.Error // gets why the connection was lost, closed when it is closed
	once sync.Once
}

// dial connects to the broker at an AMQP URL. The connection lasts until ctx
// ends or end is called; name is what the broker's host sees it as.
func dial(ctx context.Context, url, name string) (*link, error) {
	uri, err := amqp.ParseURI(url)
	if err != nil {
		return nil, err // resolve has parsed it
	}
	secure, err := tlsConfig(uri)
	if err != nil {
		return nil, err
	}
	props := amqp.NewConnectionProperties()
	props.SetClientConnectionName(name)
	var raw net.Conn
	var out *corked
	stop := func() bool { return true }
	conn, err := amqp.DialConfig(url, amqp.Config{
		Heartbeat:       heartbeat,
		Properties:      props,
		TLSClientConfig: secure,
		Dial: func(network, addr string) (net.Conn, error) {
			d := net.Dialer{Timeout: connectTime}
			c, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			// For the handshake; the client lifts it afterwards.
			if err := c.SetDeadline(time.Now().Add(dialTime)); err != nil {
				c.Close()
				return nil, err
			}
			out = &corked{Conn: boundedWrites{c}}
			raw = out
			if uri.Scheme == "amqp" {
				raw = &mendedReads{Conn: raw, in: bufio.NewReader(c)}
			}
			stop = context.AfterFunc(ctx, func() { raw.Close() })
			return raw, nil
		},
	})
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		if raw != nil {
			raw.Close() // a failed handshake may leave it open
		}
		return nil, err
	}
	l := &link{Connection: conn, raw: raw, out: out, lost: conn.NotifyClose(make(chan *amqp.Error, 1))}
	context.AfterFunc(ctx, l.end)
	return l, nil
}

// end says goodbye to the broker and closes the connection, which ends every
// call that waits for it.
func (l *link) end() {
	l.once.Do(func() {
		// The client's own deadline is put off by each heartbeat, which a node
		// of a cluster sends although its channels wait for another one.
		cut := time.AfterFunc(closeTime, func() { l.raw.Close() })
		defer cut.Stop()
		l.CloseDeadline(time.Now().Add(closeTime))
		l.raw.Close()
	})
}

// why returns why the connection was lost.
func (l *link) why() error { return reason(l.lost) }

// reason returns what the client library left in a channel of NotifyClose.
func reason(closed chan *amqp.Error) error {
	select {
	case err := <-closed:
		if err != nil {
			return err
		}
	default:
	}
	return amqp.ErrClosed
}

// boundedWrites is a connection on which no write lasts for ever. The client
// sets deadlines for reading only; a write that hangs would hold the lock that
// closing the connection needs.
type boundedWrites struct{ net.Conn }

func (c boundedWrites) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// declare makes the exchanges and the streams, if they are not there, and binds
// the log. All of it from here and at each connect: RabbitMQ may have lost
// its data, or be another one now.
func (x *Exchange) declare(l *link) error {
	if err := declareExchange(l, x.names.exchange, true); err != nil {
		return err
	}
	if err := declareExchange(l, x.names.presence, false); err != nil {
		return err
	}
	if err := x.declareStream(l, x.names.stream, x.logArgs()); err != nil {
		return err
	}
	return onChannel(l, func(ch *amqp.Channel) error {
		return ch.QueueBind(x.names.stream, "", x.names.exchange, false, nil)
	})
}

// declareStream makes a stream of limits, or takes the one that there is.
func (x *Exchange) declareStream(l *link, name string, limits amqp.Table) error {
	err := onChannel(l, func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(name, true, false, false, false, limits)
		return err
	})
	if isCode(err, amqp.PreconditionFailed) {
		// It is there with other limits, or it is no stream, which shows when
		// it is read; or it is still starting, and then the next step fails.
		if !x.other[name] {
			x.other[name] = true
			x.log.Warn("the stream exists with other limits than these and is used as it is: to change its limits "+
				"delete the queue on the broker, and its history with it", "stream", name,
				"log_bytes", limits[amqp.QueueMaxLenBytesArg], "segment_bytes", limits[amqp.StreamMaxSegmentSizeBytesArg], "error", err)
		}
		err = onChannel(l, func(ch *amqp.Channel) error {
			_, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("declare the stream %s: %w", name, err)
	}
	return nil
}

// logArgs are the properties of the log's stream.
func (x *Exchange) logArgs() amqp.Table { return streamArgs(x.opts.LogBytes, x.opts.SegmentBytes) }

// streamArgs are the properties of a stream of so many bytes, in files of so many.
func streamArgs(bytes, segment int64) amqp.Table {
	return amqp.Table{
		amqp.QueueTypeArg:                 amqp.QueueTypeStream,
		amqp.QueueMaxLenBytesArg:          bytes,
		amqp.StreamMaxSegmentSizeBytesArg: segment,
	}
}

// declareExchange makes a fanout exchange.
func declareExchange(l *link, name string, durable bool) error {
	err := onChannel(l, func(ch *amqp.Channel) error {
		return ch.ExchangeDeclare(name, amqp.ExchangeFanout, durable, false, false, false, nil)
	})
	if isCode(err, amqp.PreconditionFailed) {
		return fmt.Errorf("the broker has an exchange %q of another kind: delete it there, or use another virtual host", name)
	}
	return err
}

// onChannel calls f with a channel of its own: an error closes the channel it
// happens on.
func onChannel(l *link, f func(*amqp.Channel) error) error {
	ch, err := l.Channel()
	if err != nil {
		return err
	}
	defer ch.Close()
	return f(ch)
}

// isCode reports whether the broker answered with an AMQP reply code.
func isCode(err error, code int) bool {
	var a *amqp.Error
	return errors.As(err, &a) && a.Code == code
}
