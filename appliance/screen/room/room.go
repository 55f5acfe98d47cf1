// Package room reads along in a room, as the wall of the page does: over the
// WebSocket of docs/protocol.md, without being anybody in it.
package room

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// History is how many messages are kept: more than the largest screen shows, so
// that older ones come back when the host hides some.
const History = 60

// maxText is how much of a message is kept, in bytes. Four lines of the widest
// screen have some 400 characters.
const maxText = 2 << 10

// Room is what is known of it.
type Room struct {
	Connected bool
	Broker    string // "up", "away" or "full"
	Title     string
	Pin       string
	Off       bool
	Notice    string // why it is off
	Count     int    // of the people; -1: not known
	Messages  []Message
}

// Message is one that may be shown.
type Message struct {
	Offset  int64
	From    Person
	Text    string
	Picture bool
	Edited  bool

	hidden, deleted bool
	missing         bool // it was hidden when it came: its text is not here
}

// Person is who says something.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// frame is what the server says, as far as a screen wants to know.
type frame struct {
	Type    string   `json:"type"`
	Head    int64    `json:"head"`
	Broker  string   `json:"broker"`
	State   string   `json:"state"`
	Count   int      `json:"count"`
	Records []record `json:"records"`
	setup
	Room *setup `json:"room"`
}

// setup is how the room is set up.
type setup struct {
	Title  string `json:"title"`
	Off    bool   `json:"off"`
	Notice string `json:"notice"`
	Pin    *struct {
		Text string `json:"text"`
	} `json:"pin"`
}

type record struct {
	Type    string           `json:"type"`
	Offset  int64            `json:"offset"`
	From    Person           `json:"from"`
	Text    string           `json:"text"`
	Picture *json.RawMessage `json:"picture"`
	Edited  bool             `json:"edited"`
	Gone    string           `json:"gone"`
	To      int64            `json:"to"`
	Undo    bool             `json:"undo"`
	Record  *record          `json:"record"`
}

// fold is a room that is being read.
type fold struct {
	room  Room
	head  int64 // of the log when we came: what is before it is history
	read  int64 // how far we have read
	known []Message

	clears []int64 // the offsets of those that stand
}

func newFold() *fold { return &fold{room: Room{Count: -1}, head: -1, read: -1} }

// take takes in a frame. It returns true if the room must be read anew, because
// something is shown again that is not here any more.
func (f *fold) take(m *frame) (anew bool) {
	switch m.Type {
	case "welcome":
		f.room.Connected, f.room.Broker, f.head = true, m.Broker, m.Head
		f.room.Title = m.Title
		if m.Room != nil {
			f.set(*m.Room)
		}
	case "room":
		f.set(m.setup)
	case "broker":
		f.room.Broker = m.State
	case "presence":
		f.room.Count = m.Count
	case "log":
		for i := range m.Records {
			anew = f.record(&m.Records[i]) || anew
		}
	}
	return anew
}

// begun reports whether the history has been read.
func (f *fold) begun() bool { return f.room.Connected && f.read >= f.head }

func (f *fold) set(s setup) {
	if s.Title != "" {
		f.room.Title = clip(s.Title)
	}
	f.room.Off, f.room.Notice, f.room.Pin = s.Off, clip(s.Notice), ""
	if s.Pin != nil {
		f.room.Pin = clip(s.Pin.Text)
	}
}

// record takes in a record of the log. Records come in order, each once.
func (f *fold) record(r *record) (anew bool) {
	live := f.begun() // what comes with the history is in its messages already
	f.read = max(f.read, r.Offset)
	switch r.Type {
	case "":
		f.known = append(f.known, message(r))
		if over := len(f.known) - History; over > 0 {
			f.known = slices.Delete(f.known, 0, over)
		}
	case "edit":
		if m := f.find(r.To); m != nil && m.From.ID == r.From.ID {
			m.Text, m.Edited = clip(r.Text), true
		}
	case "delete":
		if m := f.find(r.To); m != nil && m.From.ID == r.From.ID {
			*m = Message{Offset: m.Offset, deleted: true}
		}
	case "hide":
		m := f.find(r.To)
		switch {
		case m == nil:
		case r.Undo && r.Record != nil:
			*m = message(r.Record)
			m.Offset = r.To
		case r.Undo && m.missing:
			return live
		default:
			m.hidden = !r.Undo
		}
	case "clear":
		switch n := len(f.clears); {
		case !r.Undo:
			// More than the host has ever undone.
			f.clears = append(f.clears[max(0, n-maxClears+1):], r.Offset)
		case n > 0:
			f.clears = f.clears[:n-1]
			return live
		}
	}
	return false
}

// maxClears bounds the clears that are remembered, so that one can be undone.
const maxClears = 100

func message(r *record) Message {
	if r.Gone != "" {
		return Message{Offset: r.Offset, deleted: r.Gone == "deleted", hidden: r.Gone != "deleted", missing: true}
	}
	return Message{Offset: r.Offset, From: Person{r.From.ID, clip(r.From.Name)}, Text: clip(r.Text), Picture: r.Picture != nil, Edited: r.Edited}
}

func (f *fold) find(offset int64) *Message {
	i := slices.IndexFunc(f.known, func(m Message) bool { return m.Offset == offset })
	if i < 0 {
		return nil
	}
	return &f.known[i]
}

// now returns the room as it may be shown.
func (f *fold) now() Room {
	r := f.room
	cleared := int64(-1)
	if n := len(f.clears); n > 0 {
		cleared = f.clears[n-1]
	}
	for _, m := range f.known {
		if !m.hidden && !m.deleted && m.Offset > cleared {
			r.Messages = append(r.Messages, m)
		}
	}
	return r
}

// clip returns the beginning of a text, in memory of its own.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
		for !utf8.ValidString(s) && len(s) > 0 {
			s = s[:len(s)-1]
		}
	}
	return string([]byte(s))
}
