// Package session is one connected phone: it reads frames, follows the room's
// events with one writer, keeps what is queued bounded, and closes with a code
// that says what to do next.
package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"warren/chatd/chat"
	"warren/chatd/room"
)

const (
	// MaxFrame is the largest frame a client may send, in bytes: the largest
	// record body, which is the same text with the same worst-case escaping.
	MaxFrame = chat.MaxBody

	// writeTimeout is the time for one write. A write is at most maxWrite
	// bytes and the kernel takes most of it at once: a phone that did not
	// make room for it in ten seconds is asleep.
	writeTimeout = 10 * time.Second

	// maxWrite is how many bytes are gathered for one write. One event more
	// may come on top.
	maxWrite = 256 << 10

	// maxBehind is how many bytes of messages a phone may be behind the room:
	// some seconds of a busy room on a slow link. Then it is told to resume:
	// it reads what it missed from the log, and its memory here is free.
	maxBehind = 4 << 20

	// maxReplies is how many bytes of answers to the phone itself may wait.
	// The largest answer, a page of older history, may come on top.
	maxReplies = 64 << 10

	// readTimeout closes a connection on which nothing was heard, not even a
	// pong: two pings and some.
	readTimeout  = 2*pingInterval + 10*time.Second
	pingInterval = 25 * time.Second

	// linger is the time a phone has to answer a close frame.
	linger = 2 * time.Second
)

// A Protocol is how one session speaks.
type Protocol interface {
	// Slot and Encode are for room.Event.Encoded: Encode returns an event as
	// whole frames (AppendFrame), or nil if the protocol does not show it. It
	// must return the same for all sessions of a slot.
	Slot() int
	Encode(*room.Event) []byte

	// Receive handles a text frame from the phone: valid UTF-8, at most
	// MaxFrame bytes. It is called from one goroutine.
	Receive(data []byte)

	// Bye returns frames to send before the close frame, or nil.
	Bye(code Code, why string) []byte

	// Lost is called, from the writer's goroutine, when the log was read
	// afresh (room.Event.Lost).
	Lost()
}

// Session is one connected phone. Its methods may be called concurrently.
type Session struct {
	conn   *websocket.Conn
	remote net.Conn // under conn: for writes of whole frames
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // capacity 1: something below changed

	mu      sync.Mutex
	replies []byte
	start   *start
	closing *closing
	cursor  *room.Event // the last event that was taken for writing
}

type start struct {
	begin  func(ctx context.Context, write func([]byte) error) error
	follow *room.Event
}

type closing struct {
	code   Code
	why    string
	answer bool // the phone closed: answer it
}

// New returns a session on an upgraded connection, whose owner it becomes. Call
// Run next.
func New(conn *websocket.Conn) *Session {
	ctx, cancel := context.WithCancel(context.Background())
	return &Session{conn: conn, remote: conn.NetConn(), ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1)}
}

// Context ends when the session does.
func (s *Session) Context() context.Context { return s.ctx }

// Start lets the session begin: begin is called from the writer with a
// function that writes whole frames and blocks while the phone is slow; after
// it, all events that come after follow are sent. Call it once.
func (s *Session) Start(follow *room.Event, begin func(ctx context.Context, write func([]byte) error) error) {
	s.mu.Lock()
	s.start = &start{begin, follow}
	s.mu.Unlock()
	s.poke()
}

// Send queues whole frames for this phone alone. A phone that does not read
// its answers is closed.
func (s *Session) Send(frames []byte) {
	s.mu.Lock()
	full := len(s.replies) > maxReplies
	if !full {
		s.replies = append(s.replies, frames...)
	}
	s.mu.Unlock()
	if full {
		s.Close(TooSlow, "you do not read the answers to what you send")
		return
	}
	s.poke()
}

// Close ends the session: the phone is told why, in ASCII. Only the first call
// counts. It does not wait.
func (s *Session) Close(code Code, why string) { s.close(closing{code, why, false}) }

func (s *Session) close(c closing) {
	s.mu.Lock()
	if s.closing == nil {
		s.closing = &c
		// If the writer hangs in a write, it shall not for long.
		s.remote.SetWriteDeadline(time.Now().Add(linger))
	}
	s.mu.Unlock()
	s.poke()
}

func (s *Session) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Behind returns how many bytes of messages the phone is behind the event to.
func (s *Session) Behind(to *room.Event) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cursor == nil {
		return 0
	}
	return s.cursor.Behind(to)
}

// Run serves the connection until it ends, in two goroutines, and closes it.
func (s *Session) Run(p Protocol) {
	sessions.Inc()
	defer sessions.Dec()
	written := make(chan struct{})
	go func() {
		defer close(written)
		if err := s.write(p); err != nil {
			s.remote.Close() // wakes the reader
		}
	}()
	code := s.read(p)
	s.mu.Lock()
	if s.closing != nil {
		code = s.closing.code
	}
	s.mu.Unlock()
	if s.isClosing() { // the writer has a close frame to send yet
		select {
		case <-written:
		case <-time.After(linger):
		}
	}
	s.cancel()
	s.remote.Close()
	<-written
	closed.WithLabelValues(code.label()).Inc()
}

