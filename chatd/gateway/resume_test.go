package gateway

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/fanout/rabbitmq"
	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/uptime"
)

// late is a second exchange on another's log, for a second daemon. It does what
// the other does, when it is let.
type late struct {
	fanout.Exchange
	calls chan func(fanout.Handler)
	busy  chan struct{} // capacity 1: while it is full, nothing is delivered
}

func (l *late) Run(ctx context.Context, _ int, h fanout.Handler) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case call := <-l.calls:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case l.busy <- struct{}{}:
			}
			call(h)
			<-l.busy
		}
	}
}

// hold stops what is delivered, until release.
func (l *late) hold()    { l.busy <- struct{}{} }
func (l *late) release() { <-l.busy }

// early is the exchange of the first daemon.
type early struct {
	fanout.Exchange
	late *late
}

func (e early) Run(ctx context.Context, back int, h fanout.Handler) error {
	return e.Exchange.Run(ctx, back, tee{h, e.late.calls})
}

// tee hands on what an exchange says.
type tee struct {
	fanout.Handler
	calls chan func(fanout.Handler)
}

func (t tee) Reset(epoch string, kept *chat.Record) (ok bool) {
	if ok = t.Handler.Reset(epoch, kept); ok {
		t.calls <- func(h fanout.Handler) { h.Reset(epoch, kept) }
	}
	return ok
}

func (t tee) Deliver(recs []chat.Record) {
	t.Handler.Deliver(recs)
	t.calls <- func(h fanout.Handler) { h.Deliver(recs) }
}

func (t tee) State(s fanout.State, why string) {
	t.Handler.State(s, why)
	t.calls <- func(h fanout.Handler) { h.State(s, why) }
}

// serveLate serves two daemons on one log, and of one host.
func serveLate(t *testing.T) (first, second *testServer, l *late) {
	x := memory.New()
	l = &late{Exchange: x, calls: make(chan func(fanout.Handler), 1000), busy: make(chan struct{}, 1)}
	first, second = serveHostOn(t, early{x, l}, testCode, unlimited), serveHostOn(t, l, testCode, unlimited)
	second.awaitUp(t)
	return first, second, l
}

// away makes the second daemon lose the exchange, and returns when it has.
func (l *late) away(t *testing.T, s *testServer) {
	t.Helper()
	l.calls <- func(h fanout.Handler) { h.State(fanout.Away, "") }
	s.awaitAway(t)
}

// awaitAway waits until the exchange is lost.
func (s *testServer) awaitAway(t *testing.T) {
	t.Helper()
	deadline := time.After(waitFor)
	for e := s.room.Tail(); s.room.Up(); {
		select {
		case <-e.Ready():
			e = e.Next()
		case <-deadline:
			t.Fatal("the exchange was not lost")
		}
	}
}

// talk has n messages said at s, and returns them as the log has them.
func (c *client) talk(n int) []record {
	c.t.Helper()
	for range n {
		c.say(uuid.NewString(), "hello")
	}
	return c.records(n)
}

// resume is the hello of a phone that has seen r.
func resume(epoch string, r record) map[string]any {
	return map[string]any{"since": r.Offset, "since_ref": r.Ref, "since_at": chat.Stamp{Boot: r.Boot, UpMS: r.UpMS}, "epoch": epoch}
}

// sees checks that the next records are these.
func (c *client) sees(want ...record) {
	c.t.Helper()
	for i, got := range c.records(len(want)) {
		if got.Offset != want[i].Offset || got.Ref != want[i].Ref {
			c.t.Fatalf("record %d is %+v, not %+v", i, got, want[i])
		}
	}
}

// A phone that comes from another daemon may have seen more than this one, which
// is some milliseconds behind. It is not told of a gap.
func TestHopToADaemonThatIsBehind(t *testing.T) {
	first, second, l := serveLate(t)
	ada, w := first.join(t, nil)
	all := ada.talk(3)
	l.hold()
	all = append(all, ada.talk(3)...)
	go func() {
		defer l.release()
		// Whoever waits at the second daemon has put a mark into the log.
		for end := all[5].Offset + 1; ; time.Sleep(time.Millisecond) {
			if marks, _ := l.Read(t.Context(), end, end+1, 1); len(marks) > 0 || t.Context().Err() != nil {
				return
			}
		}
	}()
	bob, w := second.join(t, resume(w.Epoch, all[4]))
	if !w.Resumed || w.Gap || w.Broker != "up" {
		t.Fatalf("the welcome is %+v", w)
	}
	bob.sees(append(all[5:], ada.talk(1)...)...)
}

