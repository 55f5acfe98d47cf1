// Package server starts the chat servers that the benchmark compares, each with
// processes of its own, and says what they use.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/process"
)

// A System is a chat server in one way of using it.
type System struct {
	Key      string `json:"key"`
	Title    string `json:"title"`
	Protocol string `json:"protocol"`

	URLs   []string   `json:"-"`
	chat   []*program // none: the broker is the chat server
	broker *node.Node // nil: none
}

// Broker returns the address of its RabbitMQ, "" if it has none.
func (s *System) Broker() string {
	if s.broker == nil {
		return ""
	}
	return s.broker.URL()
}

// Usage returns what the chat server's own processes and the broker have used.
func (s *System) Usage() (chat, broker Usage, err error) {
	for _, p := range s.chat {
		u, err := UsageOf(p.PID)
		if err != nil {
			return chat, broker, fmt.Errorf("%s: %w", s.Title, err)
		}
		chat = chat.plus(u)
	}
	if s.broker != nil {
		if broker, err = UsageOf(s.broker.Pid()); err != nil {
			return chat, broker, fmt.Errorf("the RabbitMQ of %s: %w", s.Title, err)
		}
	}
	return chat, broker, nil
}

// ResetPeak lets the peaks of its processes begin anew.
func (s *System) ResetPeak() error {
	var errs []error
	for _, p := range s.chat {
		errs = append(errs, ResetPeak(p.PID))
	}
	if s.broker != nil {
		errs = append(errs, ResetPeak(s.broker.Pid()))
	}
	return errors.Join(errs...)
}

// Keys of the systems.
const (
	MemoryText = "memory-text"
	MemoryJSON = "memory-json"
	RabbitText = "rabbitmq-text"
	RabbitJSON = "rabbitmq-json"
	TwoJSON    = "rabbitmq-two-json"
	FloorText  = "floor-text"
	FloorJSON  = "floor-json"
	PerQueue   = "queue-per-websocket"
	WebSTOMP   = "web-stomp"
)

// peersMemory is what the RabbitMQ of a design with a queue for each client may
// use before it stops taking messages: at Warren's 256 MiB it does with 100
// clients.
const peersMemory = "vm_memory_high_watermark.absolute = 1GiB"

// asOnTheCard is chatd's RabbitMQ. The others' have all processors: they would be
// slower else (docs/benchmark.md).
var asOnTheCard = node.Options{Pinned: true}

// A Fleet is all systems, running. Stop ends them.
type Fleet struct {
	Systems []*System
	dir     string
	closers []func()
}

// Start starts all systems, of the programs that Build has built into dir.
func Start(ctx context.Context, dir string) (f *Fleet, err error) {
	f = &Fleet{dir: dir}
	defer func() {
		if err != nil {
			f.Stop()
		}
	}()
	for _, start := range []func(context.Context) error{f.memory, f.rabbit, f.two, f.floor, f.perQueue, f.webSTOMP} {
		if err := start(ctx); err != nil {
			return f, err
		}
	}
	return f, nil
}

// Stop ends all processes.
func (f *Fleet) Stop() {
	for i := len(f.closers) - 1; i >= 0; i-- {
		f.closers[i]()
	}
	f.closers = nil
}

// System returns a system by its key.
func (f *Fleet) System(key string) *System {
	for _, s := range f.Systems {
		if s.Key == key {
			return s
		}
	}
	panic("no system " + key)
}

func (f *Fleet) add(s ...*System) { f.Systems = append(f.Systems, s...) }

// program starts one of the programs.
func (f *Fleet) program(ctx context.Context, name string, args ...string) (*program, error) {
	p, err := start(ctx, filepath.Join(f.dir, name), nil, args...)
	if err == nil {
		f.closers = append(f.closers, p.stop)
	}
	return p, err
}

// node starts a RabbitMQ.
func (f *Fleet) node(ctx context.Context, o node.Options) (*node.Node, error) {
	n, err := node.Start(ctx, o)
	if err == nil {
		f.closers = append(f.closers, n.Stop)
	}
	return n, err
}

