// Package node runs a RabbitMQ node of one's own, from the rabbitmq-server
// package of the machine: with its own data folder, on one loopback port, with
// no plugins, no epmd and no distribution port, as whoever calls; or three of
// them that are one broker, a Cluster. It needs neither root nor the machine's own
// RabbitMQ service, and does not touch it.
package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/process"
)

const (
	// startTime is how long a node may take to answer. A fresh one takes 3 s
	// on a desktop and ten times that on a small Pi.
	startTime = 60 * time.Second

	// stopTime is how long a node may take to end by itself. It takes about
	// one second.
	stopTime = 10 * time.Second
)

// Options of a node. The zero value is a node with its data in a temporary
// folder, which goes with it, on a free port.
type Options struct {
	Dir  string // data folder, made if missing; empty: a temporary one, removed by Stop
	Port int    // on 127.0.0.1; 0: a free one

	Args    []string // further arguments for the Erlang VM
	Plugins []string // of RabbitMQ's, to load: see WithWebSTOMP
	Config  []string // further lines of rabbitmq.conf; the last of a key counts
	Alarms  bool     // Alarm shall work
	Pinned  bool     // all of the VM on one processor, as on the card
}

// A Node is a RabbitMQ node that this process started. It dies with this
// process. Its methods may be called concurrently; those that end or start it
// wait for each other.
type Node struct {
	in        install
	dir       string
	temporary bool
	place     place
	port      int
	more      Options
	password  string

	mu   sync.Mutex
	proc *process.Process // nil: not running
}

// Start starts a node and returns when it answers, at the latest after a
// minute. Ctx bounds the start only: the node runs until Stop or Kill, or until
// this process ends. The error says what to do if RabbitMQ is not installed,
// and holds the end of the node's log if it did not come up.
func Start(ctx context.Context, opts Options) (*Node, error) {
	in, err := find("/")
	if err != nil {
		return nil, err
	}
	n := &Node{in: in, dir: opts.Dir, port: opts.Port, more: opts}
	if n.dir == "" {
		if n.dir, err = os.MkdirTemp("", "warren-rabbitmq-"); err != nil {
			return nil, fmt.Errorf("make a folder for RabbitMQ: %w", err)
		}
		n.temporary = true
	}
	if n.dir, err = filepath.Abs(n.dir); err == nil {
		err = os.MkdirAll(n.dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("make a folder for RabbitMQ: %w", err)
	}
	n.place = alone(n.dir)
	if opts.Alarms {
		n.more.Args = append(slices.Clip(opts.Args), alarmArgs(n.dir)...)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	// Between finding a free port and using it another process may take it.
	for range 3 {
		if opts.Port == 0 {
			if n.port, err = FreePort(); err != nil {
				break
			}
		}
		if err = n.start(ctx); !errors.Is(err, errPortTaken) || opts.Port != 0 {
			break
		}
	}
	if err != nil {
		n.clean()
		return nil, err
	}
	return n, nil
}

// URL returns the AMQP address of the node, with its password.
func (n *Node) URL() string {
	// No slash at the end: some clients take that for a virtual host without a
	// name, as the RabbitMQ URI specification has it.
	u := url.URL{Scheme: "amqp", User: url.UserPassword(user, n.password), Host: n.addr()}
	return u.String()
}

// Dir returns the data folder.
func (n *Node) Dir() string { return n.dir }

// Pid returns the process id of the node, 0 if it is not running.
func (n *Node) Pid() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc == nil {
		return 0
	}
	return n.proc.PID
}

// Ended returns a channel that is closed when the process that runs now has
// ended, whoever ended it; nil if none runs.
func (n *Node) Ended() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc == nil {
		return nil
	}
	return n.proc.Ended
}

// Stop lets the node end by itself, kills it if that takes longer than 10
// seconds, and removes a temporary data folder. It does nothing to a node that
// has ended.
func (n *Node) Stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.shutdown()
	n.clean()
}

// Shutdown is Stop, but the data stays in any case, for Restart.
func (n *Node) Shutdown() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.shutdown()
}

// Kill ends the node as a crash does (SIGKILL). The data stays, for Restart.
func (n *Node) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kill()
}

// Restart starts a node again that was killed, and kills it first if it was
// not: on the same data and the same port. It returns when the node answers.
func (n *Node) Restart(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kill()
	return n.start(ctx)
}

// Pause freezes the node (SIGSTOP): its connections stay open and nothing
// answers on them. Resume lets it go on.
func (n *Node) Pause() {
	n.signal(syscall.SIGSTOP)
	// The signal is on its way when kill returns; each thread stops when it
	// gets it.
	for deadline := time.Now().Add(time.Second); !stopped(n.Pid()) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// Resume ends a Pause.
func (n *Node) Resume() { n.signal(syscall.SIGCONT) }

func (n *Node) signal(sig syscall.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc != nil {
		n.proc.Signal(sig)
	}
}

func (n *Node) addr() string { return net.JoinHostPort(n.place.host, strconv.Itoa(n.port)) }

func (n *Node) shutdown() {
	if n.proc == nil {
		return
	}
	n.proc.Signal(syscall.SIGCONT) // if it is paused
	n.proc.Signal(syscall.SIGTERM)
	select {
	case <-n.proc.Ended:
	case <-time.After(stopTime):
	}
	n.kill()
}

func (n *Node) kill() {
	if n.proc != nil {
		killAll(n.proc)
		n.proc = nil
	}
}

func (n *Node) clean() {
	if n.temporary {
		os.RemoveAll(n.dir)
	}
}

var errPortTaken = errors.New("the port is taken")

// start starts the process and waits until it answers.
func (n *Node) start(ctx context.Context) (err error) {
	if n.password, err = configure(n.dir, n.place.secrets, n.addr()); err != nil {
		return fmt.Errorf("write the configuration of RabbitMQ: %w", err)
	}
	if err := n.more.add(n.dir); err != nil {
		return fmt.Errorf("write the configuration of RabbitMQ: %w", err)
	}
	if err := n.in.link(n.dir, n.more.Plugins); err != nil {
		return fmt.Errorf("gather the applications of RabbitMQ: %w", err)
	}
	path := filepath.Join(n.dir, logName)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of RabbitMQ: %w", err)
	}
	defer log.Close() // the process has its own
	if n.proc, err = spawn(n.in, n.dir, n.place, n.more, log); err != nil {
		return fmt.Errorf("start RabbitMQ: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-n.proc.Ended:
			how, text := n.proc.How(), tail(path)
			n.kill()
			if strings.Contains(text, "eaddrinuse") {
				return fmt.Errorf("start RabbitMQ at %s: %w", n.addr(), errPortTaken)
			}
			return fmt.Errorf("RabbitMQ ended while starting (%s); the end of %s:\n%s", how, path, text)
		case <-ctx.Done():
			n.kill()
			return fmt.Errorf("RabbitMQ did not answer at %s: %w; the end of %s:\n%s", n.addr(), ctx.Err(), path, tail(path))
		case <-poll.C:
			if n.answers() {
				return nil
			}
		}
	}
}

// answers reports whether a client can log in.
func (n *Node) answers() bool {
	conn, err := amqp.DialConfig(n.URL(), amqp.Config{Dial: amqp.DefaultDial(time.Second)})
	if err != nil {
		return false
	}
	conn.CloseDeadline(time.Now().Add(time.Second))
	return true
}

// tail returns the last 2 KiB of a file, or why it cannot be read.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2<<10):])
}
