package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/process"
)

// newStream is how long RabbitMQ is left alone once the log is made: killed
// within three seconds of it, it may never get its stream up again
// (rabbitmq.keep tells the host so). That is known, and not what is looked for.
const newStream = 4 * time.Second

// A House is all the parts of one room: some chatd on one RabbitMQ, and bad
// links between them and to their phones.
//
//	phones ── doors ──▶ chatd ── pipes ──▶ RabbitMQ
type House struct {
	dir     string
	broker  *node.Node
	daemons []*Daemon
	doors   []*Link // to the daemons
	pipes   []*Link // to RabbitMQ
	closers []func()
}

// NewHouse builds chatd and starts that many, and everything, with logs in dir. Close ends it.
func NewHouse(ctx context.Context, dir string, daemons int, race bool) (h *House, err error) {
	h = &House{dir: dir}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	if err := process.Build(ctx, dir, race, process.Chatd); err != nil {
		return h, err
	}
	bin := filepath.Join(dir, "chatd")
	if h.broker, err = node.Start(ctx, node.Options{Dir: filepath.Join(dir, "rabbitmq")}); err != nil {
		return h, err
	}
	h.closers = append(h.closers, h.broker.Stop)
	broker, err := url.Parse(h.broker.URL())
	if err != nil {
		return h, err
	}
	target := broker.Host
	for i := range daemons {
		pipe, err := NewLink(target)
		if err != nil {
			return h, err
		}
		h.pipes = append(h.pipes, pipe)
		h.closers = append(h.closers, pipe.Close)
		broker.Host = pipe.Addr
		daemon, err := NewDaemon(bin, broker.String(), filepath.Join(dir, fmt.Sprintf("chatd-%d.log", i)))
		if err != nil {
			return h, err
		}
		h.daemons = append(h.daemons, daemon)
		h.closers = append(h.closers, daemon.Kill)
		if err = daemon.Restart(); err != nil {
			return h, err
		}
		door, err := NewLink(daemon.Addr)
		if err != nil {
			return h, err
		}
		h.doors = append(h.doors, door)
		h.closers = append(h.closers, door.Close)
	}
	if err = until(ctx, time.Minute, h.ready); err != nil {
		return h, fmt.Errorf("chatd does not reach RabbitMQ: %w; logs are in %s", err, dir)
	}
	return h, pause(ctx, newStream)
}

// Close ends all processes and links.
func (h *House) Close() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	h.closers = nil
}

// Do does one trouble that is about the house, and returns when it is over.
// False: it is about phones.
func (h *House) Do(ctx context.Context, t Trouble) (ours bool, err error) {
	daemon, door, pipe := h.daemons[t.Which], h.doors[t.Which], h.pipes[t.Which]
	switch t.Kind {
	case KillBroker:
		h.broker.Kill()
		pause(ctx, t.For)
		err = h.broker.Restart(ctx)
	case KillDaemon:
		daemon.Kill()
		pause(ctx, t.For)
		err = daemon.Restart()
	case PauseBroker:
		h.broker.Pause()
		pause(ctx, t.For)
		h.broker.Resume()
	case PauseDaemon:
		daemon.Pause()
		pause(ctx, t.For)
		daemon.Resume()
	case CutPhones:
		door.Cut()
	case CutBroker:
		pipe.Cut()
	case StallPhones, StallBroker, DelayPhones, DelayBroker:
		link := door
		if t.Kind == StallBroker || t.Kind == DelayBroker {
			link = pipe
		}
		if t.Kind == StallPhones || t.Kind == StallBroker {
			link.Stall(t.For)
		} else {
			link.Delay(t.For, lateness)
		}
		pause(ctx, t.For)
	default:
		return false, nil
	}
	return true, err
}

// lateness of a slow link, each way: that of a bad Wi-Fi.
const lateness = 150 * time.Millisecond

// ready reports whether all chatd have reached RabbitMQ.
func (h *House) ready(ctx context.Context) bool {
	for _, d := range h.daemons {
		if !d.Ready(ctx) {
			return false
		}
	}
	return true
}

// addresses are those of the doors.
func (h *House) addresses() (all []string) {
	for _, door := range h.doors {
		all = append(all, door.Addr)
	}
	return all
}

// faults returns what the daemons have done that no trouble explains.
func (h *House) faults() (faults []Fault) {
	for i, d := range h.daemons {
		name := fmt.Sprintf("chatd %d", i)
		if d.Ended() {
			faults = append(faults, Fault{Crashed, name, "it has ended by itself"})
		}
		if line := d.Mishap(); line != "" {
			faults = append(faults, Fault{Crashed, name, line})
		}
	}
	return faults
}