// Chatd starts a chatd on its own, on no broker, with env in its environment.
// It returns its URL and its process id; stop ends it.
func Chatd(ctx context.Context, dir string, env ...string) (url string, pid int, stop func(), err error) {
	p, err := start(ctx, filepath.Join(dir, "chatd"), env, append([]string{"-broker", ""}, noLimits...)...)
	if err != nil {
		return "", 0, nil, err
	}
	return p.url(), p.PID, p.stop, nil
}

// noLimits are flags of chatd: all clients are at one address, and say more
// than people do.
var noLimits = []string{"-message-rate", "0", "-address-connections", "0", "-connections", "0", "-log-level", "warn"}

// chatd starts a chatd and returns when it has reached its exchange.
func (f *Fleet) chatd(ctx context.Context, broker string) (*program, error) {
	p, err := f.program(ctx, "chatd", append([]string{"-broker", broker}, noLimits...)...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("chatd does not reach its exchange; its log is %s", p.log))
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for !process.Ready(ctx, p.addr) {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-again.C:
		}
	}
	return p, nil
}

func (p *program) url() string { return "ws://" + p.addr + "/websocket" }

func (f *Fleet) memory(ctx context.Context) error {
	p, err := f.chatd(ctx, "")
	if err != nil {
		return err
	}
	f.add(&System{MemoryText, "chatd, in memory, text", "text", []string{p.url()}, []*program{p}, nil},
		&System{MemoryJSON, "chatd, in memory, JSON", "warren", []string{p.url()}, []*program{p}, nil})
	return nil
}

func (f *Fleet) rabbit(ctx context.Context) error {
	n, err := f.node(ctx, asOnTheCard)
	if err != nil {
		return err
	}
	p, err := f.chatd(ctx, n.URL())
	if err != nil {
		return err
	}
	f.add(&System{RabbitText, "chatd, RabbitMQ, text", "text", []string{p.url()}, []*program{p}, n},
		&System{RabbitJSON, "chatd, RabbitMQ, JSON", "warren", []string{p.url()}, []*program{p}, n})
	return nil
}

func (f *Fleet) two(ctx context.Context) error {
	n, err := f.node(ctx, asOnTheCard)
	if err != nil {
		return err
	}
	a, err := f.chatd(ctx, n.URL())
	if err != nil {
		return err
	}
	b, err := f.chatd(ctx, n.URL())
	if err != nil {
		return err
	}
	f.add(&System{TwoJSON, "two chatd, RabbitMQ, JSON", "warren", []string{a.url(), b.url()}, []*program{a, b}, n})
	return nil
}

func (f *Fleet) floor(ctx context.Context) error {
	text, err := f.program(ctx, "floor", "-protocol", "text")
	if err != nil {
		return err
	}
	json, err := f.program(ctx, "floor", "-protocol", "warren")
	if err != nil {
		return err
	}
	f.add(&System{FloorText, "the floor, text", "text", []string{text.url()}, []*program{text}, nil},
		&System{FloorJSON, "the floor, JSON", "warren", []string{json.url()}, []*program{json}, nil})
	return nil
}

func (f *Fleet) perQueue(ctx context.Context) error {
	n, err := f.node(ctx, node.Options{Config: []string{peersMemory}})
	if err != nil {
		return err
	}
	p, err := f.program(ctx, "perqueue", "-broker", n.URL(), "-protocol", "text")
	if err != nil {
		return err
	}
	f.add(&System{PerQueue, "a queue per WebSocket, text", "text", []string{p.url()}, []*program{p}, n})
	return nil
}

func (f *Fleet) webSTOMP(ctx context.Context) error {
	port, err := node.FreePort()
	if err != nil {
		return err
	}
	n, err := f.node(ctx, node.Options{Config: []string{peersMemory}}.WithWebSTOMP(port))
	if err != nil {
		return err
	}
	broker, err := url.Parse(n.URL())
	if err != nil {
		return err
	}
	at := url.URL{Scheme: "ws", User: broker.User, Host: net.JoinHostPort("127.0.0.1", fmt.Sprint(port)), Path: "/ws"}
	f.add(&System{WebSTOMP, "RabbitMQ's Web STOMP", "stomp", []string{at.String()}, nil, n})
	return nil
}
