package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"

	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/process"
)

// A Daemon is a chatd process. It keeps its port and its log when it is started
// again, and dies with this process. Its methods may be called concurrently.
type Daemon struct {
	Addr string // host:port

	bin, broker, log string

	mu   sync.Mutex
	proc *process.Process // nil: none was started
}

// NewDaemon returns a daemon that does not run yet, on the broker at that URL.
func NewDaemon(bin, broker, log string) (*Daemon, error) {
	port, err := node.FreePort()
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return &Daemon{Addr: addr, bin: bin, broker: broker, log: log}, nil
}

// Restart starts the process, and kills the one before if there is one.
func (d *Daemon) Restart() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kill()
	return d.start()
}

func (d *Daemon) start() error {
	log, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	// Without limits: all phones here are at one address, and say more than people.
	cmd := exec.Command(d.bin, "-listen", d.Addr, "-message-rate", "0", "-address-connections", "0", "-connections", "0", "-host-code", hostCode)
	cmd.Env = append(os.Environ(), "WARREN_BROKER="+d.broker)
	cmd.Stderr = log
	proc, err := process.Start(cmd)
	if err == nil {
		d.proc = proc
	}
	return err
}

// Kill ends the process as a crash does (SIGKILL).
func (d *Daemon) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kill()
}

func (d *Daemon) kill() {
	if d.proc != nil {
		d.proc.Kill()
	}
}

// Pause freezes the process (SIGSTOP). Resume lets it go on.
func (d *Daemon) Pause() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signal(syscall.SIGSTOP)
}

// Resume ends a Pause.
func (d *Daemon) Resume() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signal(syscall.SIGCONT)
}

// signal sends it to the process, if there is one. d.mu is held.
func (d *Daemon) signal(sig syscall.Signal) {
	if d.proc != nil {
		d.proc.Signal(sig)
	}
}

// Ended reports whether the process has ended, by itself or not.
func (d *Daemon) Ended() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.proc == nil || !d.proc.Running()
}

// Ready reports whether the daemon has reached its exchange.
func (d *Daemon) Ready(ctx context.Context) bool { return process.Ready(ctx, d.Addr) }

// Mishap returns the first line in the daemon's log that must not be there.
func (d *Daemon) Mishap() string {
	log, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	return process.Mishap(string(log))
}
