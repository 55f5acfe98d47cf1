// Package fanout is the seam between the chat daemon and whatever fans
// messages out: one exchange that everything said goes through, and the log
// that is bound to it.
//
// There are two implementations: memory, in process, for a room of one
// daemon; and rabbitmq, a fanout exchange and a stream.
package fanout

import (
	"context"
	"errors"

	"warren/chatd/chat"
)

// An Exchange takes records from this daemon, puts them into one log in one
// order together with everybody else's, and gives the log back.
//
// All methods may be called concurrently.
type Exchange interface {
	// Publish accepts rec for the log; it never blocks. Once accepted, the
	// exchange publishes the record, again and again if need be, until it has
	// seen it in the log: the log may hold it twice, so rec.ID must be set.
	// Records of one daemon enter the log for the first time in the order in
	// which they were accepted. What is accepted is kept in memory only.
	//
	// It returns ErrFull when too much waits to be published, and another
	// error for a record that cannot be one: without an ID, or too large.
	Publish(rec chat.Record) error

	// Run reaches the exchange, and reaches it again whenever it is lost, and
	// feeds h until ctx ends; then it returns ctx's error. It starts reading
	// about back records before the end of the log. It is called once.
	Run(ctx context.Context, back int, h Handler) error

	// Read returns up to n records of the log in order, beginning with the
	// first one kept at or after offset from, and none at or after before.
	// Fewer than n (or none) means that there are no more in that range.
	// It is for history older than what Run delivered; it returns ErrAway
	// while the exchange cannot be reached.
	Read(ctx context.Context, from, before int64, n int) ([]chat.Record, error)

	// Erase empties the log for good and makes it anew, under a new epoch:
	// Handler.Reset follows here and at all other daemons. First is the new log's
	// first record, so that whoever reads the new log knows why; it is as Publish
	// takes it. What was accepted and is not in the old log enters the new one. On
	// an error, such as ErrAway, the old log may still be there or not: call it again.
	Erase(ctx context.Context, first chat.Record) error

	// Whisper sends body to all daemons of the room, this one included,
	// outside of the log: for presence and typing, which are dropped when
	// anything is in their way.
	Whisper(body []byte)
}

// A Handler receives what an exchange has to give. Its methods are called from
// one goroutine, never two at a time, and must not block for long.
type Handler interface {
	// Reset says that what is delivered from now on does not continue what
	// was delivered before. The first call comes before any Deliver. The
	// epoch names the log: the same epoch is the same log, with records lost
	// in between; another epoch is another log.
	Reset(epoch string)

	// Deliver gives the next records of the log, those that arrived
	// together. Offsets rise from call to call. The slice is not reused.
	Deliver(recs []chat.Record)

	// State says how the exchange is now. Before it is reached, everything
	// that was in the log at the time has been delivered. Why is for the host:
	// what the state comes from and what to do, in sentences; it may be empty.
	// At the beginning it is Away, without a call. A call may repeat the one before.
	State(s State, why string)

	// Whispered gives what some daemon whispered.
	Whispered(body []byte)
}

// State is how an exchange is, as seen from this daemon. Its String is a word of
// docs/protocol.md.
type State int

const (
	// Away: the exchange cannot be reached now.
	Away State = iota

	// Full: it is reached, and what comes to the log is delivered, but it has no
	// room for more at the moment: what is accepted waits.
	Full

	// Up: all is well.
	Up
)

func (s State) String() string { return [...]string{"away", "full", "up"}[s] }

var (
	// ErrFull reports that the outbox has no room: the exchange has been away
	// for too long, or is too slow.
	ErrFull = errors.New("too many messages wait for the exchange")

	// ErrAway reports that the exchange cannot be reached now.
	ErrAway = errors.New("the exchange cannot be reached now")
)
