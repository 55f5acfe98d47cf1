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
// Exactly one of its fields is set, and Audience where it is not for everyone.
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
	Box      *string       // how the box is that the room runs on, a word of docs/protocol.md
	Lost     bool          // the log did not continue and was read afresh: sessions have to resume
	State    *State        // how the room is set up now, for everyone
	Host     *HostState    // what hosts know of it now, for hosts
	Kick     string        // the sessions of the person with this id shall end
	Refused  *Refused      // what somebody said or did was accepted, and does not stand

	// Audience is who may be told. All Entries of an event have this one.
	Audience Audience

	end     int64         // bytes of all events ever linked, up to this one
	ready   chan struct{} // closed when next is set
	next    *Event
	encoded encodings
}

// Refused is that a record is shown to nobody: what was decided between its acceptance
// and its place in the log forbids it.
type Refused struct {
	Person string // whose it was
	Ref    string
	Refusal
}

// For reports whether a session of that person, who is a host or not, may be
// told of e.
func (e *Event) For(person string, host bool) bool { return e.Audience.holds(person, host) }

// Audience is who may see something. The zero value is everyone.
type Audience struct {
	Person string // one person alone: what a muted one says
	Hosts  bool   // hosts alone
	nobody bool   // it stands in the log and is not shown: an edit of what was hidden
	but    *others
}

// others are those who are told otherwise, by id.
type others map[string]bool

func (a Audience) holds(person string, host bool) bool {
	if a.but != nil {
		return !(*a.but)[person]
	}
	return a == Audience{} || a.Person != "" && a.Person == person && !a.nobody || a.Hosts && host
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

// Box tells everybody how the box is that the room runs on, in a word of
// docs/protocol.md.
func (r *Room) Box(state string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.append(&Event{Box: &state})
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

// Entry is a record of the log that pages are told of: a message, or a deed that
// changes how one is shown. It is immutable: what becomes of a message later is
// another entry in its place. Its methods may be called concurrently.
type Entry struct {
	Offset   int64
	Ref      string // the sender's own id for it; may be empty
	Stamp    chat.Stamp
	Message  chat.Message // if Deed is nil; as it is shown: with its last text, or none
	Deed     chat.Deed    // a *chat.Reaction, Edit, Delete, Hide or Clear; nil for a message
	Edited   bool         // the message has another text than it began with
	Gone     string       // the message is not shown any more: Deleted or Hidden
	Again    *Entry       // of a Hide that is undone: the message, if it can be shown from memory
	Audience Audience

	raw     *Entry // as the log has it, if that is another
	stamped bool   // the log has no stamp for it: Stamp is when it came
	encoded encodings
}

// What Entry.Gone says.
const (
	Deleted = "deleted" // who said it took it back
	Hidden  = "hidden"  // a host
)

// SeenBy reports whether a session of that person, who is a host or not, may be
// sent e.
func (e *Entry) SeenBy(person string, host bool) bool { return e.Audience.holds(person, host) }

// Encoded is to an entry what Event.Encoded is to an event.
func (e *Entry) Encoded(slot int, encode func(*Entry) []byte) []byte {
	return e.encoded.get(slot, func() []byte { return encode(e) })
}

// size is what an entry counts for in limits, in bytes: its text, and a flat
// sum for all the rest; and what it was before.
func (e *Entry) size() int {
	n := len(e.Message.Text) + 200
	if edit, ok := e.Deed.(*chat.Edit); ok {
		n += len(edit.Text)
	}
	if e.raw != nil {
		n += e.raw.size()
	}
	return n
}

// target returns the offset of the message that a deed is done to, -1 if there is
// none.
func (e *Entry) target() int64 {
	switch d := e.Deed.(type) {
	case *chat.Edit:
		return d.To
	case *chat.Delete:
		return d.To
	case *chat.Hide:
		return d.To
	case *chat.Reaction:
		return d.To
	}
	return -1
}

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
