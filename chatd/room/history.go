package room

import (
	"context"
	"slices"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// page is how many records of the log are read at a time, and overlap how many
// before them, that are not shown: a message that was repeated is told from its
// first if they are that close. Repeats come within the seconds that a broken
// line to the broker takes to be noticed: in half a minute a hundred people say
// 500 messages at most.
const (
	page    = 500
	overlap = page
)

// View is the room at one moment: what a session that joins is told first.
type View struct {
	Epoch  string
	Head   int64 // offset of the newest entry, -1 if there is none
	Broker fanout.State
	Tail   *Event // follow from here

	Presence Presence // who is here, also those of whom the others are still to be told

	// Entries follow directly on what the session has seen, or are the
	// recent history. Between them and what it has seen may lie some of the
	// log that must be read first: with CatchUp, from From on.
	Entries []*Entry
	Resumed bool // Entries, after CatchUp if need be, continue what was seen
	CatchUp bool

	// Unsettled: nobody knows yet whether the log continues what was seen. Until
	// Settle returns, there are no entries, and nothing to follow.
	Unsettled bool

	// When CatchUp: what is missed lies between the offset that was seen and
	// the entries, or the end of the log if the window holds none.
	from, end int64
}

// View returns the room now, with the last n entries (0 to the window's
// size).
//
// Until the log was read for the first time, or read afresh, there is nothing
// to view: Epoch is empty and Head -1. An event with Lost set says when to
// look again.
func (r *Room) View(n int) View {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view(r.window.last(n))
}

func (r *Room) view(entries []*Entry) View {
	v := View{Head: -1, Broker: r.broker, Tail: r.tail, Presence: r.presence.all()}
	if r.loading {
		return v
	}
	v.Epoch, v.Entries = r.epoch, entries
	if n := len(r.window.entries); n > 0 {
		v.Head = r.window.entries[n-1].Offset
	}
	return v
}

// Missed reads what lies between what a session has seen and the entries of
// its view, and gives it to yield, a page at a time. It stops at the first
// error, its own (fanout.ErrAway) or yield's.
func (r *Room) Missed(ctx context.Context, v View, yield func([]*Entry) error) error {
	for from := v.from + 1; from < v.end; {
		recs, err := r.readLog(ctx, from-overlap, v.end, overlap+page)
		if err != nil || len(recs) == 0 || recs[len(recs)-1].Offset < from {
			return err
		}
		if err := yield(r.entries(recs, from)); err != nil {
			return err
		}
		from = recs[len(recs)-1].Offset + 1
	}
	return nil
}

// Older returns up to n entries from before an offset, oldest first, and
// whether there are still older ones. The error is fanout.ErrAway while the
// log cannot be read.
func (r *Room) Older(ctx context.Context, before int64, n int) (entries []*Entry, more bool, err error) {
	r.mu.Lock()
	held := r.window.after(-1)
	r.mu.Unlock()
	i, _ := slices.BinarySearchFunc(held, before, func(e *Entry, o int64) int { return int(max(-1, min(1, e.Offset-o))) })
	if i >= n {
		entries = held[i-n : i]
		// There may be none older than the first: then the next call says so.
		return entries, i > n || entries[0].Offset > 0, nil
	}
	entries = held[:i]
	if i > 0 {
		before = entries[0].Offset
	}
	// Not every record is a message: read on until there are enough.
	for len(entries) < n && before > 0 {
		from := max(0, before-page)
		recs, err := r.readLog(ctx, from-overlap, before, overlap+page)
		if err != nil {
			return nil, false, err
		}
		entries = append(r.entries(recs, from), entries...)
		if len(recs) == 0 {
			before = 0 // the log begins here
		} else {
			before = from
		}
	}
	if len(entries) > n {
		return entries[len(entries)-n:], true, nil
	}
	return entries, before > 0, nil
}

// readLog reads the log, a few at a time: others wait.
func (r *Room) readLog(ctx context.Context, from, before int64, n int) ([]chat.Record, error) {
	select {
	case r.reads <- struct{}{}:
		defer func() { <-r.reads }()
	case <-ctx.Done():
		return nil, fanout.ErrAway
	}
	return r.exchange.Read(ctx, from, before, n)
}

// entries reads records from before the window, and returns those at or after
// from. A record that is known to have come first elsewhere is left out, as fold
// would.
func (r *Room) entries(recs []chat.Record, from int64) []*Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	local := newSeen()
	out := make([]*Entry, 0, len(recs))
	for _, rec := range recs {
		m, err := chat.MessageOf(rec)
		if err != nil || rec.Type == chat.TypeEpoch {
			continue
		}
		if k, ok := keyOf(m, rec); ok {
			if at, ok := r.seen.lookup(k); ok && at < rec.Offset || local.first(k, rec.Offset) != rec.Offset {
				continue
			}
		}
		if rec.Offset < from {
			continue
		}
		out = append(out, &Entry{Offset: rec.Offset, Ref: rec.ID, Stamp: rec.Stamp, Message: m})
	}
	return out
}
