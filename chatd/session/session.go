// Package session is one connected phone: it reads frames, follows the room's
// events with one writer, keeps what is queued bounded, and closes with a code
// that says what to do next.
package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
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
	// MaxFrame bytes, which are its own only until it returns. It is called
	// from one goroutine.
	Receive(data []byte)

	// Bye returns frames to send before the close frame, or nil.
	Bye(code Code, why string) []byte

	// Lost is called, from the writer's goroutine, when the log was read
	// afresh (room.Event.Lost).
	Lost()
}

// Session is one connected phone. Its methods may be called concurrently.
//
// An idle session is one goroutine, which waits for what the phone says. The one
// that writes lives only while there is something to write.
type Session struct {
	conn    *websocket.Conn
	remote  net.Conn // under conn: for writes of whole frames
	ctx     context.Context
	cancel  context.CancelFunc
	writers sync.WaitGroup // one at most

	mu       sync.Mutex
	protocol Protocol // nil before Run: nothing is written yet
	writing  bool     // there is a writer: it looks here again before it ends
	over     bool     // nothing is written any more
	replies  []byte
	start    *start
	closing  *closing
	cursor   *room.Event // the last event that was taken for writing
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
	return &Session{conn: conn, remote: conn.NetConn(), ctx: ctx, cancel: cancel}
}

// Context ends when the session does.
func (s *Session) Context() context.Context { return s.ctx }

// Start lets the session begin: begin is called from the writer with a
// function that writes whole frames and blocks while the phone is slow; after
// it, all events that come after follow are sent. With follow nil none are,
// until Start is called again, which it is not otherwise.
func (s *Session) Start(follow *room.Event, begin func(ctx context.Context, write func([]byte) error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start = &start{begin, follow}
	s.wake()
}

// Send queues whole frames for this phone alone. A phone that does not read
// its answers is closed.
func (s *Session) Send(frames []byte) {
	s.mu.Lock()
	full := len(s.replies) > maxReplies
	if !full {
		s.replies = append(s.replies, frames...)
		s.wake()
	}
	s.mu.Unlock()
	if full {
		s.Close(TooSlow, "you do not read the answers to what you send")
	}
}

// Close ends the session: the phone is told why, in ASCII. Only the first call
// counts. It does not wait.
func (s *Session) Close(code Code, why string) { s.close(closing{code, why, false}) }

func (s *Session) close(c closing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing == nil {
		s.closing = &c
		// If the writer hangs in a write, it shall not for long.
		s.remote.SetWriteDeadline(time.Now().Add(linger))
		s.wake()
	}
}

// Wake lets the session write the events that have come. It does not wait.
func (s *Session) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

// wake starts a writer if there is something to write and none that does.
// s.mu is held.
func (s *Session) wake() {
	if s.protocol != nil && !s.writing && s.pending() {
		s.writing = true
		s.writers.Add(1)
		go s.write()
	}
}

// pending reports whether there is something to write. s.mu is held.
func (s *Session) pending() bool {
	return !s.over && (s.closing != nil || s.start != nil || len(s.replies) > 0 || s.cursor != nil && s.cursor.Next() != nil)
}

// Behind returns how many bytes the phone is behind the event to. One that is
// being closed is not: it gets no more events.
func (s *Session) Behind(to *room.Event) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cursor == nil || s.closing != nil {
		return 0
	}
	return s.cursor.Behind(to)
}

// Run serves the connection until it ends, and closes it.
//
// What it calls before the connection has ended returns soon, but for receive,
// in which a goroutine spends its life: their frames are what an idle phone has
// of a stack. Under 1,248 bytes of them the collector leaves it 4 KiB, and else
// 8 (runtime.shrinkstack: a quarter of 8 KiB, less 800 of its own).
func (s *Session) Run(p Protocol) {
	s.begin(p)
	code, ended := gone, false
	for !ended {
		code, ended = s.receive()
	}
	s.end(code)
}

func (s *Session) begin(p Protocol) {
	sessions.Inc()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.protocol = p
	s.wake()
}

// receive waits for one frame and handles it. Once the connection has ended,
// it returns the close code to be counted.
func (s *Session) receive() (_ Code, ended bool) {
	s.conn.SetReadDeadline(time.Now().Add(readTimeout))
	kind, r, err := s.conn.NextReader()
	return s.handle(kind, r, err)
}

// payloads are for what phones say. A larger one than usual is not kept.
var payloads = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxKept = 8 << 10

// handle is receive, after the wait.
func (s *Session) handle(kind int, r io.Reader, err error) (_ Code, ended bool) {
	payload := payloads.Get().(*bytes.Buffer)
	defer func() {
		if payload.Cap() <= maxKept {
			payloads.Put(payload)
		}
	}()
	payload.Reset()
	if err == nil {
		_, err = payload.ReadFrom(r)
	}
	var end *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return FrameTooBig, true
	case errors.As(err, &end):
		return Code(end.Code), true
	case err != nil:
		return gone, true
	case s.isClosing():
		// Read on until the phone has seen the close frame: a connection
		// closed with unread data is reset, and the frame is lost.
	case kind != websocket.TextMessage:
		s.Close(Unsupported, "this server speaks text frames only")
	case !utf8.Valid(payload.Bytes()):
		s.Close(InvalidUTF8, "a text frame was not UTF-8")
	default:
		s.protocol.Receive(payload.Bytes())
	}
	return 0, false
}

