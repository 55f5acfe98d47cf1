package gateway

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/room"
	"warren/chatd/session"
)

// textPhone speaks the talk's own protocol: a text frame in is a message, each
// message is a text frame out.
type textPhone struct{ phone }

// notice begins a frame of the server's own, and no other line that is sent: see
// nameLine and folded.
const notice = "* "

// folded is a text of several lines as one entry: each further line begins with a
// tab, as no name and no notice does. So a guest cannot make one message look like
// several where frames are printed as they come.
func folded(text string) string { return strings.ReplaceAll(text, "\n", "\n\t") }

// nameLine is a name as it stands before a text. One that begins as a notice does
// has a backslash before it; and so has one that begins with a backslash, which
// makes two names two.
func nameLine(name string) string {
	if strings.HasPrefix(name, "*") || strings.HasPrefix(name, `\`) {
		return `\` + name
	}
	return name
}

func newTextPhone(g *Gateway, s *session.Session, address string, host bool, q url.Values) *textPhone {
	p := &textPhone{newPhone(g, s, address, host)}
	device := q.Get("device")
	if device == "" {
		device = uuid.NewString()
	}
	err := p.enter(device, q.Get("name"))
	var bad *badName
	if errors.As(err, &bad) {
		p.notify(sentence(bad) + " You are " + p.me().Name + ".")
	} else if err != nil {
		p.turnedAway(err)
		return p
	}
	n, _ := strconv.Atoi(q.Get("history"))
	v := g.Room.View(s.Context(), p.as(), min(max(n, 0), defaultHistory))
	if !p.mayStay() {
		return p
	}
	s.Start(v.Tail, func(_ context.Context, write func([]byte) error) error { return write(textFrames(v.Entries)) })
	return p
}

// Slot implements session.Protocol.
func (p *textPhone) Slot() int { return textSlot }

// Encode implements session.Protocol.
func (p *textPhone) Encode(e *room.Event) []byte {
	if e.Refused != nil {
		return noticeFrame(e.Refused.Text)
	}
	return textFrames(e.Entries)
}

// Bye implements session.Protocol.
func (p *textPhone) Bye(_ session.Code, why string) []byte {
	return noticeFrame(why)
}

// Lost implements session.Protocol. A plain client never resumes: it goes on
// with what is said next, unless it turns out that its person was sent out.
func (p *textPhone) Lost() { p.mayStay() }

// Receive implements session.Protocol.
func (p *textPhone) Receive(data []byte) {
	_, _, err := p.say(p.session.Context(), chat.Message{Text: string(data)}, newRef(), room.Made{})
	var r *refusal
	if errors.As(err, &r) && r.why != "empty" { // a bare Enter is nothing worth a word
		p.notify(r.text)
		p.tolerate(r)
	}
}

func (p *textPhone) notify(text string) { p.session.Send(noticeFrame(text)) }

func noticeFrame(text string) []byte {
	return session.AppendFrame(nil, []byte(notice+folded(text)))
}

// textFrames returns a frame for each message that is still there: "name: text".
// What becomes of it later is not shown: what is printed cannot be changed.
func textFrames(entries []*room.Entry) (frames []byte) {
	for _, e := range entries {
		if e.Deed != nil || e.Gone != "" {
			continue
		}
		frames = append(frames, e.Encoded(textSlot, func(e *room.Entry) []byte {
			return session.AppendFrame(nil, []byte(nameLine(e.Message.From.Name)+": "+folded(plainText(e.Message))))
		})...)
	}
	return frames
}

// plainText is what a message says where there are no pictures.
func plainText(m chat.Message) string {
	switch {
	case m.Picture == nil:
		return m.Text
	case m.Text == "":
		return "[picture]"
	}
	return "[picture] " + m.Text
}
