package room

import (
	"context"
	"crypto/rand"
	"time"

	"warren/chatd/chat"
)

const (
	// markPause is the least time between two marks, so that nobody can fill
	// the log with them: at some 200 bytes each, a day of it is 17 MB.
	markPause = time.Second

	// markAgain is when a mark is published again that has not come back: it did
	// not fit into the outbox, or the log has forgotten it before it was read.
	// While it waits in the outbox, publishing it again does nothing.
	markAgain = 2 * time.Second
)

// mark is a record of the room's own, put into the log to learn how far that
// goes: when it has come back, all has been delivered that was in the log when
// it was asked for. While the exchange is away it waits in the outbox.
type mark struct {
	id   string
	back chan struct{} // closed when it has come back
}

func (m *mark) isBack() bool {
	select {
	case <-m.back:
		return true
	default:
		return false
	}
}

// record is never shown: it says that a daemon has reached the log.
func (m *mark) record(at chat.Stamp) chat.Record {
	return chat.Record{ID: m.id, Type: chat.TypeEpoch, ContentType: chat.ContentJSON, Stamp: at, Body: []byte("{}")}
}

// marks are the mark that is on its way and the next one: whoever asks while one
// is on its way shares the next with all others.
type marks struct {
	asked    chan struct{} // capacity 1: there is a next one
	next     *mark         // not published yet
	underWay *mark
}

func newMarks() marks { return marks{asked: make(chan struct{}, 1)} }

// mark asks for a mark.
func (r *Room) mark() *mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.marks.ask()
}

// ask asks for the next mark. The room's lock is held.
func (m *marks) ask() *mark {
	if m.next == nil {
		m.next = &mark{id: rand.Text(), back: make(chan struct{})}
		m.asked <- struct{}{}
	}
	return m.next
}

// sendMarks publishes the marks that are asked for, one at a time, until ctx ends.
func (r *Room) sendMarks(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.marks.asked:
		}
		r.mu.Lock()
		m := r.marks.next
		r.marks.next, r.marks.underWay = nil, m
		r.mu.Unlock()
		for !m.isBack() {
			if err := r.exchange.Publish(m.record(r.clock())); err != nil {
				r.log.Debug("A mark is not accepted", "err", err)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-m.back:
			case <-time.After(markAgain):
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(markPause):
		}
	}
}

// came takes note of a record that may be the mark under way. The room's lock
// is held.
func (m *marks) came(id string) {
	if m.underWay != nil && m.underWay.id == id {
		close(m.underWay.back)
		m.underWay = nil
	}
}
