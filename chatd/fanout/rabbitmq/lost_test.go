package rabbitmq

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// TestKill kills the broker twice while two daemons publish.
func TestKill(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	const daemons, each = 2, 6000
	var xs []*Exchange
	var ears []*ear
	for range daemons {
		x := open(t, url, Options{suffix: suffix})
		e, _ := run(t, x, 10)
		xs, ears = append(xs, x), append(ears, e)
	}
	for _, e := range ears {
		e.WaitUp()
	}
	settle(t)
	var wg sync.WaitGroup
	gates := []chan struct{}{make(chan struct{}), make(chan struct{})}
	for d, x := range xs {
		wg.Go(func() {
			for i := range each {
				if i == each*2/3 {
					<-gates[1]
				}
				publish(t, x, say(fmt.Sprint(d), fmt.Sprintf("%d/%d", d, i)))
			}
		})
	}
	for k, at := range []int{each / 10, each} { // of 2*each in all; the second half waits for the gate
		ears[0].Wait("some", func() bool { return len(ears[0].All) > at })
		shared.node.Kill()
		for _, e := range ears {
			e.Wait("away", func() bool { return !e.up() })
		}
		close(gates[k])
		begin := time.Now()
		if err := shared.node.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		answers := time.Since(begin)
		for _, e := range ears {
			e.WaitUp()
		}
		t.Logf("killed at %d records: the broker answers after %v, all is well after %v", at, answers, time.Since(begin))
	}
	wg.Wait()
	for _, x := range xs {
		publish(t, x, say("end", "end"))
	}
	reader := open(t, url, Options{suffix: suffix})
	f, _ := run(t, reader, 1<<30)
	for _, e := range append(ears, f) {
		e.Wait("all", func() bool { return len(texts(e.Recs)) == daemons*each+daemons })
		if len(e.Resets) != 1 || e.epoch() != ears[0].epoch() {
			t.Errorf("resets %v", e.Resets)
		}
		checkOrder(t, e.texts(), daemons, each)
	}
	t.Logf("%d records in the log for %d published", len(f.Records()), daemons*each+daemons)
	for _, e := range ears {
		equal(t, "order", e.texts(), f.texts())
	}
	for _, x := range xs {
		if n := x.outbox.len(); n != 0 {
			t.Errorf("%d left in the outbox", n)
		}
	}
}

// TestShutdown restarts the broker as a host does: it says goodbye.
func TestShutdown(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x := open(t, url, Options{suffix: suffix})
	e, _ := run(t, x, 10)
	e.WaitUp()
	settle(t)
	for i := range 3000 {
		publish(t, x, say("0", fmt.Sprintf("0/%d", i)))
	}
	e.Wait("some", func() bool { return len(e.Recs) > 500 })
	shared.node.Shutdown()
	e.Wait("away", func() bool { return !e.up() })
	if err := shared.node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Wait("all", func() bool { return len(texts(e.Recs)) == 3000 })
	checkOrder(t, e.texts(), 1, 3000)
	if len(e.Resets) != 1 {
		t.Errorf("resets %v", e.Resets)
	}
}

// TestCut cuts one daemon off, while another goes on.
func TestCut(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	p, via := newProxy(t, url)
	x := open(t, via, Options{suffix: suffix})
	e, _ := run(t, x, 10)
	e.WaitUp()
	publish(t, x, say("a", "0"))
	e.Wait("0", func() bool { return len(texts(e.Recs)) == 1 })
	p.cut()
	e.Wait("away", func() bool { return !e.up() })
	for i := 1; i < 100; i++ {
		publish(t, x, say("a", fmt.Sprint(i)))
	}
	if _, err := x.Read(t.Context(), 0, 100, 100); !errors.Is(err, fanout.ErrAway) {
		t.Errorf("Read while away: %v", err)
	}
	// Somebody else goes on meanwhile.
	y := open(t, url, Options{suffix: suffix})
	f, _ := run(t, y, 10)
	for i := range 1000 {
		publish(t, y, say("b", fmt.Sprint(1000+i)))
	}
	f.Wait("b's", func() bool { return len(texts(f.Recs)) >= 1000 })
	p.mend()
	e.Wait("all", func() bool { return len(texts(e.Recs)) == 1100 })
	if len(e.Resets) != 1 || e.Resets[0] != f.epoch() {
		t.Errorf("resets %v, the other's %v", e.Resets, f.Resets)
	}
	equal(t, "order", e.texts()[1:1001], numbers(1000, 2000))
	equal(t, "what waited", e.texts()[1001:], numbers(1, 100))
}

