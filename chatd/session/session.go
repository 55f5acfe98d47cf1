// Package session is one connected phone: it reads frames, follows the room's
// events with one writer, keeps what is queued bounded, and closes with a code
// that says what to do next.
package session

import (
	"context"
	"net"
	"sync"
	"time"

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

	// linger is the time a phone has to take a close frame, and again to answer it.
	linger = 2 * time.Second

	// EndTime is how long after Close a session may still be there.
	EndTime = 2*linger + time.Second // the last for a machine that is busy
)

// A Protocol is how one session speaks.
type Protocol interface {
	// Slot and Encode are for room.Event.Encoded: Encode returns an event as
	// whole frames (AppendFrame), or nil if the protocol does not show it. It
	// must return the same for all sessions of a slot.
	Slot() int
	Encode(*room.Event) []byte

	// Sees reports whether this phone is told of an event; not all are for
	// everybody. It is called from the writer's goroutine, once for each event,
	// and may close the session.
	Sees(*room.Event) bool

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

// Context ends when the session begins to end.
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
		// A writer that reads history for the phone shall not go on with that.
		s.cancel()
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
