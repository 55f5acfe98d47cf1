package session

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"warren/chatd/chat"
	"warren/chatd/fanout/memory"
	"warren/chatd/room"
)

// shown is a protocol that shows each event as the same frame.
type shown struct{ frame []byte }

func (p shown) Slot() int                 { return 0 }
func (p shown) Encode(*room.Event) []byte { return p.frame }
func (p shown) Sees(*room.Event) bool     { return true }
func (p shown) Receive([]byte)            {}
func (p shown) Bye(Code, string) []byte   { return nil }
func (p shown) Lost()                     {}

// hall is a room with phones that read what they are sent.
type hall struct {
	room  *room.Room
	conns []*websocket.Conn
	frame []byte
}

func newHall(t testing.TB, phones int) *hall {
	h := &hall{
		room:  room.New(memory.New(), func() chat.Stamp { return chat.Stamp{} }, slog.New(slog.DiscardHandler)),
		frame: AppendFrame(nil, []byte(strings.Repeat("x", 100))),
	}
	registry := NewRegistry()
	ctx, cancel := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() { registry.Watch(ctx, h.room.Tail) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		s := New(conn)
		s.Start(h.room.Tail(), func(_ context.Context, write func([]byte) error) error { return write(h.frame) })
		registry.Go(s, shown{h.frame}, func() {})
	}))
	for range phones {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		h.conns = append(h.conns, conn)
	}
	for _, c := range h.conns { // all are in; what the handshake has read beyond its end is read
		if _, _, err := c.ReadMessage(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, c := range h.conns {
			c.Close()
		}
		registry.Wait(context.Background())
		cancel()
		watch.Wait()
		server.Close()
	})
	return h
}

// say makes n events happen, and returns when all phones have them.
func (h *hall) say(t testing.TB, n int) {
	for range n {
		h.room.Box("well")
	}
	h.read(t, n)
}

func (h *hall) read(t testing.TB, n int) {
	var wg sync.WaitGroup
	for _, c := range h.conns {
		wg.Go(func() {
			if _, err := io.CopyN(io.Discard, c.NetConn(), int64(n*len(h.frame))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkFanOut(b *testing.B) {
	for _, phones := range []int{1, 20, 100} {
		b.Run(fmt.Sprint("phones=", phones), func(b *testing.B) {
			h := newHall(b, phones)
			b.ReportAllocs()
			for b.Loop() {
				h.say(b, 16)
			}
		})
	}
}

// What an event costs for one phone more is a write, and few allocations: those
// of the reading side here are in the figure, too.
func TestFanOutAllocations(t *testing.T) {
	cost := func(phones int) float64 {
		h := newHall(t, phones)
		return testing.AllocsPerRun(200, func() { h.say(t, 1) })
	}
	few, many := cost(10), cost(60)
	each := (many - few) / 50
	t.Logf("%.1f allocations an event and phone", each)
	if each > 8 {
		t.Errorf("an event takes %.1f allocations for each phone: at most 8 are wanted", each)
	}
}
