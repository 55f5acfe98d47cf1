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
	"warren/chatd/fold"
)

// back is how many records are read from the log at the start at least, if a snapshot
// stands before them: about as many as the window holds. What is older is
// read once the room is open.
const back = 3000

// Room is one daemon's view of the room. All methods may be called
// concurrently.
type Room struct {
	// Answer returns what other daemons of the room may have of this one, by a name; nil: nothing. It
	// is set before Run.
	Answer func(name string) []byte

	exchange fanout.Exchange
	clock    func() chat.Stamp
	log      *slog.Logger
	node     string // tells this daemon's whispers from others'
	reads    chan struct{}
	finding  chan struct{}

	mu       sync.Mutex
	epoch    string
	broker   fanout.State
	why      string // the exchange is not up, for the host
	loading  bool   // from Reset until the exchange is reached: what is delivered is history, not news
	follows  bool   // the next record follows what was read; not if it is the first, and nothing is kept
	fold     *fold.Fold
	before   *fold.Fold // of the log before this one
	erased   *fold.Fold // of the log that was erased, nil if none was
	index    *index
	begin    int64 // offset from which on what is shown of the log is known
	filled   bool  // it is as far back as it can be
	window   window
	shadows  window // what is shown to its sender alone
	unsure   unsure
	read     int64       // offset of the last record that r.fold knows, shown or not; -1 if none
	last     chat.Record // that record, without its body
	state    *State
	hosts    *HostState
	tail     *Event
	presence presence
	marks    marks
	slow     slowMode
	news     news
	snapshot snapshots
	erasing  string        // the ref of the erasure that is under way, "" if none is
	erasures chan erasure  // capacity 1
	fill     chan struct{} // capacity 1: history is to be read
	lives    int           // counts Resets

	skipped    int       // unreadable records since the last line about them
	skippedLog time.Time // when that line was written
}

// maxReads is how many history reads may be under way at once: each is a
// consumer of its own at the broker.
const maxReads = 4

// New returns a room on exchange. clock stamps what is said.
func New(exchange fanout.Exchange, clock func() chat.Stamp, log *slog.Logger) *Room {
	first := &Event{ready: make(chan struct{})}
	r := &Room{
		exchange: exchange,
		clock:    clock,
		log:      log,
		node:     uuid.NewString(),
		reads:    make(chan struct{}, maxReads),
		finding:  make(chan struct{}, 1),
		loading:  true,
		fold:     fold.New(),
		index:    newIndex(),
		tail:     first,
		window:   newWindow(maxWindow, maxWindowBytes),
		shadows:  newWindow(maxShadows, maxShadowBytes),
		presence: newPresence(),
		marks:    newMarks(),
		read:     -1,
		slow:     make(slowMode),
		erasures: make(chan erasure, 1),
		fill:     make(chan struct{}, 1),
	}
	r.state, r.hosts = seen(chat.State{})
	return r
}

