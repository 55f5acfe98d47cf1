package gateway

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
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

	// A round is short, and the machine has other things to do: one pair of
	// rounds says nothing, and some pairs say something.
	fewPairs = 20
	maxRatio = 1.1
	sureness = 0.999 // of a failure
)

// Phones that do not read cost the others nothing: with them, the 99th
// percentile of the time from saying to seeing is what it is without. Rounds with
// and without alternate, and the median of their ratios is to be 1.1 at most.
//
// The test fails if it is sure, at 99.9 percent, that the median is higher: with
// 20 pairs, if 18 are. So a busy machine does not make it fail, and phones that
// cost the others twice the time do. How much they cost is what a run with many
// pairs says, with its 95 percent confidence interval:
//
//	WARREN_PAIRS=200 go test -v -run StalledPhonesCost ./chatd/gateway
func TestStalledPhonesCostNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what takes a minute")
	}
	pairs := fewPairs
	if env := os.Getenv("WARREN_PAIRS"); env != "" {
		var err error
		if pairs, err = strconv.Atoi(env); err != nil || pairs < fewPairs {
			t.Fatalf("WARREN_PAIRS is %q: it must be a number, %d or more", env, fewPairs)
		}
	}
	for _, exchange := range exchanges {
		t.Run(exchange.name, func(t *testing.T) {
			s := serveOn(t, exchange.make(t), unlimited)
			s.awaitUp(t)
			r := newStalledRoom(t, s)
			var ratios, without, with []float64
			for i := range pairs {
				stalled := [2]int{0, stalledPhones}
				var took [2]float64
				for j := range stalled { // what comes first takes turns, too
					j ^= i % 2
					took[j] = r.round(t, stalled[j]).Seconds() * 1e3
				}
				without, with = append(without, took[0]), append(with, took[1])
				ratios = append(ratios, took[1]/took[0])
			}
			low, high := interval(ratios, 0.95)
			t.Logf("p99 of %d phones, median of %d rounds: %.2f ms without stalled phones, %.2f ms with %d; ratio, median of pairs: %.3f, 95 %% confidence: %.3f to %.3f",
				healthyPhones, pairs, middle(without), middle(with), stalledPhones, middle(ratios), low, high)
			if low, _ := interval(ratios, 1-2*(1-sureness)); low > maxRatio {
				t.Errorf("stalled phones cost the others: the ratio is %.2f, and for sure more than %.2f", middle(ratios), low)
			}
		})
	}
}

// interval returns bounds of the median that what was drawn comes from, whatever
// its distribution: each of n draws is below the median with probability 1/2.
func interval(of []float64, confidence float64) (low, high float64) {
	of = slices.Sorted(slices.Values(of))
	n, k := len(of), 0
	term := math.Pow(2, -float64(n)) // the probability that just k are below
	for below := term; below <= (1-confidence)/2; below += term {
		term *= float64(n-k) / float64(k+1)
		k++
	}
	return of[max(k-1, 0)], of[min(n-k, n-1)]
}

func TestInterval(t *testing.T) {
	var of []float64
	for i := range 20 {
		of = append(of, float64(i+1))
	}
	// Tables of the sign test: of 20 draws, the 6th and the 15th for 95 %, the
	// 3rd and the 18th for 99.8 %.
	for confidence, want := range map[float64][2]float64{0.95: {6, 15}, 0.998: {3, 18}} {
		if low, high := interval(of, confidence); low != want[0] || high != want[1] {
			t.Errorf("at %v the median of 1 to 20 is in %v to %v, must be in %v", confidence, low, high, want)
		}
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
	return &client{t: t, Conn: conn}
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

	// It has two seconds to hear what the matter is: it reads now, and thinks
	// later.
	var frames [][]byte
	for {
		_, data, err := phone.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, 4001) {
				t.Fatalf("the connection ends with %v", err)
			}
			break
		}
		frames = append(frames, data)
	}
	var seen []record
	for _, data := range frames {
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
