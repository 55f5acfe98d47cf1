package gateway

import (
	"encoding/json"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// The room of TestStalledPhonesCostNothing.
const (
	healthyPhones = 30
	stalledPhones = 5 // one of them reads a byte a second
	roundMessages = 60
	roundPause    = 4 * time.Millisecond // between two of them: 250 a second

	// A round is short, and this machine has other things to do: one pair of
	// rounds says nothing, and the median of some pairs says it well. If the
	// rest of the machine has disturbed it, more pairs are taken. What costs
	// the others half as much again fails in any number of them.
	minPairs, maxPairs = 12, 80
	maxRatio           = 1.1
)

// Phones that do not read cost the others nothing: with them, the 99th
// percentile of the time from saying to seeing is what it is without. Rounds with
// and without alternate.
func TestStalledPhonesCostNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what takes a minute")
	}
	for _, exchange := range exchanges {
		t.Run(exchange.name, func(t *testing.T) {
			s := serveOn(t, exchange.make(t), unlimited)
			s.awaitUp(t)
			r := newStalledRoom(t, s)
			var ratios, without, with []float64
			for len(ratios) < minPairs || len(ratios) < maxPairs && middle(ratios) > maxRatio {
				a := r.round(t, 0)
				b := r.round(t, stalledPhones)
				without, with = append(without, a.Seconds()*1e3), append(with, b.Seconds()*1e3)
				ratios = append(ratios, b.Seconds()/a.Seconds())
			}
			t.Logf("p99 of %d phones, median of %d rounds: %.2f ms without stalled phones, %.2f ms with %d; ratio, median of pairs: %.3f",
				healthyPhones, len(ratios), middle(without), middle(with), stalledPhones, middle(ratios))
			if middle(ratios) > maxRatio {
				t.Errorf("stalled phones cost the others: the ratio is %.2f", middle(ratios))
			}
		})
	}
}

func middle(of []float64) float64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

// stalledRoom is a room of phones that read, one of which talks.
type stalledRoom struct {
	s      *testServer
	addr   string // where phones come that will stall
	talker *client
	said   int

	mu      sync.Mutex
	latest  []time.Time     // when each message was due, in this round; by number
	first   int             // the number of the first of them
	took    []time.Duration // all deliveries of the round
	missing int             // deliveries that are still to come
	done    chan struct{}   // closed when none is
}

// narrow gives its connections little room in the kernel, so that little must be
// said before a phone that does not read is noticed.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		conn.(*net.TCPConn).SetWriteBuffer(8 << 10)
	}
	return conn, err
}

func newStalledRoom(t *testing.T, s *testServer) *stalledRoom {
	r := &stalledRoom{s: s}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.gateway.Serve(narrow{l})
	r.addr = l.Addr().String()
	var readers sync.WaitGroup
	var conns []*client
	for i := range healthyPhones {
		c, _ := s.join(t, map[string]any{"history": 0})
		c.SetReadDeadline(time.Time{})
		if i == 0 {
			r.talker = c
		}
		readers.Go(func() { r.read(c.Conn) })
		conns = append(conns, c)
	}
	t.Cleanup(func() {
		for _, c := range conns {
			c.Close()
		}
		readers.Wait()
	})
	return r
}

// read notes how long each message took to this phone.
func (r *stalledRoom) read(conn *websocket.Conn) {
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		now := time.Now()
		r.mu.Lock()
		// As JSON it would be read for longer than it was on its way.
		for _, text := range strings.Split(string(data), `"text":"`)[1:] {
			n, err := strconv.Atoi(text[:strings.IndexAny(text, `"x`)])
			if err != nil || n < r.first {
				continue
			}
			r.took = append(r.took, now.Sub(r.latest[n-r.first]))
			if r.missing--; r.missing == 0 {
				close(r.done)
			}
		}
		r.mu.Unlock()
	}
}

