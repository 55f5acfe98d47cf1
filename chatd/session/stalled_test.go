package session

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"warren/chatd/chat"
	"warren/chatd/fanout/memory"
	"warren/chatd/room"
)

// These tests run in a time of their own, as what they wait for takes seconds;
// so the phone is the other end of a pipe, which holds no byte that is not read.
// Real connections are in package gateway's tests.

// booth is a room with one phone, which reads when the test does.
type booth struct {
	room     *room.Room
	registry *Registry
	session  *Session
	phone    *bufio.Reader
	conn     net.Conn // under phone
}

// inBooth runs test in a booth whose session shows each event as a frame.
func inBooth(t *testing.T, test func(t *testing.T, b *booth)) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		b := &booth{room.New(memory.New(), func() chat.Stamp { return chat.Stamp{} }, slog.New(slog.DiscardHandler)), NewRegistry(), nil, bufio.NewReader(there), there}
		answered := make(chan error)
		go func() {
			_, err := http.ReadResponse(b.phone, nil)
			answered <- err
		}()
		r := httptest.NewRequest("GET", "/", nil)
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(name, value)
		}
		conn, err := (&websocket.Upgrader{}).Upgrade(hijacked{httptest.NewRecorder(), here}, r, nil)
		if err := errors.Join(err, <-answered); err != nil {
			t.Fatal(err)
		}
		b.session = New(conn)
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan struct{})
		go func() { defer close(watched); b.registry.Watch(ctx, b.room.Tail) }()
		b.registry.Go(b.session, shown{AppendFrame(nil, []byte("event"))}, func() {})
		test(t, b)
		b.conn.Close()
		cancel()
		<-watched
		b.registry.Wait(context.Background())
	})
}

// hijacked is the answer to a request that came over conn.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// ended waits until the session has ended, and returns how long that took and
// whether it was counted as 4001.
func (b *booth) ended(t *testing.T) (took time.Duration, tooSlow bool) {
	t.Helper()
	before, begun := testutil.ToFloat64(closed.WithLabelValues("4001")), time.Now()
	b.registry.Wait(t.Context())
	return time.Since(begun), testutil.ToFloat64(closed.WithLabelValues("4001")) == before+1
}

func nothing(context.Context, func([]byte) error) error { return nil }

// A phone that takes nothing for as long as a write may last is one that is too
// slow, though it cannot be told.
func TestWriteTimesOut(t *testing.T) {
	inBooth(t, func(t *testing.T, b *booth) {
		b.session.Start(b.room.Tail(), nothing)
		b.room.Box("well")
		took, tooSlow := b.ended(t)
		if took < writeTimeout || took > writeTimeout+linger || !tooSlow {
			t.Errorf("it ended after %v, counted as too slow: %v", took, tooSlow)
		}
	})
}

// A write of history that has timed out is in the middle of a frame. A close
// frame after it would be read as a part of that one.
func TestNothingComesAfterHalfAFrame(t *testing.T) {
	inBooth(t, func(t *testing.T, b *booth) {
		history := AppendFrame(nil, bytes.Repeat([]byte("x"), 10_000))
		b.session.Start(b.room.Tail(), func(_ context.Context, write func([]byte) error) error { return write(history) })
		got := make([]byte, 5000)
		if _, err := io.ReadFull(b.phone, got); err != nil {
			t.Fatal(err)
		}
		time.Sleep(writeTimeout + linger/4) // and then it reads again
		rest, _ := io.ReadAll(b.phone)
		if got = append(got, rest...); !bytes.HasPrefix(history, got) {
			t.Errorf("after half a frame comes %x", got[5000:])
		}
		b.registry.Wait(t.Context())
	})
}

// What happens while a phone reads its history waits for it, and counts.
func TestBehindWhileReadingHistory(t *testing.T) {
	inBooth(t, func(t *testing.T, b *booth) {
		begun := make(chan struct{})
		b.session.Start(b.room.Tail(), func(_ context.Context, write func([]byte) error) error {
			close(begun)
			for range 120 {
				if err := write(AppendFrame(nil, []byte("history"))); err != nil {
					return err
				}
			}
			return nil
		})
		read := make(chan struct{})
		go func() { // a byte at a time: two minutes for it all
			defer close(read)
			for {
				time.Sleep(100 * time.Millisecond)
				if _, err := b.phone.ReadByte(); err != nil {
					return
				}
			}
		}()
		<-begun
		for tail := b.room.Tail(); tail.Behind(b.room.Tail()) <= maxBehind; {
			b.room.Box("well") // the least of events
		}
		if behind := b.registry.Behind(b.room.Tail()); behind <= maxBehind {
			t.Errorf("it is behind by %d bytes only", behind)
		}
		if took, tooSlow := b.ended(t); took > 5*time.Second || !tooSlow {
			t.Errorf("it ended after %v, counted as too slow: %v", took, tooSlow)
		}
		b.conn.Close()
		<-read
	})
}

// Of a session that has ended, a timer or a caller may hold something yet: but
// not all that was not read.
func TestEndedSessionHoldsNoEvents(t *testing.T) {
	inBooth(t, func(t *testing.T, b *booth) {
		b.session.Start(b.room.Tail(), nothing)
		b.room.Box("well")
		synctest.Wait() // that is being written
		b.room.Box("well")
		unread := weak.Make(b.room.Tail())
		b.room.Box("well")
		runtime.GC()
		if unread.Value() == nil {
			t.Error("a phone that does not read holds nothing: this is no test")
		}
		b.conn.Close()
		b.registry.Wait(t.Context())
		runtime.GC()
		if unread.Value() != nil {
			t.Error("a session that has ended holds what it had not read")
		}
		runtime.KeepAlive(b.session)
	})
}
