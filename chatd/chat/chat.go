// Package chat is what is said in a room, and the rules for it: records,
// messages, persons, names, texts and times. It is pure: no I/O, no clock, no
// goroutines. Everything in it may be called concurrently.
package chat

import "errors"

// ContentJSON and ContentText are the two content types a record may have on
// the exchange: Warren's own records, and a message from any AMQP client.
const (
	ContentJSON = "application/json"
	ContentText = "text/plain"
)

// Record types. One file each in this package. A reader skips a type it does
// not know, so that old and new daemons share a broker.
const (
	TypeMessage = "message" // somebody said something: Message
	TypeEpoch   = "epoch"   // a daemon reached the log: never shown (see package fanout)
)

// MaxBody is the largest record body, in bytes, that a reader accepts.
//
// A text of MaxTextBytes in which JSON escapes every byte as \u00XX takes six
// times that; 2 KiB more hold the person, the reply and the punctuation.
const MaxBody = 6*MaxTextBytes + 2<<10

// MaxSnapshot is the largest body, in bytes, of a record that holds a State: see
// there.
const MaxSnapshot = 384 << 10

// MaxBodyOf returns the largest body that a reader accepts of a record type.
func MaxBodyOf(kind string) int {
	if kind == TypeSnapshot || kind == TypeErase {
		return MaxSnapshot
	}
	return MaxBody
}

// Record is one entry of the log as it travels on the exchange, before anyone
// has looked into its body.
type Record struct {
	// Offset is the record's place in the log. Offsets rise but are not
	// dense: only their order means anything. A record that is not in the
	// log yet has none, and the field is not read.
	Offset int64

	// ID is the sender's own id for the record (AMQP message_id), unique per
	// sender. Sent twice, it is shown once. Empty: the sender has no ids.
	ID string

	// Sender is the id of the person whom it is from. Empty: an AMQP client's, a
	// daemon's own, or of a version that did not say.
	Sender string

	Type        string // one of the Type constants, or one this daemon does not know
	ContentType string // ContentJSON or ContentText
	App         string // AMQP app_id: the name of an AMQP client that sends text
	Stamp       Stamp  // when it was published, zero if the sender did not say
	Body        []byte
}

// ErrUnknownType reports a record of a type this daemon does not know.
var ErrUnknownType = errors.New("unknown record type")
