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
// window holds, because some of them are not shown; and several snapshots.
const back = maxEntries + maxEntries/4

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
	before   *seen // of the log before this one
	erased   *seen // of the log that was erased, nil if none was
	state    *state
	tail     *Event
	presence presence
	marks    marks
	slow     slowMode
	news     news
	reading  reading
	erasures chan erasure // capacity 1

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
		state:    newState(),
		tail:     first,
		presence: newPresence(),
		marks:    newMarks(),
		read:     -1,
		slow:     make(slowMode),
		erasures: make(chan erasure, 1),
	}
}

// Run follows the exchange until ctx ends, and returns nil then.
func (r *Room) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.exchange.Run(ctx, back, handler{r}) })
	g.Go(func() error { return r.announce(ctx) })
	g.Go(func() error { return r.sendMarks(ctx) })
	g.Go(func() error { return r.eraseAll(ctx) })
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
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
		h.seen, h.before, h.erased = newSeen(), h.seen, nil
	}
	h.epoch = epoch
	h.window = window{}
	h.state, h.reading, h.news = newState(), reading{}, news{}
	h.read = -1
	h.loading, h.afresh = true, true
}

// Deliver implements fanout.Handler.
func (h handler) Deliver(recs []chat.Record) {
	for _, snapshot := range h.deliver(recs) {
		if err := h.exchange.Publish(snapshot); err != nil {
			h.log.Debug("A snapshot is not accepted", "err", err)
		}
	}
}

// deliver returns the snapshots that are due.
func (h handler) deliver(recs []chat.Record) (snapshots []chat.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock()
	if h.afresh {
		// The log may have lost its end, in a power cut: what was there is
		// not known any more, so that it can be said again. What still is
		// there comes now.
		h.seen.forget(recs[0].Offset)
		h.reading.begin(recs[0].Offset)
		h.afresh = false
	}
	h.read = recs[len(recs)-1].Offset
	entries := make([]*Entry, 0, len(recs))
	for _, rec := range recs {
		stamped := !rec.Stamp.Known() && h.broker != fanout.Away && !h.loading
		if stamped {
			rec.Stamp = now // an AMQP client does not say when; it was just now
		}
		e := h.fold(rec, now)
		if h.reading.due() && !h.loading && !h.state.kept.Empty() {
			snapshots = append(snapshots, h.snapshot(rec.Offset, now))
		}
		if e == nil {
			continue
		}
		e.said().stamped = stamped
		h.window.add(e)
		if len(entries) > 0 && entries[0].Audience != e.Audience {
			h.tell(entries)
			entries = nil
		}
		entries = append(entries, e)
	}
	h.tell(entries)
	h.tellNews()
	return snapshots
}

// tell links the event of entries that have come, all for the same audience. r.mu
// is held.
func (r *Room) tell(entries []*Entry) {
	if len(entries) == 0 || r.loading || entries[0].Audience.nobody {
		return
	}
	said := 0
	for _, e := range entries {
		if e.Deed == nil {
			said++
		}
	}
	messages.Add(float64(said))
	r.append(&Event{Entries: entries, Audience: entries[0].Audience})
}

// fold reads a record and returns its entry, or nil if it is not shown: neither a
// message nor a deed that pages are told of, not readable, or shown before. r.mu
// is held.
func (r *Room) fold(rec chat.Record, now chat.Stamp) *Entry {
	m, err := chat.MessageOf(rec)
	switch {
	case rec.Type == chat.TypeEpoch:
		r.marks.came(rec.ID)
		return nil
	case errors.Is(err, chat.ErrUnknownType):
		return r.foldDeed(rec, now)
	case err != nil:
		skips.WithLabelValues("unreadable").Inc()
		r.complain(rec, err)
		return nil
	}
	if k, ok := keyOf(m, rec); ok && r.seen.first(k, rec.Offset) != rec.Offset {
		skips.WithLabelValues("repeated").Inc()
		return nil
	}
	if m.From.ID == "" && r.state.matcher.Match(m.Text) {
		skips.WithLabelValues("words").Inc()
		return nil
	}
	return r.state.showMessage(entryOf(rec, m), nil)
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
		h.reading.done()
		h.append(&Event{Lost: true})
	}
	if h.broker == s {
		return
	}
	h.broker = s
	h.append(&Event{Broker: &s})
}
