// Package rabbitmq is the exchange on RabbitMQ: a fanout exchange, and a stream
// bound to it that is the log.
//
//	Publish ──▶ outbox ──▶ exchange "chat" ──▶ stream "chat.log" ──▶ Handler
//	              ▲                                      │
//	              └──── an entry leaves when seen ◀──────┘
//
//	Keep ──▶ stream "chat.state": where reading begins
//
// One life of a connection is: dial, declare, prove with a record of our own
// that the whole way works, find the kept record to begin behind,
// read the log up to one's own, and only then
// publish what waits. Whatever goes wrong ends the life; the next one begins
// after a growing pause. Nothing is believed but the log: a record is published
// again and again until it has been read back from there.
package rabbitmq

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Options of an Exchange. The zero value is fine.
type Options struct {
	// LogBytes is how much of the log RabbitMQ keeps on disk, 64 MiB if 0:
	// half a million messages of 100 bytes. It takes effect when the stream
	// is made.
	LogBytes int64

	// SegmentBytes is the size of the files that the log is cut into, a 64th
	// of LogBytes if 0. RabbitMQ forgets whole files only, and never the one
	// it writes to, so that a file must be small against the log; each one
	// costs an offset and a pair of files.
	SegmentBytes int64

	// OutboxRecords and OutboxBytes bound what waits to be published: 10,000
	// records and 16 MiB if 0. A hundred people saying something each second
	// fill that in 100 seconds, longer than RabbitMQ takes to restart on a
	// Pi; the bytes are what a Pi can spare.
	OutboxRecords int
	OutboxBytes   int

	// Stamp reads the clock for the exchange's own records. They have no
	// stamp if it is nil.
	Stamp func() chat.Stamp

	// Logger is slog.Default() if nil. Changes of state are logged, attempts
	// are not.
	Logger *slog.Logger

	suffix string // of all names, so that tests share a broker
}

// Exchange is a fanout.Exchange on RabbitMQ. Make one with New.
type Exchange struct {
	brokers *brokers
	opts    Options
	names   names
	outbox  *outbox

	whispers chan []byte // to be published
	readers  chan struct{}

	keeping chan chat.Record // to be kept: one, the newest
	asking  chan question    // to be published
	askers  chan struct{}

	// What Read, Whisper and Ask need to know of the present life; nil while away.
	life    atomic.Pointer[life]
	deleted atomic.Pointer[deletion] // the last by this daemon

	// Of Run's goroutine.
	url    string       // the broker of the present life
	log    *slog.Logger // names it
	epoch  string
	place  place
	bare   int             // bytes of the log since a record last named the epoch
	naming bool            // a naming record waits in the outbox, or did lately
	other  map[string]bool // streams that have other limits than ours, and that was said

	keepless time.Time // since when nothing can be kept; zero: it can

	fullSaid time.Time // when it was last said that it takes no messages
}

var _ fanout.Exchange = (*Exchange)(nil)

// names of what we declare on the broker.
type names struct{ exchange, stream, state, presence string }

func namesWith(suffix string) names {
	return names{exchange: "chat" + suffix, stream: "chat.log" + suffix, state: "chat.state" + suffix, presence: "chat.presence" + suffix}
}

// New returns an exchange on the broker at an address as CheckURL takes it; of
// several it uses the first that can be reached. It does not connect: Run does.
// The error is about the address, and does not hold its passwords.
func New(address string, opts Options) (*Exchange, error) {
	if err := CheckURL(address); err != nil {
		return nil, err
	}
	if opts.LogBytes <= 0 {
		opts.LogBytes = 64 << 20
	}
	if opts.SegmentBytes <= 0 {
		opts.SegmentBytes = max(64<<10, opts.LogBytes/64)
	}
	if opts.OutboxRecords <= 0 {
		opts.OutboxRecords = 10_000
	}
	if opts.OutboxBytes <= 0 {
		opts.OutboxBytes = 16 << 20
	}
	if opts.Stamp == nil {
		opts.Stamp = func() chat.Stamp { return chat.Stamp{} }
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	return &Exchange{
		brokers:  newBrokers(address),
		opts:     opts,
		names:    namesWith(opts.suffix),
		outbox:   newOutbox(opts.OutboxRecords, opts.OutboxBytes),
		whispers: make(chan []byte, maxWhispers),
		readers:  make(chan struct{}, maxReaders),
		keeping:  make(chan chat.Record, 1),
		asking:   make(chan question, maxAsks),
		askers:   make(chan struct{}, maxAsks),
		other:    make(map[string]bool),
	}, nil
}

// Publish implements fanout.Exchange.
func (x *Exchange) Publish(rec chat.Record) error {
	if err := fanout.Check(rec); err != nil {
		return err
	}
	return x.outbox.add(rec)
}

// sentence makes a sentence of a clause.
func sentence(s string) string { return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "." }

// Run implements fanout.Exchange.
func (x *Exchange) Run(ctx context.Context, back int, h fanout.Handler) error {
	return keep(ctx, x.opts.Logger, x.brokers, func(ctx context.Context, url string, log *slog.Logger, reached func()) error {
		x.url, x.log = url, log
		err := x.live(ctx, back, h, reached)
		if why, person := explain(err); person && ctx.Err() == nil {
			h.State(fanout.Away, sentence(why))
		}
		return err
	})
}