// end closes the connection, on which nothing is heard any more, once the writer
// has sent the close frame, if there is one to send.
func (s *Session) end(code Code) {
	s.mu.Lock()
	parting := s.closing != nil
	if parting {
		code = s.closing.code
	} else {
		s.over = true
	}
	s.mu.Unlock()
	if code == FrameTooBig && !parting {
		// The close frame is sent. A connection closed with unread data is
		// reset, and the frame is lost.
		s.remote.SetReadDeadline(time.Now().Add(linger))
		io.Copy(io.Discard, s.remote)
	}
	hangUp := func() {
		s.cancel()
		s.remote.Close()
	}
	if parting {
		late := time.AfterFunc(linger, hangUp)
		s.writers.Wait()
		late.Stop()
	}
	hangUp()
	s.writers.Wait()
	s.mu.Lock()
	s.cursor = nil // timers hold the session for a while; what it had not read goes now
	s.mu.Unlock()
	sessions.Dec()
	closed.WithLabelValues(code.label()).Inc()
}

func (s *Session) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing != nil
}

// write is the writer: it ends when there is nothing to write.
func (s *Session) write() {
	defer s.writers.Done()
	v := vectors.Get().(*vector)
	defer vectors.Put(v)
	for {
		s.mu.Lock()
		if !s.pending() {
			s.writing = false
			s.mu.Unlock()
			return
		}
		start, replies, closing := s.start, s.replies, s.closing
		s.start, s.replies = nil, nil
		s.mu.Unlock()
		err := s.writeNext(v, start, replies, closing)
		if err != nil || closing != nil {
			s.mu.Lock()
			s.over = true
			s.mu.Unlock()
		}
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				s.Close(TooSlow, "") // it cannot be told, but counted
			}
			s.remote.Close() // wakes the reader
		} else if closing != nil {
			time.AfterFunc(linger, func() { s.remote.Close() })
		}
	}
}

// writeNext writes what was taken, and the events that go with it.
func (s *Session) writeNext(v *vector, start *start, replies []byte, closing *closing) error {
	if closing == nil && start != nil {
		// From here on it holds what comes after, also while the history
		// goes out.
		s.mu.Lock()
		s.cursor = start.follow
		s.mu.Unlock()
		var broken error
		err := start.begin(s.ctx, func(b []byte) error {
			v.all = append(v.all[:0], b)
			broken = s.flush(v, 0)
			return broken
		})
		if broken != nil {
			return broken // perhaps within a frame: nothing can be said any more
		}
		if err != nil {
			s.Close(Restart, "the log cannot be read now: resume")
			return nil
		}
	}
	v.all = v.all[:0]
	if len(replies) > 0 {
		v.all = append(v.all, replies)
	}
	events := 0
	if closing == nil {
		events = s.gather(v)
	} else {
		if !closing.answer {
			v.all = append(v.all, s.protocol.Bye(closing.code, closing.why))
		}
		v.all = append(v.all, closeFrame(*closing))
	}
	return s.flush(v, events)
}

// A vector is what goes into one write. Writers that follow one another share
// a few.
type vector struct {
	all  net.Buffers
	rest net.Buffers // what is not written yet of all
}

var vectors = sync.Pool{New: func() any { return new(vector) }}

// closeFrame answers a close of the phone's with its own code, as RFC 6455,
// section 5.5.1 asks for; codes that stand for "none" are answered with none.
func closeFrame(c closing) []byte {
	if c.code == noStatus || c.code == gone {
		return appendFrame(nil, opClose, nil)
	}
	return appendClose(nil, c.code, c.why)
}

// gather appends the frames of the next events, as many as go into one write.
func (s *Session) gather(v *vector) (entries int) {
	if s.cursor == nil { // only writers set it
		return 0
	}
	cursor, p := s.cursor, s.protocol
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
			v.all = append(v.all, frames)
			size += len(frames)
			entries += len(cursor.Entries)
		}
	}
	s.mu.Lock()
	s.cursor = cursor
	s.mu.Unlock()
	return entries
}

// flush writes v with one system call, if the kernel takes it at once.
func (s *Session) flush(v *vector, entries int) error {
	if len(v.all) == 0 {
		return nil
	}
	s.mu.Lock()
	if s.closing == nil {
		s.remote.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	s.mu.Unlock()
	v.rest = v.all // WriteTo drops what it has written, here and there
	n, err := v.rest.WriteTo(s.remote)
	written.Add(float64(n))
	if err != nil {
		clear(v.all)
		return fmt.Errorf("write to %s: %w", s.remote.RemoteAddr(), err)
	}
	deliveries.Add(float64(entries))
	return nil
}
