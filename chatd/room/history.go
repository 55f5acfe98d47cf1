package room

import (
	"context"
	"errors"
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

// Viewer is who looks at the room: what a muted person said is shown to that
// person alone. The zero value is anybody.
type Viewer struct {
	Person string // id
	Host   bool
}

// View is the room at one moment: what a session that joins is told first.
type View struct {
	Epoch  string
	Head   int64 // offset of the newest entry that as may see, -1 if there is none
	Broker fanout.State
	Tail   *Event // follow from here

	Presence Presence // who is here, also those of whom the others are still to be told
	State    *State
	Host     *HostState // for hosts alone

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
	as        Viewer
}

// View returns the room now as somebody may see it, with the last n messages (0
// to the window's size) and what came between and after them.
//
// Until the log was read for the first time, or read afresh, there is nothing
// to view: Epoch is empty and Head -1. An event with Lost set says when to
// look again.
func (r *Room) View(as Viewer, n int) View {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.view(as, r.window.last(n, r.state.floor(), as))
}

func (r *Room) view(as Viewer, entries []*Entry) View {
	v := View{Head: -1, Broker: r.broker, Tail: r.tail, Presence: r.presence.all(), State: r.state.public, Host: r.state.hosts, as: as}
	if r.loading {
		return v
	}
	v.Epoch, v.Entries = r.epoch, entries
	floor := r.state.floor()
	for _, e := range slices.Backward(r.window.entries) {
		if e.Offset >= floor && e.SeenBy(as.Person, as.Host) {
			v.Head = e.Offset
			break
		}
	}
	return v
}

// Missed reads what lies between what a session has seen and the entries of
// its view, and gives it to yield, a page at a time. It stops at the first
// error, its own (fanout.ErrAway) or yield's.
func (r *Room) Missed(ctx context.Context, v View, yield func([]*Entry) error) error {
	for from := max(v.from+1, r.floor()); from < v.end; {
		recs, err := r.readLog(ctx, from-overlap, v.end, overlap+page)
		if err != nil || len(recs) == 0 || recs[len(recs)-1].Offset < from {
			return err
		}
		if err := yield(v.as.seen(r.entries(recs, from))); err != nil {
			return err
		}
		from = recs[len(recs)-1].Offset + 1
	}
	return nil
}

func (r *Room) floor() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.floor()
}

// Older returns up to n messages from before an offset, and what came between
// and after them (three entries for each at most), oldest first, as somebody may
// see them; and whether there are still older ones. The error is fanout.ErrAway
// while the log cannot be read.
func (r *Room) Older(ctx context.Context, as Viewer, before int64, n int) (entries []*Entry, more bool, err error) {
	r.mu.Lock()
	floor := r.state.floor()
	held := r.window.since(floor, as)
	r.mu.Unlock()
	i, _ := slices.BinarySearchFunc(held, before, func(e *Entry, o int64) int { return int(max(-1, min(1, e.Offset-o))) })
	held = held[:i]
	if entries = tail(held, n, as); len(entries) > 0 && isFull(entries, n) {
		// There may be none older than the first: then the next call says so.
		return entries, len(entries) < i || entries[0].Offset > floor, nil
	}
	if i > 0 {
		before = held[0].Offset
	}
	// Not every record is a message: read on until there are enough.
	for !isFull(entries, n) && before > floor {
		from := max(floor, before-page)
		recs, err := r.readLog(ctx, from-overlap, before, overlap+page)
		if err != nil {
			return nil, false, err
		}
		entries = append(as.seen(r.entries(recs, from)), entries...)
		if len(recs) == 0 {
			before = floor // the log begins here
		} else {
			before = from
		}
	}
	shown := tail(entries, n, as)
	return shown, len(shown) < len(entries) || before > floor, nil
}

// isFull reports whether entries hold n messages, or as much as goes with them.
func isFull(entries []*Entry, n int) bool {
	messages := 0
	for _, e := range entries {
		if e.Deed == nil {
			messages++
		}
	}
	return messages >= n || len(entries) >= 3*n
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
// from that pages are told of, as they are shown now. A record that is known to have
// come first elsewhere is left out, as fold would.
func (r *Room) entries(recs []chat.Record, from int64) []*Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := newPages()
	return r.showAll(p, p.read(recs, r.seen), from)
}

// pages are read from the log, one after the other.
type pages struct {
	seen    *seen
	changes changes
	said    map[int64]*Entry // the messages of the present page, as they were said
}

func newPages() *pages {
	return &pages{seen: newSeen(), changes: newChanges(maxChanges, maxChangeBytes)}
}

// read returns the entries of a page, as they stand in the log.
func (p *pages) read(recs []chat.Record, known *seen) []*Entry {
	out := make([]*Entry, 0, len(recs))
	p.said = make(map[int64]*Entry, len(recs))
	for _, rec := range recs {
		e, k, ok := entryIn(rec)
		if e == nil {
			continue
		}
		if ok {
			if at, ok := known.lookup(k); ok && at < rec.Offset || p.seen.first(k, rec.Offset) != rec.Offset {
				continue
			}
		}
		if e.Deed == nil {
			p.said[e.Offset] = e
		}
		switch e.Deed.(type) {
		case *chat.Edit, *chat.Delete:
			c, to := changeOf(e)
			if target := p.said[to]; to >= e.Offset || target != nil && !c.allowed(target) {
				continue
			}
			p.changes.add(to, c)
		}
		out = append(out, e)
	}
	return out
}

// showAll returns those of a page's entries at or after from that pages are told
// of, as they are shown now. r.mu is held.
func (r *Room) showAll(p *pages, raw []*Entry, from int64) []*Entry {
	said := func(offset int64) *Entry {
		if e := r.window.said(offset); e != nil {
			return e
		}
		return p.said[offset]
	}
	out := raw[:0]
	for _, e := range raw {
		if e.Offset < from || e.Deed == nil && e.Message.From.ID == "" && r.state.matcher.Match(e.Message.Text) {
			continue
		}
		out = append(out, r.state.show(e, said, &p.changes))
	}
	return out
}

// entryIn returns the entry of a record as it stands in the log, nil if pages are
// told of none; and its key, if it has one.
func entryIn(rec chat.Record) (e *Entry, k key, ok bool) {
	if rec.Type == chat.TypeEpoch {
		return nil, key{}, false
	}
	if m, err := chat.MessageOf(rec); err == nil {
		k, ok = keyOf(m, rec)
		return entryOf(rec, m), k, ok
	} else if !errors.Is(err, chat.ErrUnknownType) {
		return nil, key{}, false
	}
	switch rec.Type {
	case chat.TypeReaction, chat.TypeEdit, chat.TypeDelete, chat.TypeHide, chat.TypeClear:
		d, err := chat.DeedOf(rec)
		if err != nil {
			return nil, key{}, false
		}
		k, ok = keyOfDeed(d, rec.ID)
		return entryOfDeed(rec, d), k, ok
	}
	return nil, key{}, false
}