// TestStartBeforeBroker starts where nothing answers.
func TestStartBeforeBroker(t *testing.T) {
	t.Parallel()
	url := broker(t)
	p, via := newProxy(t, url)
	p.cut()
	var log bytes.Buffer
	x := open(t, via, Options{suffix: newSuffix(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	e, stop := run(t, x, 10)
	publish(t, x, say("a", "0"))
	time.AfterFunc(2*time.Second, p.mend)
	e.Wait("0", func() bool { return len(texts(e.Recs)) == 1 })
	stop()
	if n := strings.Count(log.String(), "\n"); n > 4 {
		t.Errorf("%d lines are logged:\n%s", n, log.String())
	}
}

func TestStreamDeleted(t *testing.T) {
	url := broker(t)
	for _, away := range []bool{false, true} {
		t.Run(fmt.Sprintf("away=%v", away), func(t *testing.T) {
			p, via := newProxy(t, url)
			x := open(t, via, Options{suffix: newSuffix()})
			e, _ := run(t, x, 10)
			e.WaitUp()
			for range 5 {
				publish(t, x, say("", "hi"))
			}
			e.Wait("5", func() bool { return len(texts(e.Recs)) == 5 })
			c := connect(t, url)
			if away {
				p.cut()
				e.Wait("away", func() bool { return !e.up() })
			}
			if _, err := c.ch.QueueDelete(x.names.stream, false, false, false); err != nil {
				t.Fatal(err)
			}
			if away {
				// A new log that looks much like the old one.
				y := open(t, url, Options{suffix: x.opts.suffix})
				f, stop := run(t, y, 10)
				for range 10 {
					publish(t, y, say("", "hi"))
				}
				f.Wait("10", func() bool { return len(texts(f.Recs)) == 10 })
				stop()
				p.mend()
			}
			e.Wait("another log", func() bool { return len(e.Resets) == 2 })
			if e.Resets[0] == e.Resets[1] {
				t.Errorf("resets %v: the same epoch", e.Resets)
			}
			e.WaitUp()
			publish(t, x, say("a", "after"))
			e.Wait("after", func() bool { return slicesLast(texts(e.Recs)) == "after" })
		})
	}
}

func slicesLast(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[len(s)-1]
}

// TestPaused freezes the broker.
func TestPaused(t *testing.T) {
	x := open(t, quick(broker(t)), Options{suffix: newSuffix()})
	e, _ := run(t, x, 10)
	e.WaitUp()
	shared.node.Pause()
	defer shared.node.Resume()
	begin := time.Now()
	for i := range 3000 {
		publish(t, x, chat.Record{ID: fmt.Sprint(i), Body: bytes.Repeat([]byte("x"), 5000)})
	}
	if d := time.Since(begin); d > time.Second {
		t.Errorf("Publish blocked: %v", d)
	}
	e.Wait("away", func() bool { return !e.up() })
	if d := time.Since(begin); d > 4*time.Second {
		t.Errorf("away after %v", d)
	}
	t.Logf("away after %v", time.Since(begin))
	shared.node.Resume()
	begin = time.Now()
	e.WaitUp()
	t.Logf("up after %v", time.Since(begin))
	next := 0
	e.Wait("all", func() bool {
		next = 0
		for _, r := range e.All {
			if r.ID == fmt.Sprint(next) {
				next++
			}
		}
		return next == 3000
	})
}

// TestSomethingElse meets what others have left on the broker.
func TestSomethingElse(t *testing.T) {
	url := broker(t)
	c := connect(t, url)
	stream := amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeStream}
	for _, test := range []struct {
		name string
		make func(n names) error
		ok   bool
		log  string
	}{
		{"exchange", func(n names) error {
			return c.ch.ExchangeDeclare(n.exchange, "topic", true, false, false, false, nil)
		}, false, "of another kind"},
		{"stream", func(n names) error {
			_, err := c.ch.QueueDeclare(n.stream, true, false, false, false, stream)
			return err
		}, true, "used as it is"},
		{"queue", func(n names) error {
			_, err := c.ch.QueueDeclare(n.stream, true, false, false, false, nil)
			return err
		}, false, "is no stream"},
		{"state", func(n names) error {
			_, err := c.ch.QueueDeclare(n.state, true, false, false, false, nil)
			return err
		}, false, "is no stream"},
		{"state for long", func(n names) error {
			_, err := c.ch.QueueDeclare(n.state, true, false, false, false, nil)
			return err
		}, true, "may be forgotten"},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := &syncBuffer{said: make(chan string, 100)}
			x := open(t, url, Options{suffix: newSuffix(), Logger: slog.New(slog.NewTextHandler(log, nil))})
			if err := test.make(x.names); err != nil {
				t.Fatal(err)
			}
			if test.name == "state for long" {
				x.keepless = time.Now().Add(-startTime)
			}
			e, _ := run(t, x, 10)
			log.wait(t, test.log)
			if test.ok {
				e.WaitUp()
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	u := strings.Replace(broker(t), "@", "x@", 1)
	log := &syncBuffer{said: make(chan string, 100)}
	x := open(t, u, Options{suffix: newSuffix(), Logger: slog.New(slog.NewTextHandler(log, nil))})
	run(t, x, 10)
	log.wait(t, "refuses the user or the password")
}

// syncBuffer passes on what is logged.
type syncBuffer struct{ said chan string }

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.said <- string(p)
	return len(p), nil
}

func (b *syncBuffer) wait(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line := <-b.said:
			t.Log(line)
			if strings.Contains(line, text) {
				return
			}
		case <-timeout:
			t.Fatalf("waited in vain for the log to say %q", text)
		}
	}
}

// TestSilentServer connects to something that accepts and says nothing.
func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	x := open(t, "amqp://u:p@"+l.Addr().String(), Options{})
	_, stop := run(t, x, 10)
	if _, err := l.Accept(); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	stop()
	if d := time.Since(begin); d > dialTime/2 {
		t.Errorf("the end took %v", d)
	}
}

