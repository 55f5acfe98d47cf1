package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/process"
)

const (
	// firstSessions are those after which it is measured first: by then pools,
	// caches and the runtime have what they keep.
	firstSessions = 1000

	// atOnce is how many guests there are at a time: a full room.
	atOnce = 60

	// fillMessages fill all that a room holds: 100,000 records of the log in
	// process, 65,536 ids, 2,000 messages of the window. The log in process
	// forgets 10,000 at a time: it is measured when it is fullest.
	fillMessages = 100_000
	fillRound    = 10_000

	// silentOf is one of how many goes out of range. Each takes a minute.
	silentOf = 500

	// crowded is the address on which all seats are taken, from the beginning
	// to the end.
	crowded = "127.0.2.1"
)

// Options of a run.
type Options struct {
	Sessions int
	RabbitMQ bool
	Race     bool
	Fill     bool          // the room, before each measurement, with the same: what differs is not what was said
	Rest     time.Duration // before the last measurement; with one there are guests that go out of range
	Progress io.Writer
}

// Run runs chatd, and what else is needed, and sends the guests.
func Run(ctx context.Context, o Options) (*Report, error) {
	dir, err := os.MkdirTemp("", "warren-soak-")
	if err != nil {
		return nil, err
	}
	report, err := run(ctx, o, dir)
	if err != nil {
		return nil, fmt.Errorf("%w; logs are in %s", err, dir)
	}
	os.RemoveAll(dir)
	return report, nil
}

func run(ctx context.Context, o Options, dir string) (*Report, error) {
	if err := process.Build(ctx, dir, o.Race, process.Chatd); err != nil {
		return nil, err
	}
	bin := filepath.Join(dir, "chatd")
	// Rates are kept, for as many devices as ever, but reached by nobody.
	flags := []string{"-message-rate", "100000"}
	if o.RabbitMQ {
		broker, err := node.Start(ctx, node.Options{Dir: filepath.Join(dir, "rabbitmq")})
		if err != nil {
			return nil, err
		}
		defer broker.Stop()
		flags = append(flags, "-broker", broker.URL())
	}
	logPath := filepath.Join(dir, "chatd.log")
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	chatd, err := StartDaemon(ctx, bin, log, flags...)
	if err != nil {
		return nil, err
	}
	defer chatd.Stop()

	report := &Report{Options: o, begun: time.Now()}
	measure := func(when string) error {
		if o.Fill {
			if err := fill(ctx, chatd.Addr); err != nil {
				return fmt.Errorf("fill the room: %w", err)
			}
		}
		if err := chatd.Empty(ctx); err != nil {
			return err
		}
		size, err := chatd.Size(ctx)
		report.Rows = append(report.Rows, Row{when, int(report.done.Load()), size})
		fmt.Fprintf(o.Progress, "%s: %+v\n", when, size)
		return err
	}
	if err := measure("before"); err != nil {
		return nil, err
	}
	for _, upTo := range slices.Compact([]int{firstSessions, o.Sessions / 2, o.Sessions}) {
		if err := report.send(ctx, chatd, upTo); err != nil {
			return nil, err
		}
		if err := measure(fmt.Sprintf("after %d sessions", upTo)); err != nil {
			return nil, err
		}
	}
	if o.Rest > 0 {
		pause(ctx, o.Rest)
		if err := measure(fmt.Sprintf("%v later", o.Rest)); err != nil {
			return nil, err
		}
	}
	report.took = time.Since(report.begun)
	report.judge()
	return report, checkLog(logPath)
}

// send sends guests until there were upTo of them, and waits until all have
// gone.
func (r *Report) send(ctx context.Context, chatd *Daemon, upTo int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	free, err := crowd(ctx, chatd.Addr)
	if err != nil {
		return err
	}
	var guests sync.WaitGroup
	defer guests.Wait() // after free: deferred calls run last in, first out
	defer free()
	gone := func(g *guest, w way) {
		if err := w.go_(g); errors.Is(err, errLate) {
			r.late.Add(1)
		} else if err != nil {
			cancel(fmt.Errorf("guest %d, %s: %w", g.n, w.name, err))
		}
		if n := r.done.Add(1); n%10_000 == 0 {
			fmt.Fprintf(r.Progress, "%d sessions, %v\n", n, time.Since(r.begun).Round(time.Second))
		}
	}
	var next atomic.Int64
	next.Store(r.done.Load())
	for range atOnce {
		guests.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1))
				if n > upTo {
					return
				}
				g := &guest{ctx, chatd.Addr, n}
				if r.Rest > 0 && n%silentOf == 0 {
					guests.Go(func() { gone(g, silent) })
				} else {
					gone(g, ways[n%len(ways)])
				}
			}
		})
	}
	guests.Wait()
	return context.Cause(ctx)
}

// crowd takes all seats of one address, and returns a function that leaves them.
func crowd(ctx context.Context, addr string) (free func(), err error) {
	var closers []io.Closer
	free = func() {
		for _, c := range closers {
			c.Close()
		}
	}
	g := &guest{ctx: ctx, addr: addr}
	for range 32 { // gateway.DefaultLimits
		conn, tcp, err := g.open(crowded, "?name=Crowd")
		if err != nil {
			free()
			return nil, fmt.Errorf("take the seats of an address: %w", err)
		}
		tcp.SetDeadline(time.Time{})
		conn.SetReadDeadline(time.Time{})
		closers = append(closers, tcp)
		go await(conn, "there is no such text") // reads, and answers pings
	}
	return free, nil
}
