package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// maxFrame bounds a frame from the server. The largest is the history: 60
	// messages of at most 16 KiB, six times that if each character is escaped.
	maxFrame = 6 << 20

	// A line on which nothing comes for so long is dead: pings are answered.
	silence   = 60 * time.Second
	pingEvery = 20 * time.Second
	patience  = 10 * time.Second // for a handshake, or a write

	// historyTime is after how long what is known is shown, even if the end of
	// the history has not come.
	historyTime = 5 * time.Second

	// chatd is on this machine: to knock there costs next to nothing.
	firstPause, longestPause = 500 * time.Millisecond, 3 * time.Second
)

// errAnew means that the room shall be read from its recent history again.
var errAnew = errors.New("something is shown again")

// Watch reads along in the room at url, ws://127.0.0.1:8081/websocket, until ctx
// ends, and calls show with what is known of it, at each change. When the line
// breaks it comes again; what was known stays.
func Watch(ctx context.Context, url string, log *slog.Logger, show func(Room)) {
	last := Room{Count: -1}
	pause := firstPause
	for ctx.Err() == nil {
		begun := time.Now()
		err := watch(ctx, url, func(r Room) { last = r; show(r) })
		if ctx.Err() != nil {
			return
		}
		if !errors.Is(err, errAnew) {
			log.Debug("the line to the room is cut", "error", err)
			last.Connected = false
			show(last)
		}
		if time.Since(begun) > longestPause {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(pause*3/2, longestPause)
	}
}

func watch(ctx context.Context, url string, show func(Room)) error {
	dialer := websocket.Dialer{Subprotocols: []string{"warren.v1"}, HandshakeTimeout: patience}
	conn, _, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetReadLimit(maxFrame)
	conn.SetWriteDeadline(time.Now().Add(patience))
	if err := conn.WriteJSON(map[string]any{"type": "hello", "wall": true, "history": History}); err != nil {
		return err
	}
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(silence)) })
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-ping.C:
				// If it fails, so will the next read.
				conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience))
			}
		}
	}()
	f := newFold()
	begun := time.Now()
	for {
		conn.SetReadDeadline(time.Now().Add(silence))
		kind, r, err := conn.NextReader()
		if err != nil {
			return err
		}
		if kind != websocket.TextMessage {
			continue
		}
		var m frame
		if err := json.NewDecoder(r).Decode(&m); err != nil {
			return fmt.Errorf("a frame that is no JSON object: %w", err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
		if f.take(&m) {
			return errAnew
		}
		if f.begun() || time.Since(begun) > historyTime {
			show(f.now())
		}
	}
}
