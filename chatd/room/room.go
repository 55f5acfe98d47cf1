// Package room is the state of the room, folded from the log: what was said
// lately, who is here, whether the exchange is reached; and the one list of
// events that all sessions follow.
package room

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// back is how many records are read from the log at the start. More than the
// window holds, because some of them are not messages.
const back = maxWindow + maxWindow/4

// Room is one daemon's view of the room. All methods may be called
// concurrently.
type Room struct {
	exchange fanout.Exchange
	clock    func() chat.Stamp
	log      *slog.Logger
	node     string // tells this daemon's whispers from others'
	reads    chan struct{}

	mu       sync.Mutex
	epoch    string
	broker   fanout.State
	why      string // the exchange is not up, for the host
	loading  bool   // from Reset until the exchange is reached: what is delivered is history, not news
	afresh   bool   // nothing was delivered since Reset
	window   window
	read     int64 // offset of the last record delivered, shown or not; -1 if none
	seen     *seen
	tail     *Event
	presence presence
	marks    marks

	skipped    int       // unreadable records since the last line about them
	skippedLog time.Time // when that line was written
}

// maxReads is how many history reads may be under way at once: each is a
// consumer of its own at the broker.
const maxReads = 4

// New returns a room on exchange. clock stamps what is said.
func New(exchange fanout.Exchange, clock func() chat.Stamp, log *slog.Logger) *Room {
	first := &Event{ready: make(chan struct{})}
	return &Room{
		exchange: exchange,
		clock:    clock,
		log:      log,
		node:     uuid.NewString(),
		reads:    make(chan struct{}, maxReads),
		loading:  true,
		seen:     newSeen(),
		tail:     first,
		presence: newPresence(),
		marks:    newMarks(),
		read:     -1,
	}
}

// Run follows the exchange until ctx ends, and returns nil then.
func (r *Room) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.exchange.Run(ctx, back, handler{r}) })
	g.Go(func() error { return r.announce(ctx) })
	g.Go(func() error { return r.sendMarks(ctx) })
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Say puts a message into the log under the sender's own id for it. It is sent
// once it comes back as an Entry. If it is in the log already, known is true
// and offset says where. The errors are those of chat.CleanText, and
// fanout.ErrFull.
func (r *Room) Say(from chat.Person, ref, text string, replyTo *int64) (offset int64, known bool, err error) {
	text, err = chat.CleanText(text)
	if err != nil {
		return 0, false, err
	}
	r.mu.Lock()
	offset, known = r.seen.lookup(key{from.ID, ref})
	r.mu.Unlock()
	if known {
		return offset, true, nil
	}
	m := chat.Message{From: from, Text: text, ReplyTo: replyTo}
	return 0, false, r.exchange.Publish(m.Record(ref, r.clock()))
}

// Up reports whether the exchange is reached and the log consumed.
func (r *Room) Up() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broker != fanout.Away
}

// Broker returns how the exchange is, and what the host can do about it.
func (r *Room) Broker() (s fanout.State, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broker, r.why
}

// Tail returns the newest event: follow from it to be told what happens next.
func (r *Room) Tail() *Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tail
}

// append links an event. r.mu is held.
func (r *Room) append(e *Event) {
	r.tail.link(e)
	r.tail = e
}

// handler is the room as the exchange sees it, apart from what others call.
type handler struct{ *Room }

// Reset implements fanout.Handler.
func (h handler) Reset(epoch string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if epoch != h.epoch {
		h.seen = newSeen()
	}
	h.epoch = epoch
	h.window = window{}
	h.read = -1
	h.loading, h.afresh = true, true
}

// Deliver implements fanout.Handler.
func (h handler) Deliver(recs []chat.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock()
	if h.afresh {
		// The log may have lost its end, in a power cut: what was there is
		// not known any more, so that it can be said again. What still is
		// there comes now.
		h.seen.forget(recs[0].Offset)
		h.afresh = false
	}
	h.read = recs[len(recs)-1].Offset
	entries := make([]*Entry, 0, len(recs))
	for _, rec := range recs {
		e := h.fold(rec)
		if e == nil {
			continue
		}
		if !e.Stamp.Known() && h.broker != fanout.Away && !h.loading {
			e.Stamp = now // an AMQP client does not say when; it was just now
		}
		h.window.add(e)
		entries = append(entries, e)
	}
	if len(entries) > 0 && !h.loading {
		messages.Add(float64(len(entries)))
		h.append(&Event{Entries: entries})
	}
}

// fold reads a record and returns its entry, or nil if it is not shown: not a
// message, not readable, or shown before. r.mu is held.
func (r *Room) fold(rec chat.Record) *Entry {
	m, err := chat.MessageOf(rec)
	switch {
	case rec.Type == chat.TypeEpoch:
		r.marks.came(rec.ID)
		return nil
	case errors.Is(err, chat.ErrUnknownType):
		skips.WithLabelValues("unknown_type").Inc()
		return nil
	case err != nil:
		skips.WithLabelValues("unreadable").Inc()
		r.complain(rec, err)
		return nil
	}
	if k, ok := keyOf(m, rec); ok && r.seen.first(k, rec.Offset) != rec.Offset {
		skips.WithLabelValues("repeated").Inc()
		return nil
	}
	return &Entry{Offset: rec.Offset, Ref: rec.ID, Stamp: rec.Stamp, Message: m}
}

// complain logs an unreadable record, at most one line a minute: whoever fills
// the log with junk shall not fill the daemon's log as well. r.mu is held.
func (r *Room) complain(rec chat.Record, err error) {
	r.skipped++
	if now := time.Now(); now.Sub(r.skippedLog) >= time.Minute {
		r.log.Warn("A record on the exchange cannot be read and is skipped", "offset", rec.Offset, "app_id", rec.App, "why", err, "skipped", r.skipped)
		r.skipped, r.skippedLog = 0, now
	}
}

// State implements fanout.Handler.
func (h handler) State(s fanout.State, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.why = why
	if s != fanout.Away && h.loading {
		h.loading = false
		h.append(&Event{Lost: true})
	}
	if h.broker == s {
		return
	}
	h.broker = s
	h.append(&Event{Broker: &s})
}
