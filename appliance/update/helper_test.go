package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warren/appliance/update/bootfile"
	"warren/appliance/update/protocol"
	"warren/appliance/update/trial"
	"warren/chatd/fanout/rabbitmq/node"
)

const (
	code    = "kdtsm-rfwhb"
	cmdline = "console=tty1 root=PARTUUID=60c24cc1-f3f9-427a-8199-60041a5a0001/PARTNROFF=1 init=/gokrazy/init rootwait"
	small   = 4 << 20 // bytes of a test's root partition
)

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// newTestCard makes the three partitions of a card that an update is about: a
// real FAT, and two real block devices, of which A runs. That takes root.
func newTestCard(t *testing.T) card {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("block devices and mounting take root")
	}
	dir := t.TempDir()
	c := card{boot: filepath.Join(dir, "boot"), running: trial.A}
	tool(t, "mkfs.vfat", "-C", "-F", "16", "-f", "1", "-s", "4", "-R", "4", "-r", "512", c.boot, "20480")
	for name, content := range map[string]string{bootfile.OwnLine: cmdline, bootfile.TrialLine: fmt.Sprintf("%-511s\n", cmdline)} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, "mcopy", "-i", c.boot, file, "::")
	}
	for name, device := range map[string]*string{"a": &c.a, "b": &c.b} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, make([]byte, small), 0o600); err != nil {
			t.Fatal(err)
		}
		*device = tool(t, "losetup", "--find", "--show", file)
		t.Cleanup(func() { exec.Command("losetup", "--detach", *device).Run() })
	}
	return c
}

// line returns the root that a command line on the boot partition names.
func line(t *testing.T, c card, file string) trial.Root {
	t.Helper()
	text, err := bootfile.Read(c.boot, file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := bootfile.RootIn(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// makeRoot returns a root file system that passes the check, but for the change:
// its programs are scripts, which this machine runs.
func makeRoot(t *testing.T, change func(tree string)) []byte {
	t.Helper()
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	release, err := kernelRelease()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(tree, "lib/modules", release), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range needed {
		path := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\necho update v2 go1.26\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// So that it does not fit into one read.
	noise := bytes.Repeat([]byte("0123456789abcdef"), 40<<10)
	for i := range noise {
		noise[i] ^= byte(i * i >> 7)
	}
	if err := os.WriteFile(filepath.Join(tree, "noise"), noise, 0o644); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(tree)
	}
	file := filepath.Join(dir, "root")
	tool(t, "mksquashfs", tree, file, "-comp", "gzip", "-noD", "-noF", "-no-xattrs", "-all-root", "-quiet", "-no-progress")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// The key of the code takes seconds to make, with the race detector.
var (
	testSalt = []byte("0123456789abcdef")
	testKey  = sync.OnceValues(func() (protocol.Key, error) {
		return protocol.Challenge{Salt: testSalt, Iterations: protocol.Iterations}.Key(code)
	})
)

// board is a machine with a card in it, whose firmware is played here: the
// daemon's restarts end one life of the daemon and begin the next.
type board struct {
	card    card
	address string
	folder  string         // of the record, code and broker.state
	well    [4]atomic.Bool // whether the room opens, by the root that runs
	lives   atomic.Int32
	ended   chan struct{}
	log     *lockedBuffer
}

// boardRestart notes how the daemon restarts, and ends its life.
type boardRestart struct {
	tryboot, again bool
	end            context.CancelFunc
}

func (r *boardRestart) trial(context.Context) error { r.tryboot = true; r.end(); return nil }
func (r *boardRestart) plain(context.Context) error { r.again = true; r.end(); return nil }

// startBoard switches a board on, with a host code, until the test ends.
func startBoard(t *testing.T) *board {
	t.Helper()
	b := &board{card: newTestCard(t), folder: t.TempDir(), ended: make(chan struct{}), log: &lockedBuffer{}}
	b.well[trial.A].Store(true)
	b.well[trial.B].Store(true)
	b.write(t, "code.json", `{"host-code": "`+code+`"}`)
	port, err := node.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	b.address = fmt.Sprintf("127.0.0.1:%d", port)
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	ctx, off := context.WithCancel(t.Context())
	go func() {
		defer close(b.ended)
		for running := b.card.running; ctx.Err() == nil; {
			running = b.live(ctx, t, key, running)
		}
	}()
	t.Cleanup(func() {
		off()
		<-b.ended
		if t.Failed() {
			t.Log(b.log.String())
		}
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", b.address)
		if err == nil {
			c.Close()
			return b
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// live runs the daemon from one start of the machine to the next, and returns
// the root that this one is from.
func (b *board) live(ctx context.Context, t *testing.T, key protocol.Key, running trial.Root) (next trial.Root) {
	b.lives.Add(1)
	// A system tells how its own room is, from when it has one.
	b.write(t, "broker.state", `{"state": "up"}`)
	room := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.well[running].Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer room.Close()
	log := slog.New(slog.NewTextHandler(b.log, nil))
	u := newUpdater(b.file("record.json"), b.file("update.state"), log)
	// Ten seconds from one look at the room to the next, however busy this
	// machine is: the third one is the last in a trial of half a minute.
	var since time.Duration
	u.sinceBoot = func() time.Duration { since += 10 * time.Second; return since }
	c := b.card
	c.running = running
	if err := u.begin(c); err != nil {
		t.Error(err)
	}
	d := newDoor(u, b.file("code.json"), log)
	d.salt, d.of, d.key = testSalt, code, key
	life, end := context.WithCancel(ctx)
	defer end()
	restart := &boardRestart{end: end}
	err := serve(life, b.address, u, d, roomAt(room.URL, b.file("broker.state")), restart)
	if err != nil {
		t.Error(err)
	}
	switch {
	case ctx.Err() != nil:
		return running
	case restart.tryboot:
		return line(t, c, bootfile.TrialLine)
	}
	return line(t, c, bootfile.OwnLine)
}

func roomAt(url, state string) room { return room{url: url, brokerState: state} }

func (b *board) file(name string) string { return filepath.Join(b.folder, name) }

func (b *board) write(t *testing.T, name, content string) {
	if err := os.WriteFile(b.file(name), []byte(content), 0o600); err != nil {
		t.Error(err)
	}
}

// lockedBuffer is a log that several goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
