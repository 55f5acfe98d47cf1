package gateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"sync"

	"warren/chatd/chat"
	"warren/chatd/room"
	"warren/chatd/session"
)

// The JSON protocol's frames, as docs/protocol.md describes them.

// Subprotocol is the JSON protocol's name in Sec-WebSocket-Protocol.
const Subprotocol = "warren.v1"

// clientFrame is any frame from a client: the fields of all types.
type clientFrame struct {
	Type     string     `json:"type"`
	Device   string     `json:"device"`
	Name     string     `json:"name"`
	Since    *int64     `json:"since"`
	SinceRef string     `json:"since_ref"`
	SinceAt  chat.Stamp `json:"since_at"`
	Epoch    string     `json:"epoch"`
	History  *int       `json:"history"`
	Ref      string     `json:"ref"`
	Text     string     `json:"text"`
	ReplyTo  *int64     `json:"reply_to"`
	Before   int64      `json:"before"`
	Count    int        `json:"count"`

	Wall    bool          `json:"wall"`
	At      *int64        `json:"at"`
	Picture *chat.Picture `json:"picture"`
	To      *int64        `json:"to"`
	Emoji   string        `json:"emoji"`
	Undo    bool          `json:"undo"`
	Verb    string        `json:"verb"`
	Who     string        `json:"who"`
	Seconds *int          `json:"seconds"`
	Words   *[]string     `json:"words"`
	Off     bool          `json:"off"`
	Of      *int64        `json:"of"`
}

type recordFrame struct {
	Offset  int64       `json:"offset"`
	Ref     string      `json:"ref,omitempty"`
	From    chat.Person `json:"from"`
	Text    string      `json:"text"`
	ReplyTo *int64      `json:"reply_to,omitempty"`

	Picture *chat.Picture `json:"picture,omitempty"`
	Edited  bool          `json:"edited,omitempty"`
	Gone    string        `json:"gone,omitempty"`
	chat.Stamp
}

// deedFrame is a record of any other type, with the fields of all of them.
type deedFrame struct {
	Type   string          `json:"type"`
	Offset int64           `json:"offset"`
	Ref    string          `json:"ref,omitempty"`
	From   *chat.Person    `json:"from,omitempty"`
	To     *int64          `json:"to,omitempty"`
	Emoji  string          `json:"emoji,omitempty"`
	Text   string          `json:"text,omitempty"`
	Undo   bool            `json:"undo,omitempty"`
	Of     *int64          `json:"of,omitempty"`
	Record json.RawMessage `json:"record,omitempty"`
	chat.Stamp
}

type welcomeFrame struct {
	Type    string      `json:"type"`
	You     chat.Person `json:"you"`
	Epoch   string      `json:"epoch"`
	Head    int64       `json:"head"`
	Resumed bool        `json:"resumed"`
	Gap     bool        `json:"gap"`
	Now     chat.Stamp  `json:"now"`
	Broker  string      `json:"broker"`
	Box     string      `json:"box"`
	Title   string      `json:"title"`
	Version string      `json:"version"`
	Limits  limitsFrame `json:"limits"`
	Host    bool        `json:"host,omitempty"`
	Room    room.State  `json:"room"`
}

type roomFrame struct {
	Type string `json:"type"`
	room.State
}

type hostFrame struct {
	Type string `json:"type"`
	room.HostState
}

type limitsFrame struct {
	TextBytes     int `json:"text_bytes"`
	TextGraphemes int `json:"text_graphemes"`
	NameGraphemes int `json:"name_graphemes"`
}

type refusedFrame struct {
	Type    string `json:"type"`
	Ref     string `json:"ref,omitempty"`
	Why     string `json:"why"`
	Text    string `json:"text"`
	RetryMS int64  `json:"retry_ms,omitempty"`
}

type knownFrame struct {
	Type   string `json:"type"`
	Ref    string `json:"ref"`
	Offset int64  `json:"offset"`
}

type youFrame struct {
	Type string      `json:"type"`
	You  chat.Person `json:"you"`
}

type olderFrame struct {
	Type    string            `json:"type"`
	Before  int64             `json:"before"`
	Records []json.RawMessage `json:"records"`
	More    bool              `json:"more"`
}

type presenceFrame struct {
	Type string `json:"type"`
	room.Presence
}

type typingFrame struct {
	Type string      `json:"type"`
	From chat.Person `json:"from"`
}