// A phone may come to a daemon that has lost the broker, with what was said since.
func TestHopToADaemonThatIsAway(t *testing.T) {
	first, second, l := serveLate(t)
	ada, w := first.join(t, nil)
	ada.talk(3)
	l.away(t, second)
	l.hold()
	all := ada.talk(5)
	bob, w := second.join(t, resume(w.Epoch, all[2]))
	if !w.Resumed || w.Gap || w.Broker != "away" || w.Head != all[2].Offset {
		t.Fatalf("the welcome is %+v", w)
	}
	bob.send(map[string]any{"type": "ping"})
	bob.next("pong")
	bob.say("meanwhile", "meanwhile")
	all = append(all, ada.records(1)...)
	l.release()
	l.calls <- func(h fanout.Handler) { h.State(fanout.Up, "") }
	bob.sees(all[3:]...)
	for f := bob.next("broker"); f.State != "up"; f = bob.next("broker") {
	}
	bob.sees(ada.talk(2)...)
}

// The log may have lost its end while the daemon was away: then a phone that has
// seen it is told.
func TestHopToADaemonThatIsAwayAndTheLogIsCut(t *testing.T) {
	first, second, l := serveLate(t)
	ada, w := first.join(t, nil)
	all := ada.talk(3)
	l.away(t, second)
	lost := record{Offset: all[2].Offset + 5, Ref: "lost"}
	bob, w := second.join(t, resume(w.Epoch, lost))
	if !w.Resumed || w.Broker != "away" {
		t.Fatalf("the welcome is %+v", w)
	}
	l.calls <- func(h fanout.Handler) { h.State(fanout.Up, "") }
	if code, last := bob.closed(); code != 4002 {
		t.Errorf("closed with %d after %s", code, last)
	}
	bob, w = second.join(t, resume(w.Epoch, lost))
	if w.Resumed || !w.Gap {
		t.Errorf("the second welcome is %+v", w)
	}
	bob.sees(all...)
}

// The same, on a real RabbitMQ: one of two daemons loses it, and gets it back.
func TestHopBetweenDaemonsOnRabbitMQ(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	broker, err := url.Parse(node.ForTest(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	pipe := newPipe(t, broker.Host)
	through := *broker
	through.Host = pipe.l.Addr().String()
	var servers []*testServer
	for _, u := range []*url.URL{broker, &through} {
		x, err := rabbitmq.New(u.String(), rabbitmq.Options{Stamp: uptime.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		s := serveOn(t, x, unlimited)
		s.awaitUp(t)
		servers = append(servers, s)
	}
	first, second := servers[0], servers[1]
	ada, w := first.join(t, nil)
	epoch := w.Epoch
	all := ada.talk(1)
	for i := range 5 {
		// Some milliseconds behind, if at all.
		all = append(all, ada.talk(5)...)
		if _, w := second.join(t, resume(epoch, all[len(all)-1])); !w.Resumed || w.Gap {
			t.Fatalf("hop %d: the welcome is %+v", i, w)
		}
	}
	pipe.cut()
	second.awaitAway(t)
	missed := ada.talk(5)
	var phones []*client
	for i, r := range missed {
		p, w := second.join(t, resume(epoch, r))
		if !w.Resumed || w.Gap || w.Broker != "away" {
			t.Fatalf("phone %d while it is away: the welcome is %+v", i, w)
		}
		p.say(fmt.Sprint("waits-", i), "waits")
		phones = append(phones, p)
	}
	missed = append(missed, ada.talk(5)...)
	pipe.mend()
	missed = append(missed, ada.records(len(phones))...)
	for i, p := range phones {
		p.sees(missed[i+1:]...)
	}
	live := ada.talk(3)
	for _, p := range phones {
		p.sees(live...)
	}
}

// pipe is a line to the broker that can be cut.
type pipe struct {
	to string
	l  net.Listener

	mu     sync.Mutex
	conns  []net.Conn
	broken bool
}

func newPipe(t *testing.T, to string) *pipe {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pipe{to: to, l: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			broker, err := net.Dial("tcp", p.to)
			if err != nil || !p.add(client, broker) {
				client.Close()
				continue
			}
			for from, to := range map[net.Conn]net.Conn{client: broker, broker: client} {
				wg.Go(func() {
					io.Copy(to, from)
					to.Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.cut()
		wg.Wait()
	})
	return p
}

func (p *pipe) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, conns...)
	if p.broken {
		for _, c := range conns {
			c.Close()
		}
	}
	return !p.broken
}

// cut ends all connections, and takes no more until mend.
func (p *pipe) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = true
	for _, c := range p.conns {
		c.Close()
	}
}

func (p *pipe) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = false
}
