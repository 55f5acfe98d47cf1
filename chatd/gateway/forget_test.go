package gateway

import (
	"fmt"
	"net"
	"testing"

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

// Rates are remembered of so many and no more, also when all have just been used.
func TestBucketsAreBounded(t *testing.T) {
	for _, perSecond := range []float64{0.001, 1e6} { // none is full again, or each at once
		b := newBuckets(perSecond)
		for i := range 3 * maxBuckets {
			if wait := b.take(fmt.Sprint("device-", i)); wait > 0 {
				t.Fatalf("device %d has to wait %v for its first message", i, wait)
			}
			if len(b.by) > maxBuckets {
				t.Fatalf("%d are remembered", len(b.by))
			}
		}
	}
}
