// Package speak is the least of Warren's two protocols that the bench's own
// servers need: plain text, and of warren.v1 hello, welcome, say and log. What
// it makes has the same bytes for each message as what chatd sends. It checks
// nothing: it is for clients that make no mistakes.
package speak

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/uptime"
)

// Protocol is Text or Warren.
type Protocol string

const (
	Text   Protocol = "text"
	Warren Protocol = "warren"
)

// Set implements flag.Value.
func (p *Protocol) Set(s string) error {
	if s != string(Text) && s != string(Warren) {
		return fmt.Errorf("it must be %q or %q", Text, Warren)
	}
	*p = Protocol(s)
	return nil
}

func (p *Protocol) String() string { return string(*p) }

// Subprotocols are what a server of p offers in the WebSocket handshake.
func (p Protocol) Subprotocols() []string {
	if p == Warren {
		return []string{"warren.v1"}
	}
	return nil
}

// A Phone is one client as the server knows it. One goroutine uses it.
type Phone struct {
	protocol Protocol
	person   chat.Person
}

// NewPhone returns who has sent the handshake r.
func NewPhone(p Protocol, r *http.Request) *Phone {
	id, _ := chat.PersonID(uuid.NewString()) // a UUID is a good secret
	return &Phone{p, chat.Person{ID: id, Name: nameOf(r.URL.Query().Get("name"), id)}}
}

func nameOf(name, id string) string {
	if name == "" {
		return chat.SuggestName(id)
	}
	return name
}

// Answer returns what a frame is to be answered with, nil if it is a message.
func (p *Phone) Answer(frame []byte) []byte {
	if p.protocol == Text || !bytes.Contains(frame, []byte(`"type":"hello"`)) {
		return nil
	}
	p.person.Name = nameOf(string(field(frame, `"name":"`)), p.person.ID)
	now := uptime.Now()
	return fmt.Appendf(nil, `{"type":"welcome","you":{"id":%q,"name":%q},"epoch":"bench","head":-1,"resumed":false,"gap":false,`+
		`"now":{"boot":%q,"up_ms":%d},"broker":"up","box":"well","title":"bench","version":"bench"}`,
		p.person.ID, p.person.Name, now.Boot, now.UpMS)
}

// AppendSaid appends the message in frame to dst, as everybody is shown it: a
// whole payload of plain text, or a record of a log frame of warren.v1 (see
// LogBegin), with that offset.
func (p *Phone) AppendSaid(dst, frame []byte, offset int64) []byte {
	if p.protocol == Text {
		dst = append(append(dst, p.person.Name...), ": "...)
		return append(dst, frame...)
	}
	now := uptime.Now()
	dst = strconv.AppendInt(append(dst, `{"offset":`...), offset, 10)
	dst = append(append(dst, `,"ref":"`...), field(frame, `"ref":"`)...)
	dst = append(append(dst, `","from":{"id":"`...), p.person.ID...)
	dst = append(append(dst, `","name":"`...), p.person.Name...)
	dst = append(append(dst, `"},"text":"`...), field(frame, `"text":"`)...)
	dst = append(append(dst, `","boot":"`...), now.Boot...)
	dst = strconv.AppendInt(append(dst, `","up_ms":`...), now.UpMS, 10)
	return append(dst, '}')
}

// A log frame of warren.v1 is LogBegin, records with commas between, LogEnd.
const (
	LogBegin = `{"type":"log","records":[`
	LogEnd   = `]}`
)

// field returns the string that follows begin in a JSON object, as it stands
// there, with its escapes.
func field(frame []byte, begin string) []byte {
	_, rest, _ := bytes.Cut(frame, []byte(begin))
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return rest[:i]
		}
	}
	return nil
}
