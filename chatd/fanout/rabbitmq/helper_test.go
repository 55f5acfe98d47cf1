package rabbitmq

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/fanouttest"
	"warren/chatd/fanout/rabbitmq/node"
)

// patience is how long a test waits for what must happen.
const patience = fanouttest.Patience

// shared is the broker of the tests that do not harm it, and of those that kill,
// stop or freeze it one after another. Tests that mostly wait and leave it alone
// run two at a time, when the others are over.
var shared struct {
	once sync.Once
	node *node.Node
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.node != nil {
		shared.node.Stop()
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func broker(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	shared.once.Do(func() { shared.node, shared.err = node.Start(context.Background(), node.Options{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	if shared.node.Pid() == 0 { // a test before this one failed while it was down
		if err := shared.node.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return shared.node.URL()
}

// settle waits until the broker can be killed. RabbitMQ notes that it has
// streams at all in a file that it writes some 3 seconds after the first one
// was made; killed before that, it never finds any of them again.
func settle(t testing.TB) {
	t.Helper()
	settleIn(t, shared.node.Dir())
}

func settleIn(t testing.TB, dir string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(dir, "data", "*", "coordination", "*", "names.dets"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte("rabbit_stream_coordinator")) {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the broker does not settle")
		}
	}
}

// newSuffix names the things of one test on the shared broker.
func newSuffix() string { return "." + rand.Text()[:8] }

// ear is a handler that remembers, and knows what texts are.
type ear struct{ *fanouttest.Handler }

func newEar(t testing.TB) *ear { return &ear{fanouttest.New(t)} }

func (e *ear) up() bool { return e.Now() == fanout.Up }

// texts returns the bodies of what was said, each once.
func texts(recs []chat.Record) []string {
	var out []string
	seen := make(map[string]bool)
	for _, r := range recs {
		if r.Type == chat.TypeEpoch {
			continue
		}
		if r.ID != "" {
			if seen[r.App+r.ID] {
				continue
			}
			seen[r.App+r.ID] = true
		}
		out = append(out, string(r.Body))
	}
	return out
}

func (e *ear) texts() []string { return texts(e.Records()) }

func (e *ear) epoch() string {
	epoch, _ := e.Epoch()
	return epoch
}

func (e *ear) last() int64 {
	recs := e.Records()
	return recs[len(recs)-1].Offset
}

// open makes an exchange. Its log goes nowhere: the tests look at what it does.
func open(t testing.TB, url string, opts Options) *Exchange {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
		if testing.Verbose() {
			opts.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
		}
	}
	x, err := New(url, opts)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// run runs x until the test ends or stop is called.
func run(t testing.TB, x *Exchange, back int) (e *ear, stop func()) {
	t.Helper()
	e = newEar(t)
	return e, e.Run(x, back)
}

// say is a record that a test publishes.
func say(app, text string) chat.Record {
	return chat.Record{ID: rand.Text(), Type: chat.TypeMessage, ContentType: chat.ContentText, App: app, Body: []byte(text)}
}

func publish(t testing.TB, x *Exchange, rec chat.Record) {
	t.Helper()
	if err := x.Publish(rec); err != nil {
		t.Error(err)
	}
}

func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// client is any AMQP client.
type client struct {
	t    testing.TB
	conn *amqp.Connection
	ch   *amqp.Channel
}

func connect(t testing.TB, url string) *client {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	// During an alarm the broker does not hear a goodbye.
	t.Cleanup(func() { conn.CloseDeadline(time.Now().Add(time.Second)) })
	c := &client{t: t, conn: conn}
	if c.ch, err = conn.Channel(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *client) publish(exchange string, msg amqp.Publishing) {
	c.t.Helper()
	if err := c.ch.Publish(exchange, "", false, false, msg); err != nil {
		c.t.Error(err)
	}
}

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: %d entries, want %d; entry %d is %.40q, want %.40q", what, len(got), len(want), i, got[i], want[i])
		}
	}
	t.Fatalf("%s: %d entries, want %d", what, len(got), len(want))
}
