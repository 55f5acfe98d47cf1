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
	// feeds h until ctx ends; then it returns ctx's error. It is called once.
	//
	// Reading begins behind a kept record (see Keep): the newest that stands for a
	// place at least back records before the end of the log, or, if there is none,
	// the oldest. Without a kept record it begins with the log's first record.
	Run(ctx context.Context, back int, h Handler) error

	// Read returns records of the log in order, beginning with the
	// first one kept at or after offset from, and none at or after before: at
	// most n, and no more than ReadBytes of bodies, but one in any case. None means
	// that there are no more in that range.
	// It is for history older than what Run delivered; it returns ErrAway
	// while the exchange cannot be reached.
	Read(ctx context.Context, from, before int64, n int) ([]chat.Record, error)

	// Keep stores rec where the limits of the log do not reach: neither what is
	// published nor how long the log may be pushes it out, only what is kept later.
	// At least the last MinKept are there. It never blocks, and what is
	// kept while the exchange is away may be lost.
	//
	// rec stands for a place in the log that the handler has come to: its Offset, ID and
	// Stamp are those of the record there, which has both. So a log that has lost its end,
	// and other records have taken those offsets since, is told from the one that was meant.
	Keep(rec chat.Record)

	// Erase empties the log for good and makes it anew, under a new epoch:
	// Handler.Reset follows here and at all other daemons. First returns the new log's
	// first record, so that whoever reads the new log knows why, and a record to be
	// kept that says the same, of Offset -1; both are as Publish takes them. It is called once or more.
	//
	// The kept one is stored before the old log is deleted. So whenever this
	// daemon or the broker dies, either the old log stands, or Reset gives the kept
	// record to whoever reads the new log. What was accepted and is not in the old log
	// enters the new one, behind first. On an error, such as ErrAway, the old log
	// stands, or will be found to be erased: call it again.
	Erase(ctx context.Context, first func() (rec, kept chat.Record)) error

	// Whisper sends body to all daemons of the room, this one included,
	// outside of the log: for presence and typing, which are dropped when
	// anything is in their way.
	Whisper(body []byte)

	// Ask asks the other daemons of the room for what is known by a name, such as
	// a picture, and returns the first answer, of at most MaxAnswer bytes. It waits
	// until ctx ends, and a few seconds at most: ErrNone says that nobody has
	// answered, ErrAway that nobody can be asked now. Question and answer are no
	// records of the log. A few are asked for at a time: the others wait.
	Ask(ctx context.Context, name string) ([]byte, error)
}

// A Handler receives what an exchange has to give. Its methods are called from
// one goroutine, never two at a time, and must not block for long.
type Handler interface {
	// Reset says that what is delivered from now on does not continue what
	// was delivered before. The first call comes before any Deliver. The
	// epoch names the log: the same epoch is the same log, with records lost
	// in between; another epoch is another log.
	//
	// What is delivered begins behind the place that kept stands for, or with the
	// first record the log has if that is later; it begins with the log's first record
	// if kept is nil. A kept record of Offset -1 stands for the beginning of this log:
	// see Exchange.Erase. False: kept cannot be read. Then Reset is called again, with
	// an older one or nil.
	Reset(epoch string, kept *chat.Record) (ok bool)

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

	// Asked returns what this daemon knows by a name, for another daemon; nil if it has nothing. It is
	// called from a goroutine of its own, one call at a time, and may read a file.
	Asked(name string) []byte
}

// MinKept is how many kept records an exchange has at least, if so many were kept.
// Some of them are of one evening's last minutes; with the older ones a daemon
// that starts has what was said lately, too.
const MinKept = 8

// MaxAnswer is the largest answer to Ask, in bytes: a picture.
const MaxAnswer = 512 << 10

// ReadBytes bounds what one Read returns: ten of the largest records, or some
// thousand usual ones.
const ReadBytes = 1 << 20

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

	// ErrNone reports that no other daemon has what was asked for.
	ErrNone = errors.New("no other daemon of the room has it")

	// ErrAway reports that the exchange cannot be reached now.
	ErrAway = errors.New("the exchange cannot be reached now")
)
