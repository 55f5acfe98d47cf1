package chat

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Message is what somebody said: the body of a record of TypeMessage.
type Message struct {
	From    Person `json:"from"`
	Text    string `json:"text"`               // as CleanText returns it
	ReplyTo *int64 `json:"reply_to,omitempty"` // offset of the message it answers

	Picture *Picture `json:"picture,omitempty"` // with one, Text may be empty
	Shadow  bool     `json:"shadow,omitempty"`  // From is muted: shown to From alone
	Host    bool     `json:"host,omitempty"`    // From is a host: may write whatever is set
}

// MaxIDBytes is the longest id a sender may give a record. A UUID in text has
// 36.
const MaxIDBytes = 36

// ValidID reports whether id can be a sender's id for a record: 1 to
// MaxIDBytes letters, digits, '-' or '_'.
func ValidID(id string) bool {
	if id == "" || len(id) > MaxIDBytes {
		return false
	}
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// Record returns the record that carries m to the exchange.
func (m Message) Record(id string, at Stamp) Record {
	return Record{ID: id, Sender: m.From.ID, Type: TypeMessage, ContentType: ContentJSON, Stamp: at, Body: bodyOf(m)}
}

// PlainName is who an AMQP client is that does not say.
const PlainName = "AMQP"

// MessageOf reads the message in r: one of Warren's own, or the text of any
// AMQP client. The exchange is open to whoever has the broker's password, so
// nothing in it is believed: name and text pass the same rules as a phone's.
// The error says what is wrong with the record.
func MessageOf(r Record) (Message, error) {
	var m Message
	switch text := isText(r.ContentType); {
	case !text && r.Type != TypeMessage: // before its size: an erase may be larger
		return Message{}, fmt.Errorf("type %q: %w", r.Type, ErrUnknownType)
	case len(r.Body) > MaxBody:
		return Message{}, fmt.Errorf("body has %d bytes: at most %d are read", len(r.Body), MaxBody)
	case text:
		m = Message{From: Person{Name: r.App}, Text: string(r.Body)}
		if name, err := CleanName(r.App); err != nil {
			m.From.Name = PlainName
		} else {
			m.From.Name = name
		}
	case r.ContentType != ContentJSON:
		return Message{}, fmt.Errorf("content_type %q: must be %q or %q", r.ContentType, ContentJSON, ContentText)
	default:
		if err := json.Unmarshal(r.Body, &m); err != nil {
			return Message{}, fmt.Errorf("body: %w", err)
		}
		if m.From.ID != "" && !ValidID(m.From.ID) {
			return Message{}, fmt.Errorf("from.id %.50q: not an id", m.From.ID)
		}
		name, err := CleanName(m.From.Name)
		if err != nil {
			return Message{}, fmt.Errorf("from.name: %w", err)
		}
		m.From.Name = name
		if m.Shadow && m.From.ID == "" {
			return Message{}, fmt.Errorf("shadow: it is shown to its sender alone, who must have an id")
		}
	}
	if err := m.Clean(); err != nil {
		return Message{}, err
	}
	return m, nil
}

// Clean makes the text what CleanText returns, and checks the picture. Beside a
// picture the text may be empty.
func (m *Message) Clean() error {
	if m.Picture != nil {
		if err := m.Picture.check(); err != nil {
			return err
		}
		if strings.TrimSpace(m.Text) == "" {
			m.Text = ""
			return nil
		}
	}
	text, err := CleanText(m.Text)
	if err != nil {
		return err
	}
	m.Text = text
	return nil
}

// isText reports whether a content type is text/plain, with or without
// parameters. A client that sends no content type at all means text: that is
// what command-line tools do.
func isText(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.TrimSpace(media)
	return media == "" || strings.EqualFold(media, ContentText)
}