// Run follows the exchange until ctx ends, and returns nil then.
func (r *Room) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.exchange.Run(ctx, back, handler{r}) })
	g.Go(func() error { return r.announce(ctx) })
	g.Go(func() error { return r.sendMarks(ctx) })
	g.Go(func() error { return r.eraseAll(ctx) })
	g.Go(func() error { return r.keepSnapshots(ctx) })
	g.Go(func() error { return r.fillHistory(ctx) })
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
func (h handler) Reset(epoch string, kept *chat.Record) (ok bool) {
	f, begin, last := fold.New(), int64(0), chat.Record{}
	if kept != nil {
		s, err := snapshotOf(*kept)
		if err != nil {
			h.log.Warn("A snapshot of the room cannot be read: an older one is looked for", "of", kept.Offset, "why", err)
			return false
		}
		if f, err = fold.From(*s); err != nil {
			h.log.Warn("Not all of a snapshot of the room can be read", "of", kept.Offset, "why", err)
		}
		begin, last = s.Upto+1, chat.Record{Offset: kept.Offset, ID: kept.ID, Stamp: kept.Stamp}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if epoch != h.epoch {
		h.erasing = "" // it is done
		h.before, h.erased = h.fold, nil
		if kept != nil && kept.Offset < 0 { // the log begins with an erasure
			h.erased, h.before = h.before, nil
		}
		h.state, h.hosts = seen(chat.State{}) // of the other log
	}
	h.epoch, h.lives, h.loading = epoch, h.lives+1, true
	h.restart(f, begin)
	h.read, h.last, h.follows, h.news = begin-1, last, kept != nil, news{}
	h.snapshot.begin()
	return true
}

// restart makes f what is known of the log: all that was read before, and what
// the records from begin on have done, is forgotten. r.mu is held.
func (r *Room) restart(f *fold.Fold, begin int64) {
	r.fold, r.begin, r.filled = f, begin, begin == 0
	r.index = newIndex()
	r.window.clear(begin)
	r.shadows.clear(begin)
	r.unsure = unsure{}
	r.presence.touch() // others are muted
}

// Deliver implements fanout.Handler.
func (h handler) Deliver(recs []chat.Record) {
	h.mu.Lock()
	due := h.deliver(recs)
	h.mu.Unlock()
	for _, d := range due {
		h.publishSnapshots(d)
	}
}

// deliver takes what is next in the log, and returns which snapshots are due. Each is of the place
// where it is due: the last record of a batch may always be one that is none. r.mu is held.
func (r *Room) deliver(recs []chat.Record) (due []dueSnapshots) {
	now := r.clock()
	live := r.broker != fanout.Away && !r.loading
	entries := make([]*Entry, 0, len(recs))
	for _, rec := range recs {
		if r.follows && rec.Offset > r.read+1+maxGap {
			entries = nil // those before are shown to nobody any more
			r.miss(rec.Offset)
		}
		r.follows = true
		if live && rec.Stamp.Known() && rec.Stamp.Boot != now.Boot && !r.fold.KnowsBoot(rec.Stamp.Boot) {
			// Another machine has come, and takes the time of the last record for that of the log. If
			// it has been silent here since, a kick would be over too soon: tell it what time it is.
			r.marks.ask()
		}
		e := r.add(rec, live, now)
		r.read = rec.Offset
		r.last = chat.Record{Offset: rec.Offset, ID: rec.ID, Stamp: rec.Stamp}
		r.snapshot.count(rec)
		if !r.fold.Sure() && r.findSnapshot(rec) {
			entries = nil // none was told: the log is being read
			continue
		}
		if d := r.snapshotsDue(); d.snapshot != nil {
			due = append(due, d)
		}
		if e == nil {
			continue
		}
		if len(entries) > 0 && entries[0].Audience != e.Audience {
			r.tell(entries)
			entries = nil
		}
		entries = append(entries, e)
	}
	r.tell(entries)
	r.tellNews()
	return due
}

// miss takes note that the log lost its front up to an offset before it was read so far: by a
// daemon that is slower than what is said, or had stopped. What was read before cannot be
// continued. r.mu is held.
func (r *Room) miss(offset int64) {
	r.fold.Miss(offset)
	r.news.hosts = true
	if r.begin < offset && r.read >= r.begin {
		r.begin, r.filled = offset, true
		r.window.clear(offset)
		r.shadows.clear(offset)
		if !r.loading {
			r.append(&Event{Lost: true})
		}
	}
}

// maxGap is how many offsets may be missing from the log without any record being
// lost: RabbitMQ gives some to what it notes for itself.
const maxGap = 16

// hold puts an entry into its window, and returns it as it is shown. r.mu is held.
func (r *Room) hold(raw *Entry) *Entry {
	e := r.show(raw, r.held)
	if raw.Audience.Person != "" {
		r.shadows.add(e)
	} else {
		r.window.add(e)
	}
	return e
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

// State implements fanout.Handler.
func (h handler) State(s fanout.State, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.why = why
	if s != fanout.Away && h.broker == fanout.Away {
		h.snapshot.keep = true // what was to be kept may be gone with the line
	}
	if s != fanout.Away && h.loading {
		h.loading, h.unsure = false, unsure{}
		if !h.fold.Sure() {
			h.fold.Settle()
			h.filled = true
			h.begin = max(0, h.index.first())
			if h.read >= 0 {
				h.log.Warn("The beginning of the log is gone, and there is no snapshot of what it had made of the room: who is muted and what is hidden may be forgotten")
			}
		}
		h.publish()
		h.presence.touch()
		h.append(&Event{Lost: true})
		select {
		case h.fill <- struct{}{}:
		default:
		}
	}
	if h.broker == s {
		return
	}
	h.broker = s
	h.append(&Event{Broker: &s})
}

// Asked implements fanout.Handler.
func (h handler) Asked(name string) []byte {
	if h.Answer == nil {
		return nil
	}
	return h.Answer(name)
}