// say says n messages, one each pause, and waits until all phones have them.
func (r *stalledRoom) say(t *testing.T, n, size int, pause time.Duration) (took []time.Duration) {
	t.Helper()
	start := time.Now()
	r.mu.Lock()
	r.first, r.latest, r.took = r.said, make([]time.Time, n), nil
	for i := range r.latest {
		r.latest[i] = start.Add(time.Duration(i) * pause) // when it is due: that it is late counts, too
	}
	r.missing, r.done = n*healthyPhones, make(chan struct{})
	due, done := r.latest, r.done
	r.mu.Unlock()
	for _, at := range due {
		time.Sleep(time.Until(at))
		text := strconv.Itoa(r.said)
		r.talker.say("m"+text, text+strings.Repeat("x", max(0, size-len(text))))
		r.said++
	}
	select {
	case <-done:
	case <-time.After(waitFor):
		t.Fatal("not all phones got all messages")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.took
}

// round returns the 99th percentile of a round with so many stalled phones. What
// is said before, to fill their buffers, is said in a round without them, too.
func (r *stalledRoom) round(t *testing.T, stalled int) time.Duration {
	t.Helper()
	var conns []net.Conn
	for i := range stalled {
		conns = append(conns, stall(t, r.addr, i == 0))
	}
	for filled := 0; filled < 20 || stalled > 0 && r.s.gateway.sessions.Behind(r.s.room.Tail()) < 30_000; filled += 10 {
		r.say(t, 10, 10_000, 0)
		if filled > 400 {
			t.Fatal("phones that do not read do not fall behind")
		}
	}
	runtime.GC() // of what was said before
	took := r.say(t, roundMessages, 0, roundPause)
	for _, c := range conns {
		c.Close()
	}
	r.s.awaitSessions(t, healthyPhones)
	slices.Sort(took)
	return took[len(took)*99/100]
}

// stall opens a session of the JSON protocol that reads nothing after its
// welcome, or a byte a second.
func stall(t *testing.T, addr string, drip bool) net.Conn {
	t.Helper()
	c := dialSmall(t, addr)
	c.send(map[string]any{"type": "hello", "device": uuid.NewString(), "history": 0})
	c.next("welcome")
	conn := c.NetConn()
	if drip {
		over := make(chan struct{})
		go func() {
			defer close(over)
			conn.SetReadDeadline(time.Time{})
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for range tick.C {
				if _, err := conn.Read(make([]byte, 1)); err != nil {
					return
				}
			}
		}()
		t.Cleanup(func() { conn.Close(); <-over })
	}
	return conn
}

// dialSmall opens a WebSocket whose phone's kernel takes little.
func dialSmall(t *testing.T, addr string) *client {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{Subprotocol}, HandshakeTimeout: waitFor, NetDial: func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
		}
		return conn, err
	}}
	conn, _, err := d.Dial("ws://"+addr+"/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(waitFor))
	return &client{t, conn}
}

func (s *testServer) awaitSessions(t *testing.T, n int) {
	t.Helper()
	s.await(t, fmt.Sprintf("%d sessions", n), func() bool { return s.gateway.sessions.Len() == n })
}

func (s *testServer) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(waitFor); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("there are not %s", what)
		}
	}
}

// A phone that does not read falls behind by so much and no more, is told so as
// soon as it reads again, resumes, and has missed nothing.
func TestStalledPhoneResumes(t *testing.T) {
	const behind = 4 << 20 // as ARCHITECTURE.md says
	s := serve(t, unlimited)
	phone := dialSmall(t, s.Listener.Addr().String())
	device := uuid.NewString()
	phone.send(map[string]any{"type": "hello", "device": device})
	epoch := phone.next("welcome").Epoch
	talker, _ := s.join(t, nil)
	distance := func() int64 { return s.gateway.sessions.Behind(s.room.Tail()) }

	said := 0
	text := strings.Repeat("x", 1000)
	for distance() <= behind {
		const some = 50
		for range some {
			talker.say(fmt.Sprint(said), text)
			said++
		}
		talker.records(some)
		if said > 20_000 {
			t.Fatalf("after %d messages it is %d bytes behind", said, distance())
		}
	}
	full := heap()
	s.await(t, "phones that are told to resume", func() bool { return distance() < behind/2 })

	var seen []record
	for end := false; !end; {
		_, data, err := phone.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, 4001) {
				t.Fatalf("the connection ends with %v", err)
			}
			break
		}
		var f serverFrame
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatal(err)
		}
		for _, r := range f.Records {
			if r.Text != text {
				t.Fatalf("message %s is %.40q", r.Ref, r.Text)
			}
			r.Text = "" // what this test holds must not count below
			seen = append(seen, r)
		}
	}
	s.awaitSessions(t, 1)
	released := full - heap()
	t.Logf("%d messages said, %d came before the close; with the phone %d kB went from the heap", said, len(seen), released>>10)
	if released > 2*behind {
		t.Errorf("the phone held %d bytes, of which %d were to be expected", released, behind)
	}
	if len(seen) == 0 || len(seen) == said {
		t.Fatalf("it saw %d of %d messages: this was no test", len(seen), said)
	}

	last := seen[len(seen)-1]
	again, welcome := s.join(t, map[string]any{"device": device, "epoch": epoch, "since": last.Offset, "since_ref": last.Ref})
	if !welcome.Resumed || welcome.Gap {
		t.Errorf("it is welcomed with %+v", welcome)
	}
	seen = append(seen, again.records(said-len(seen))...)
	for i, r := range seen {
		if r.Ref != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, r.Ref)
		}
	}
}

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one found in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
