package air

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"warren/appliance/emulator"
	"warren/appliance/emulator/air/ask"
)

// world is a machine with simulated radios, a card in it, and phones.
type world struct {
	*testing.T
	*emulator.Machine
	line *rpc.Client
	diary
}

// newWorld starts a machine whose kernel gets further words, with a card whose
// warren.toml says something else if settings is not empty. What is seen and
// done is kept as an artefact of that name.
func newWorld(t *testing.T, artefact, settings, words string) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	image := emulator.ImageForTest(t)
	boot, err := newBoot(t.Context(), cacheDir)
	if err != nil {
		t.Fatal(err)
	}
	boot.Args = words
	card, err := emulator.NewCard(image, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	if settings != "" {
		if err := card.Put(t.Context(), "warren.toml", []byte(settings)); err != nil {
			t.Fatal(err)
		}
	}
	const artefacts = "../../../artefacts"
	if err := os.MkdirAll(artefacts, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(artefacts, artefact))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	w := &world{T: t, diary: diary{file: file, begun: time.Now()}}

	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "the machine's")
	defer ours.Close()
	t.Cleanup(func() { theirs.Close() })
	conn, err := net.FileConn(ours)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	w.line = jsonrpc.NewClient(conn)
	w.Machine, err = emulator.Start(t.Context(), card, emulator.Options{
		Boot: boot, Line: theirs, Console: &w.diary, Ports: map[int]int{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Cut()
		if t.Failed() {
			text := w.Console()
			t.Logf("the console's end:\n%s", text[max(0, len(text)-3<<10):])
		}
	})
	return w
}

// diary is the artefact: the console and the steps of the test, with times.
type diary struct {
	mu    sync.Mutex
	file  io.Writer
	begun time.Time
	part  []byte // of a line
}

// Write takes what the machine says on its console.
func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.part = append(d.part, p...)
	for {
		line, rest, ok := bytes.Cut(d.part, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		d.line(string(bytes.TrimRight(line, "\r")))
		d.part = rest
	}
}

func (d *diary) line(text string) {
	fmt.Fprintf(d.file, "%7.2f %s\n", time.Since(d.begun).Seconds(), text)
}

// note tells what the test sees, in its log and in the diary.
func (w *world) note(format string, args ...any) {
	w.Helper()
	text := fmt.Sprintf(format, args...)
	w.Logf("%6.1f s  %s", time.Since(w.begun).Seconds(), text)
	w.diary.mu.Lock()
	defer w.diary.mu.Unlock()
	w.diary.line("──── " + text)
}

// do asks the agent for something; answer may be nil.
func (w *world) do(method string, args, answer any) error {
	if answer == nil {
		answer = new(ask.Nothing)
	}
	call := w.line.Go("Agent."+method, args, answer, make(chan *rpc.Call, 1))
	select {
	case <-call.Done:
		return call.Error
	case <-w.Ended():
		return fmt.Errorf("%s: the machine is off", method)
	case <-w.Context().Done():
		return context.Cause(w.Context())
	}
}

// must is do, which must succeed.
func (w *world) must(method string, args, answer any) {
	w.Helper()
	if err := w.do(method, args, answer); err != nil {
		w.Fatalf("%s %+v: %v", method, args, err)
	}
}

// read returns a file of the running card.
func (w *world) read(path string) string {
	w.Helper()
	var content string
	w.must("Read", path, &content)
	return content
}

// phone is one of a guest's.
type phone struct {
	*world
	number int
}

// phone makes a phone.
func (w *world) phone(number int) *phone {
	w.Helper()
	w.must("Phone", number, nil)
	return &phone{world: w, number: number}
}

// do asks the phone for something; answer may be nil.
func (p *phone) do(method string, args, answer any) error {
	if answer == nil {
		answer = new(ask.Nothing)
	}
	js, err := json.Marshal(args)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := p.world.do("Pass", ask.Pass{Phone: p.number, Method: method, Args: js}, &raw); err != nil {
		return fmt.Errorf("phone %d: %s: %w", p.number, method, err)
	}
	return json.Unmarshal(raw, answer)
}

func (p *phone) must(method string, args, answer any) {
	p.Helper()
	if err := p.do(method, args, answer); err != nil {
		p.Fatal(err)
	}
}

// join joins a Wi-Fi, or does not within patience.
func (p *phone) join(name, passphrase string, patience time.Duration) ask.Joined {
	p.Helper()
	var joined ask.Joined
	if err := p.do("Join", ask.Network{Name: name, Passphrase: passphrase, Patience: patience}, &joined); err != nil {
		p.Error(err) // and not Fatal: many phones may do this at once
	}
	return joined
}
