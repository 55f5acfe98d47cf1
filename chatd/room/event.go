package room

import (
	"sync"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Encodings is how many wire encodings an event can cache: one for each
// protocol that package gateway speaks.
const Encodings = 2

// Event is something that happens in the room, as every session is told it.
// Exactly one of its fields is set.
//
// Events form a list that grows at its end. A session keeps a pointer to the
// last event it has sent and follows from there; so there is no queue per
// session, what one phone has not read yet holds no copy for it, and events
// that nobody points to any more are garbage. An event is immutable once
// linked; its methods may be called concurrently.
type Event struct {
	Entries  []*Entry      // what was said, in order, as it arrived together
	Presence *Presence     // who is here now
	Typing   *chat.Person  // somebody is writing
	Broker   *fanout.State // how the exchange is now
	Box      *bool         // whether all is well with the box that the room runs on
	Lost     bool          // the log did not continue and was read afresh: sessions have to resume

	end     int64         // bytes of all events ever linked, up to this one
	ready   chan struct{} // closed when next is set
	next    *Event
	encoded encodings
}

// Next returns the event after e, or nil when there is none yet.
func (e *Event) Next() *Event {
	select {
	case <-e.ready:
		return e.next
	default:
		return nil
	}
}

// Ready is closed once Next has something to return.
func (e *Event) Ready() <-chan struct{} { return e.ready }

// Behind returns how many bytes of events came after e, up to the event to.
func (e *Event) Behind(to *Event) int64 { return to.end - e.end }

// Encoded returns what encode makes of e, and calls it only once for each
// slot, 0 to Encodings-1: everybody is sent the same bytes.
func (e *Event) Encoded(slot int, encode func(*Event) []byte) []byte {
	return e.encoded.get(slot, func() []byte { return encode(e) })
}

// Box tells everybody whether all is well with the box that the room runs on.
func (r *Room) Box(well bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.append(&Event{Box: &well})
}

// What an event counts for, besides its entries: the struct, its channel and its
// frame; and a person of a presence with its JSON. Typing alone can be thousands
// of events a second.
const (
	eventBytes  = 512
	personBytes = 128
)

// link makes n the event after e. Called once, under the room's lock.
func (e *Event) link(n *Event) {
	n.ready = make(chan struct{})
	n.end = e.end + eventBytes
	if n.Presence != nil {
		n.end += int64(len(n.Presence.People)) * personBytes
	}
	for _, entry := range n.Entries {
		n.end += int64(entry.size())
	}
	e.next = n
	close(e.ready)
}

// Entry is a message of the log. It is immutable; its methods may be called
// concurrently.
type Entry struct {
	Offset  int64
	Ref     string // the sender's own id for it; may be empty
	Stamp   chat.Stamp
	Message chat.Message

	encoded encodings
}

// Encoded is to an entry what Event.Encoded is to an event.
func (e *Entry) Encoded(slot int, encode func(*Entry) []byte) []byte {
	return e.encoded.get(slot, func() []byte { return encode(e) })
}

// size is what an entry counts for in limits, in bytes: its text, and a flat
// sum for all the rest.
func (e *Entry) size() int { return len(e.Message.Text) + 200 }

// encodings are the cached encodings of one thing.
type encodings [Encodings]struct {
	once sync.Once
	data []byte
}

func (c *encodings) get(slot int, encode func() []byte) []byte {
	s := &c[slot]
	s.once.Do(func() { s.data = encode() })
	return s.data
}