// TestUnbound takes the stream off the exchange behind the daemon's back: what
// is published is confirmed and gets nowhere, as in the first moments of a
// broker. With another queue on the exchange the broker does not even say so.
func TestUnbound(t *testing.T) {
	t.Parallel()
	url := broker(t)
	for _, another := range []bool{false, true} {
		t.Run(fmt.Sprintf("another=%v", another), func(t *testing.T) {
			x := open(t, url, Options{suffix: newSuffix()})
			e, _ := run(t, x, 10)
			e.WaitUp()
			e.Wait("an empty outbox", func() bool { return x.outbox.len() == 0 })
			c := connect(t, url)
			if another {
				q, err := c.ch.QueueDeclare("", false, true, true, false, nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.ch.QueueBind(q.Name, "", x.names.exchange, false, nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.ch.QueueUnbind(x.names.stream, "", x.names.exchange, nil); err != nil {
				t.Fatal(err)
			}
			for i := range 100 {
				publish(t, x, say("a", fmt.Sprint(i)))
			}
			e.Wait("all", func() bool { return len(texts(e.Recs)) == 100 })
			equal(t, "delivered", e.texts(), numbers(0, 100))
			if len(e.Resets) != 1 {
				t.Errorf("resets %v", e.Resets)
			}
		})
	}
}
