package session

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"
)

// A phone whose history is still being looked for when the server ends is told so.
func TestCloseReachesWhoWaitsForHistory(t *testing.T) {
	inBooth(t, func(t *testing.T, b *booth) {
		begun := make(chan struct{})
		b.session.Start(b.room.Tail(), func(ctx context.Context, _ func([]byte) error) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		<-begun
		b.registry.Close()
		told, _ := io.ReadAll(b.phone)
		if want := appendClose(nil, Restart, restarts); !bytes.Equal(told, want) {
			t.Errorf("it is told %q, must be %q", told, want)
		}
	})
}

// Whatever a phone does, its session is over EndTime after Close.
func TestCloseIsBounded(t *testing.T) {
	for name, phone := range map[string]func(*booth){
		"takes nothing":         func(*booth) {},
		"does not answer":       func(b *booth) { io.Copy(io.Discard, b.phone) },
		"reads a byte a second": func(b *booth) { readSlowly(b.phone) },
	} {
		t.Run(name, func(t *testing.T) {
			inBooth(t, func(t *testing.T, b *booth) {
				b.session.Start(b.room.Tail(), func(_ context.Context, write func([]byte) error) error {
					return write(AppendFrame(nil, bytes.Repeat([]byte("x"), 10_000)))
				})
				done := make(chan struct{})
				go func() { defer close(done); phone(b) }()
				time.Sleep(time.Second)
				b.registry.Close()
				ctx, cancel := context.WithTimeout(t.Context(), EndTime)
				defer cancel()
				if err := b.registry.Wait(ctx); err != nil || b.registry.Len() > 0 {
					t.Errorf("%d sessions are left, %v", b.registry.Len(), err)
				}
				b.conn.Close()
				<-done
			})
		})
	}
}

func readSlowly(r io.ByteReader) {
	for {
		if _, err := r.ReadByte(); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// Wait gives up when its context ends, and says so.
func TestWaitEndsWithItsContext(t *testing.T) {
	inBooth(t, func(t *testing.T, b *booth) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.registry.Wait(ctx); err != context.DeadlineExceeded {
			t.Errorf("with a phone that is there it returns %v", err)
		}
	})
}
