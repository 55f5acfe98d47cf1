package browser

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/process"
)

// BuildChatd builds the daemon into dir and returns its path.
func BuildChatd(dir string) (string, error) {
	return filepath.Join(dir, "chatd"), process.Build(context.Background(), dir, false, process.Chatd)
}

// Chatd is a chatd process on a port of its own, which it keeps when it is
// started again.
type Chatd struct {
	Addr string // host:port

	t    testing.TB
	bin  string
	args []string
	log  buffer

	proc *process.Process
}

// StartChatd starts the binary with flags, and returns when it serves. It ends
// with the test. Its log is shown if the test fails.
func StartChatd(t testing.TB, bin string, flags ...string) *Chatd {
	t.Helper()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	c := &Chatd{Addr: addr, t: t, bin: bin, args: append([]string{"-listen", addr}, flags...)}
	t.Cleanup(func() {
		c.Kill()
		c.checkLog()
	})
	c.Start()
	return c
}

// URL is where guests find the room.
func (c *Chatd) URL() string { return roomURL(c.Addr) }

// Start starts the daemon, again if it has run before.
func (c *Chatd) Start() {
	c.t.Helper()
	cmd := exec.Command(c.bin, c.args...)
	cmd.Stderr = &c.log
	proc, err := process.Start(cmd)
	if err != nil {
		c.t.Fatal(err)
	}
	c.proc = proc
	c.waitFor("/healthz", 10*time.Second)
}

// WaitReady returns when the daemon has reached its exchange.
func (c *Chatd) WaitReady() {
	c.t.Helper()
	c.waitFor("/readyz", time.Minute)
}

func (c *Chatd) waitFor(path string, patience time.Duration) {
	c.t.Helper()
	last := "no answer"
	Eventually(c.t, patience, func() bool {
		if !c.proc.Running() {
			c.t.Fatalf("chatd ended by itself; its log:\n%s", c.log.String())
		}
		resp, err := http.Get("http://" + c.Addr + path)
		if err != nil {
			last = err.Error()
			return false
		}
		resp.Body.Close()
		last = resp.Status
		return resp.StatusCode == http.StatusOK
	}, func() string { return fmt.Sprintf("chatd's %s says: %s", path, last) })
}

// Stop asks the daemon to end (SIGTERM) and waits until it has.
func (c *Chatd) Stop() {
	c.t.Helper()
	if !c.proc.Stop(15 * time.Second) {
		c.t.Error("chatd does not end when it is asked to")
	}
}

// Kill ends the daemon as a crash does (SIGKILL).
func (c *Chatd) Kill() {
	if c.proc != nil {
		c.proc.Kill()
	}
}

func (c *Chatd) checkLog() {
	log := c.log.String()
	if line := process.Mishap(log); line != "" {
		c.t.Errorf("chatd's log has: %s", line)
	}
	if c.t.Failed() {
		c.t.Logf("log of chatd at %s:\n%s", c.Addr, log[max(0, len(log)-8<<10):])
	}
}

func roomURL(addr string) string {
	_, port, _ := net.SplitHostPort(addr) // of a listener: it has a port
	return "http://" + net.JoinHostPort(RoomName, port) + "/"
}

func freePort(t testing.TB) int {
	t.Helper()
	port, err := node.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// buffer is a bytes.Buffer for a process to write to while others read.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
