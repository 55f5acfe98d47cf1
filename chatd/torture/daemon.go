package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
)

// build builds chatd into dir and returns its path.
func build(ctx context.Context, dir string, race bool) (string, error) {
	bin := filepath.Join(dir, "chatd")
	args := []string{"build", "-o", bin}
	if race {
		args = append(args, "-race")
	}
	if out, err := exec.CommandContext(ctx, "go", append(args, "warren/chatd")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build chatd: %w\n%s", err, out)
	}
	return bin, nil
}

// A Daemon is a chatd process. It keeps its port and its log when it is started
// again, and dies with this process. Its methods may be called concurrently.
type Daemon struct {
	Addr string // host:port

	bin, broker, log string

	mu    sync.Mutex
	pid   int
	ended chan struct{} // closed when the process has ended; nil: none was started
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
	cmd := exec.Command(d.bin, "-listen", d.Addr, "-message-rate", "0", "-address-connections", "0", "-connections", "0")
	cmd.Env = append(os.Environ(), "WARREN_BROKER="+d.broker)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		// Pdeathsig comes when the thread ends that started the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start chatd: %w", err)
	}
	d.pid, d.ended = cmd.Process.Pid, ended
	return nil
}

// Kill ends the process as a crash does (SIGKILL).
func (d *Daemon) Kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kill()
}

func (d *Daemon) kill() {
	if d.signal(syscall.SIGKILL) {
		<-d.ended
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

// signal reports whether there was a process to send it to. d.mu is held.
func (d *Daemon) signal(sig syscall.Signal) bool {
	return d.runs() && syscall.Kill(d.pid, sig) == nil // afterwards its id may be another's
}

// Ended reports whether the process has ended, by itself or not.
func (d *Daemon) Ended() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.runs()
}

// runs reports whether there is a process. d.mu is held.
func (d *Daemon) runs() bool {
	if d.ended == nil {
		return false
	}
	select {
	case <-d.ended:
		return false
	default:
		return true
	}
}

// Ready reports whether the daemon has reached its exchange.
func (d *Daemon) Ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.Addr+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// mishap is what a daemon's log must not hold.
var mishap = regexp.MustCompile(`(?m)^(panic:|fatal error:|WARNING: DATA RACE|.*level=ERROR).*$`)

// Mishap returns the first line in the daemon's log that must not be there.
func (d *Daemon) Mishap() string {
	log, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	return mishap.FindString(string(log))
}
