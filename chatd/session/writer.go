package session

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

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
			remote := s.remote // the timer shall not keep the session, and with it the room
			time.AfterFunc(linger, func() { remote.Close() })
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
		if !p.Sees(cursor) {
			if s.isClosing() {
				break
			}
			continue
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
