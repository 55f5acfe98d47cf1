package gateway

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// Of guests who have gone nothing is left that is counted, whichever way they
// went.
func TestGuestsAreForgotten(t *testing.T) {
	s := serve(t, DefaultLimits)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	bounded := newBounded(l, DefaultLimits)
	go func() { served <- s.gateway.server.Serve(bounded) }()
	defer func() { s.gateway.server.Close(); <-served }()

	for i := range 60 {
		d := websocket.Dialer{HandshakeTimeout: waitFor, NetDial: func(network, addr string) (net.Conn, error) {
			return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%20))}}).Dial(network, addr)
		}}
		if i%2 == 0 {
			d.Subprotocols = []string{Subprotocol}
		}
		conn, _, err := d.Dial("ws://"+l.Addr().String()+"/websocket?name=Ada", nil)
		if err != nil {
			t.Fatal(err)
		}
		switch i % 3 {
		case 0:
			conn.WriteJSON(map[string]any{"type": "hello", "device": uuid.NewString()})
			conn.WriteJSON(map[string]any{"type": "say", "ref": "a", "text": "hello"})
			conn.ReadMessage()
		case 1:
			conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
			conn.ReadMessage()
		}
		conn.Close()
	}
	empty := func(seats *seats) bool {
		seats.mu.Lock()
		defer seats.mu.Unlock()
		return seats.total == 0 && len(seats.byAddress) == 0
	}
	s.await(t, "as many seats as before", func() bool { return empty(s.gateway.seats) && empty(bounded.seats) })
	s.awaitSessions(t, 0)
	if p := s.room.Presence(); p.Count != 0 {
		t.Errorf("in the empty room are %+v", p)
	}
}

// Rates are remembered of so many and no more, whatever they are.
func TestBucketsAreBounded(t *testing.T) {
	for _, perSecond := range []float64{0.001, 5, 1e6} { // none is full again, or each at once
		b := newBuckets(perSecond)
		for i := range 3 * maxBuckets {
			if wait := b.take(fmt.Sprint("device-", i)); wait > 0 && i < maxBuckets {
				t.Fatalf("device %d has to wait %v for its first message", i, wait)
			}
			if len(b.full) > maxBuckets+1 { // those who share one
				t.Fatalf("%d are remembered", len(b.full))
			}
		}
	}
}

// Who has used up what it may send gets nothing for it that thousands of others,
// made up or not, come after it.
func TestWhoWaitsIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(DefaultLimits.MessageRate)
		spend := func(key string) (tokens int) {
			for b.take(key) == 0 {
				tokens++
			}
			return tokens
		}
		for i := range 10 {
			spend(fmt.Sprint("flooder-", i))
			for range b.burst / 2 {
				b.take(fmt.Sprint("busy-", i))
			}
		}
		for i := range 4 * maxBuckets {
			if wait := b.take(fmt.Sprint("new-", i)); wait > 0 {
				t.Fatalf("newcomer %d has to wait %v", i, wait)
			}
		}
		for i := range 10 {
			if got := spend(fmt.Sprint("flooder-", i)); got > 0 {
				t.Errorf("flooder %d sends %d more", i, got)
			}
			if got := spend(fmt.Sprint("busy-", i)); got != b.burst/2 {
				t.Errorf("one that has used half sends %d more, must be %d", got, b.burst/2)
			}
		}
	})
}

// When all who are remembered have to wait, newcomers share what one may send, and
// only until the others need not wait any more.
func TestNewcomersAmongManyWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(DefaultLimits.MessageRate)
		for i := range maxBuckets {
			for b.take(fmt.Sprint("flooder-", i)) == 0 {
			}
		}
		sent := 0
		for i := range 10 * b.burst {
			if b.take(fmt.Sprint("new-", i)) == 0 {
				sent++
			}
		}
		if sent != b.burst {
			t.Errorf("newcomers send %d, must be %d", sent, b.burst)
		}
		if b.take("flooder-7") == 0 {
			t.Error("a flooder is forgiven")
		}
		time.Sleep(b.token())
		for i := range 10 * b.burst {
			if wait := b.take(fmt.Sprint("later-", i)); wait > 0 {
				t.Fatalf("newcomer %d has to wait %v", i, wait)
			}
		}
	})
}

// A message costs its device and its address one each, or neither anything: what is
// refused because of the one is not taken from the other.
func TestRefusedCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{devices: newBuckets(1), addresses: newBuckets(2)}
		spend := func(device string) (sent int) {
			for range 1000 {
				if g.spend(device, "here") == 0 {
					sent++
				}
			}
			return sent
		}
		if a, b := spend("a"), spend("b"); a != messageBurst || b != messageBurst {
			t.Errorf("two devices send %d and %d, must be %d each", a, b, messageBurst)
		}
		for i := range 100 {
			if g.spend(fmt.Sprint("made up ", i), "here") == 0 {
				t.Error("an address sends more than it may")
			}
		}
		if len(g.devices.full) != 2 {
			t.Errorf("%d devices are remembered", len(g.devices.full))
		}
		time.Sleep(time.Minute) // both are as at first
		if c := spend("made up 0"); c != messageBurst {
			t.Errorf("a device that was refused sends %d, must be %d", c, messageBurst)
		}
	})
}
