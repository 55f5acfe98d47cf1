package chat

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Deed is what a record says other than a message: something done to the room or
// to a message in it. Each type of record has a file of its own here, with the
// struct, which is the record's body, and the check of its fields. The pointers
// to these structs are the deeds.
type Deed interface {
	// Kind is the record's type: one of the Type constants.
	Kind() string

	// Doer is who did it; nobody (no ID) for what a daemon writes by itself.
	Doer() Person

	// check makes the fields what they are shown as, and says what is wrong
	// with the first that cannot be one.
	check() error
}

// Types of the records that are deeds.
const (
	TypeReaction = "reaction"
	TypeEdit     = "edit"
	TypeDelete   = "delete"
	TypeHide     = "hide"
	TypeClear    = "clear"
	TypeMute     = "mute"
	TypeKick     = "kick"
	TypeSlow     = "slow"
	TypeLock     = "lock"
	TypeOff      = "off"
	TypeWords    = "words"
	TypePin      = "pin"
	TypeTitle    = "title"
	TypePictures = "pictures"
	TypeErase    = "erase"
	TypeClock    = "clock"
	TypeSnapshot = "snapshot"
)

// newDeed returns an empty deed of a record type, nil if there is none.
func newDeed(kind string) Deed {
	switch kind {
	case TypeReaction:
		return new(Reaction)
	case TypeEdit:
		return new(Edit)
	case TypeDelete:
		return new(Delete)
	case TypeHide:
		return new(Hide)
	case TypeClear:
		return new(Clear)
	case TypeMute:
		return new(Mute)
	case TypeKick:
		return new(Kick)
	case TypeSlow:
		return new(Slow)
	case TypeLock:
		return new(Lock)
	case TypeOff:
		return new(Off)
	case TypeWords:
		return new(Words)
	case TypePin:
		return new(Pin)
	case TypeTitle:
		return new(Title)
	case TypePictures:
		return new(Pictures)
	case TypeErase:
		return new(Erase)
	case TypeClock:
		return new(Clock)
	case TypeSnapshot:
		return new(Snapshot)
	}
	return nil
}

// CheckDeed makes the fields of d what they are shown as (names and texts are
// cleaned). The error says which field cannot be one and what would be right.
func CheckDeed(d Deed) error { return d.check() }

// RecordOf returns the record that carries d to the exchange. What d is made of
// has passed CheckDeed.
func RecordOf(d Deed, id string, at Stamp) Record {
	return Record{ID: id, Sender: d.Doer().ID, Type: d.Kind(), ContentType: ContentJSON, Stamp: at, Body: bodyOf(d)}
}

// bodyOf returns v as a record's body.
func bodyOf(v any) []byte {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // six bytes for one would let few texts push all others out of the log
	if err := enc.Encode(v); err != nil {
		panic(err) // strings and numbers cannot fail to marshal
	}
	return bytes.TrimSuffix(body.Bytes(), []byte("\n"))
}

// DeedOf reads the deed in r. As with MessageOf, nothing in the record is
// believed; the error says what is wrong with it, and is ErrUnknownType for a
// record that is no deed.
func DeedOf(r Record) (Deed, error) {
	d := newDeed(r.Type)
	switch {
	case d == nil:
		return nil, fmt.Errorf("type %q: %w", r.Type, ErrUnknownType)
	case len(r.Body) > MaxBodyOf(r.Type):
		return nil, fmt.Errorf("body has %d bytes: at most %d are read", len(r.Body), MaxBodyOf(r.Type))
	case r.ContentType != ContentJSON:
		return nil, fmt.Errorf("content_type %q: must be %q", r.ContentType, ContentJSON)
	}
	if err := json.Unmarshal(r.Body, d); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	return d, nil
}