// read reads frames until the connection ends, and returns the close code to
// be counted.
func (s *Session) read(p Protocol) Code {
	s.conn.SetReadLimit(MaxFrame)
	// gorilla/websocket would answer a ping and a close with a write deadline
	// of its own, which would cut short a write that is under way.
	s.conn.SetPingHandler(func(data string) error {
		s.Send(appendFrame(nil, opPong, []byte(data)))
		return nil
	})
	s.conn.SetPongHandler(func(string) error {
		return s.conn.SetReadDeadline(time.Now().Add(readTimeout))
	})
	s.conn.SetCloseHandler(func(code int, _ string) error {
		s.close(closing{Code(code), "", true})
		return nil
	})
	for {
		s.conn.SetReadDeadline(time.Now().Add(readTimeout))
		kind, data, err := s.conn.ReadMessage()
		var end *websocket.CloseError
		switch {
		case errors.Is(err, websocket.ErrReadLimit):
			return FrameTooBig
		case errors.As(err, &end):
			return Code(end.Code)
		case err != nil:
			return gone
		case s.isClosing():
			// Read on until the phone has seen the close frame: a connection
			// closed with unread data is reset, and the frame is lost.
		case kind != websocket.TextMessage:
			s.Close(Unsupported, "this server speaks text frames only")
		case !utf8.Valid(data):
			s.Close(InvalidUTF8, "a text frame was not UTF-8")
		default:
			p.Receive(data)
		}
	}
}

func (s *Session) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing != nil
}

// write writes replies and events as they come, until the session closes or
// the connection fails.
func (s *Session) write(p Protocol) error {
	var buffers net.Buffers
	for {
		var ready <-chan struct{}
		if s.cursor != nil { // only this goroutine sets it
			ready = s.cursor.Ready()
		}
		select {
		case <-s.ctx.Done():
			return nil
		case <-s.wake:
		case <-ready:
		}
		s.mu.Lock()
		start, replies, closing := s.start, s.replies, s.closing
		s.start, s.replies = nil, nil
		s.mu.Unlock()

		if closing == nil && start != nil {
			if err := start.begin(s.ctx, func(b []byte) error { return s.flush(net.Buffers{b}, 0) }); err != nil {
				s.Close(Restart, "the log cannot be read now: resume")
				continue
			}
			s.mu.Lock()
			s.cursor = start.follow
			s.mu.Unlock()
		}
		buffers = buffers[:0]
		if len(replies) > 0 {
			buffers = append(buffers, replies)
		}
		events := 0
		if closing == nil {
			buffers, events = s.gather(p, buffers)
		} else {
			if !closing.answer {
				buffers = append(buffers, p.Bye(closing.code, closing.why))
			}
			buffers = append(buffers, closeFrame(*closing))
		}
		if err := s.flush(buffers, events); err != nil {
			return err
		}
		if closing != nil {
			time.AfterFunc(linger, func() { s.remote.Close() })
			return nil
		}
	}
}

// closeFrame answers a close of the phone's with its own code, as RFC 6455,
// section 5.5.1 asks for; codes that stand for "none" are answered with none.
func closeFrame(c closing) []byte {
	if c.code == noStatus || c.code == gone {
		return appendFrame(nil, opClose, nil)
	}
	return appendClose(nil, c.code, c.why)
}

// gather appends the frames of the next events, as many as go into one write.
func (s *Session) gather(p Protocol, buffers net.Buffers) (_ net.Buffers, entries int) {
	if s.cursor == nil {
		return buffers, 0
	}
	cursor := s.cursor
	for size := 0; size < maxWrite; {
		next := cursor.Next()
		if next == nil {
			break
		}
		cursor = next
		if cursor.Lost {
			if p.Lost(); s.isClosing() {
				break
			}
		}
		if frames := cursor.Encoded(p.Slot(), p.Encode); len(frames) > 0 {
			buffers = append(buffers, frames)
			size += len(frames)
			entries += len(cursor.Entries)
		}
	}
	s.mu.Lock()
	s.cursor = cursor
	s.mu.Unlock()
	return buffers, entries
}

// flush writes buffers with one system call, if the kernel takes them at once.
func (s *Session) flush(buffers net.Buffers, entries int) error {
	if len(buffers) == 0 {
		return nil
	}
	s.mu.Lock()
	if s.closing == nil {
		s.remote.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	s.mu.Unlock()
	n, err := buffers.WriteTo(s.remote)
	written.Add(float64(n))
	if err != nil {
		return fmt.Errorf("write to %s: %w", s.remote.RemoteAddr(), err)
	}
	deliveries.Add(float64(entries))
	return nil
}