type stateFrame struct {
	Type  string `json:"type"`
	State string `json:"state"`
}

type pongFrame struct {
	Type string     `json:"type"`
	Now  chat.Stamp `json:"now"`
}

type byeFrame struct {
	Type string       `json:"type"`
	Code session.Code `json:"code"`
	Why  string       `json:"why"`
}

// marshal returns v as JSON, with < and > as they are: no page puts it into
// HTML.
func marshal(v any) []byte {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // strings and numbers cannot fail to marshal
	}
	return bytes.Clone(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// buffers are for marshal: what it returns has the size that it needs.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// frame returns v as one whole WebSocket frame.
func frame(v any) []byte { return session.AppendFrame(nil, marshal(v)) }

// jsonSlot and textSlot are the encodings that events and entries cache.
const (
	jsonSlot = iota
	textSlot
	_ = uint(room.Encodings - 1 - textSlot) // both exist
)

// recordJSON is an entry as the JSON protocol shows it.
func recordJSON(e *room.Entry) []byte {
	return e.Encoded(jsonSlot, func(e *room.Entry) []byte {
		if e.Deed != nil {
			return marshal(deedJSON(e))
		}
		m := &e.Message
		return marshal(recordFrame{e.Offset, e.Ref, m.From, m.Text, m.ReplyTo, m.Picture, e.Edited, e.Gone, e.Stamp})
	})
}

// deedJSON is an entry that is no message. Who hid or cleared is for hosts alone,
// who see it among the deeds.
func deedJSON(e *room.Entry) deedFrame {
	f := deedFrame{Type: e.Deed.Kind(), Offset: e.Offset, Ref: e.Ref, Stamp: e.Stamp}
	switch d := e.Deed.(type) {
	case *chat.Reaction:
		f.From, f.To, f.Emoji, f.Undo = &d.From, &d.To, d.Emoji, d.Undo
	case *chat.Edit:
		f.From, f.To, f.Text = &d.From, &d.To, d.Text
	case *chat.Delete:
		f.From, f.To = &d.From, &d.To
	case *chat.Hide:
		f.Ref, f.To, f.Undo = "", &d.To, d.Undo
		if e.Again != nil {
			f.Record = recordJSON(e.Again)
		}
	case *chat.Clear:
		f.Ref, f.Undo, f.Of = "", d.Undo, d.Of
	}
	return f
}

// maxLogFrame is the size at which a log frame is full: a phone shows the first
// messages while the rest is still on its way.
const maxLogFrame = 64 << 10

const logBegin, logEnd = `{"type":"log","records":[`, `]}`

// logFrames returns entries as log frames, none for none.
func logFrames(entries []*room.Entry) (frames []byte) {
	for len(entries) > 0 {
		n, size := 0, len(logBegin)
		for n < len(entries) && size < maxLogFrame {
			size += len(recordJSON(entries[n])) + len(",")
			n++
		}
		size += len(logEnd) - len(",") // there is none behind the last
		frames = session.AppendHead(slices.Grow(frames, session.MaxHead+size), size)
		frames = append(frames, logBegin...)
		for i, e := range entries[:n] {
			if i > 0 {
				frames = append(frames, ',')
			}
			frames = append(frames, recordJSON(e)...)
		}
		frames = append(frames, logEnd...)
		entries = entries[n:]
	}
	return frames
}

// eventJSON is an event as the JSON protocol shows it.
func eventJSON(e *room.Event) []byte {
	switch {
	case e.Entries != nil:
		return logFrames(e.Entries)
	case e.Presence != nil:
		return frame(presenceFrame{"presence", *e.Presence})
	case e.Typing != nil:
		return frame(typingFrame{"typing", *e.Typing})
	case e.Broker != nil:
		return frame(stateFrame{"broker", e.Broker.String()})
	case e.Box != nil:
		return frame(stateFrame{"box", *e.Box})
	case e.Host != nil:
		return frame(hostFrame{"host", *e.Host})
	}
	return nil
}

// roomFrame is how the room is set up, as a frame.
func (g *Gateway) roomFrame(s *room.State) []byte { return frame(roomFrame{"room", g.shown(s)}) }

// shown is how the room is set up, with what it is without its host's word.
func (g *Gateway) shown(s *room.State) room.State {
	out := *s
	out.Title = cmp.Or(s.Title, g.Title)
	out.NoPictures = s.NoPictures || g.Pictures == nil || g.boxNow() == boxUnkept
	return out
}
