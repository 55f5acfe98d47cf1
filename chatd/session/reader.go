package session

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

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
