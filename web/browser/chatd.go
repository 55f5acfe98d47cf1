package browser

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
)

// BuildChatd builds the daemon into dir and returns its path.
func BuildChatd(dir string) (string, error) {
	bin := filepath.Join(dir, "chatd")
	if out, err := exec.Command("go", "build", "-o", bin, "warren/chatd").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build chatd: %w\n%s", err, out)
	}
	return bin, nil
}

// Chatd is a chatd process on a port of its own, which it keeps when it is
// started again.
type Chatd struct {
	Addr string // host:port

	t    testing.TB
	bin  string
	args []string
	log  buffer

	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has ended
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
	c.cmd = exec.Command(c.bin, c.args...)
	c.cmd.Stderr = &c.log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true,            // Ctrl-C is for the tests, which end it
		Pdeathsig: syscall.SIGKILL, // and if they cannot, the kernel does
	}
	c.ended = make(chan struct{})
	started := make(chan error)
	go func(cmd *exec.Cmd, ended chan struct{}) {
		// The kernel watches the thread that started the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
		close(ended)
	}(c.cmd, c.ended)
	if err := <-started; err != nil {
		c.t.Fatalf("start chatd: %v", err)
	}
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
		select {
		case <-c.ended:
			c.t.Fatalf("chatd ended by itself; its log:\n%s", c.log.String())
		default:
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
	syscall.Kill(c.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(15 * time.Second):
		c.t.Error("chatd does not end when it is asked to")
		c.Kill()
	}
}

// Kill ends the daemon as a crash does (SIGKILL).
func (c *Chatd) Kill() {
	if c.cmd == nil || c.cmd.Process == nil {
		return
	}
	select {
	case <-c.ended: // its id may be another's by now
	default:
		syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
		<-c.ended
	}
}

var mishap = regexp.MustCompile(`(?m)^(panic:|fatal error:|WARNING: DATA RACE|.*level=ERROR).*$`)

func (c *Chatd) checkLog() {
	log := c.log.String()
	if line := mishap.FindString(log); line != "" {
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
