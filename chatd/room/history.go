package room

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fold"
)

// page is how many records of the log are read at a time at most, and firstPage how
// many at first: where few are asked for, few are read.
const (
	page      = 512
	firstPage = 64
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

	// When CatchUp: what is missed lies between the record that was seen and
	// the entries, or the end of the log if the windows hold none.
	seen chat.Record
	end  int64
	as   Viewer
}

// View returns the room now as somebody may see it, with the last n messages (0
// to the window's size) and what came between and after them. If the newest
// part of the log, which is in memory, has fewer, it reads the rest, unless the log cannot be
// read now.
//
// Until the log was read for the first time, or read afresh, there is nothing
// to view: Epoch is empty and Head -1. An event with Lost set says when to
// look again.
func (r *Room) View(ctx context.Context, as Viewer, n int) View {
	r.mu.Lock()
	v, begin := r.view(as), r.begin
	var held []*Entry
	if !r.loading {
		held, begin = r.since(0, as)
		v.Entries = tail(held, n, as)
	}
	if v.Epoch != "" && v.Head < 0 && !r.filled && begin > r.fold.Floor() {
		v.Head = begin - 1 // there is something older, perhaps, which can be read in a moment
	}
	floor, life := r.fold.Floor(), r.lives
	r.mu.Unlock()
	if v.Epoch == "" || isFull(v.Entries, n) || begin <= floor {
		return v
	}
	older, _, err := r.readBack(ctx, life, as, begin, n-messagesIn(held), 3*n-len(held))
	if err == nil {
		v.Entries = tail(append(older, held...), n, as)
		if len(v.Entries) > 0 && v.Head < v.Entries[len(v.Entries)-1].Offset {
			v.Head = v.Entries[len(v.Entries)-1].Offset
		}
	}
	return v
}

// since returns what is in memory at or after an offset that somebody may see, as a
// copy, and the offset from which on nothing is missing there. r.mu is held.
func (r *Room) since(offset int64, as Viewer) (entries []*Entry, begin int64) {
	offset = max(offset, r.fold.Floor())
	begin = max(r.window.begin, r.shadows.beginFor(as.Person))
	offset = max(offset, begin)
	return as.seen(merge(r.window.entries[r.window.index(offset):], r.shadows.entries[r.shadows.index(offset):])), begin
}

// view returns the room without entries. r.mu is held.
func (r *Room) view(as Viewer) View {
	v := View{Head: -1, Broker: r.broker, Tail: r.tail, Presence: r.presenceFor(as), State: r.state, Host: r.hosts, as: as}
	if r.loading {
		return v
	}
	v.Epoch = r.epoch
	floor := r.fold.Floor()
	for _, w := range []*window{&r.window, &r.shadows} {
		for _, e := range slices.Backward(w.entries) {
			if e.Offset < max(floor, v.Head+1) {
				break
			}
			if e.SeenBy(as.Person, as.Host) {
				v.Head = e.Offset
				break
			}
		}
	}
	return v
}

// ErrGap reports that the log does not continue any more what a session has seen.
var ErrGap = errors.New("some of the log that was to be read is gone")

// Missed reads what lies between what a session has seen and the entries of
// its view, and gives it to yield, a page at a time. Each page is proven to continue
// the one before. It stops at the first error: its own (fanout.ErrAway, ErrGap) or yield's.
func (r *Room) Missed(ctx context.Context, v View, yield func([]*Entry) error) error {
	for last := v.seen; last.Offset+1 < v.end; {
		recs, err := r.readLog(ctx, last.Offset, v.end, page)
		switch {
		case err != nil:
			return err
		case len(recs) == 0, recs[0].Offset != last.Offset, recs[0].ID != last.ID, recs[0].Stamp != last.Stamp:
			return ErrGap
		case len(recs) == 1:
			return nil
		}
		last = recs[len(recs)-1]
		entries, ok, err := r.entries(ctx, v.Epoch, recs[1:], v.as)
		if err != nil {
			return err
		} else if !ok {
			return ErrGap
		}
		if err := yield(entries); err != nil {
			return err
		}
	}
	return nil
}

// Older returns up to n messages from before an offset, and what came between
// and after them (three entries for each at most), oldest first, as somebody may
// see them; and whether there are still older ones. The error is fanout.ErrAway
// while the log cannot be read.
func (r *Room) Older(ctx context.Context, as Viewer, before int64, n int) (entries []*Entry, more bool, err error) {
	r.mu.Lock()
	if r.loading {
		r.mu.Unlock()
		return nil, false, fanout.ErrAway
	}
	held, begin := r.since(0, as)
	floor, life := r.fold.Floor(), r.lives
	r.mu.Unlock()
	i, _ := slices.BinarySearchFunc(held, before, func(e *Entry, o int64) int { return cmp.Compare(e.Offset, o) })
	held = held[:i]
	if entries = tail(held, n, as); isFull(entries, n) {
		// There may be none older than the first: then the next call says so.
		return entries, len(entries) < i || entries[0].Offset > floor, nil
	}
	older, more, err := r.readBack(ctx, life, as, min(before, begin), n-messagesIn(entries), 3*n-len(entries))
	if err != nil {
		return nil, false, err
	}
	all := append(older, entries...)
	shown := tail(all, n, as)
	return shown, more || len(shown) < len(all), nil
}

// readBack reads back from before an offset until it has n messages, or most entries, that
// somebody may see. More says that there are older ones.
func (r *Room) readBack(ctx context.Context, life int, as Viewer, before int64, n, most int) (entries []*Entry, more bool, err error) {
	for size := firstPage; ; size = min(2*size, page) {
		r.mu.Lock()
		begin, filled, same, epoch := max(r.begin, r.fold.Floor()), r.filled, r.lives == life, r.epoch
		r.mu.Unlock()
		switch {
		case !same:
			return nil, false, fanout.ErrAway
		case before <= begin && !filled && begin > r.floor():
			return entries, true, errIfNone(entries) // it is being read
		case before <= begin:
			return entries, false, nil
		case messagesIn(entries) >= n || len(entries) >= most:
			return entries, true, nil
		}
		from := max(begin, before-int64(size))
		older, err := r.readAll(ctx, epoch, from, before, as)
		if err != nil {
			return nil, false, err
		}
		entries = append(older, entries...)
		before = from
	}
}

// errIfNone is fanout.ErrAway if there are no entries.
func errIfNone(entries []*Entry) error {
	if len(entries) == 0 {
		return fanout.ErrAway
	}
	return nil
}

// readAll reads what somebody may see of a part of the log.
func (r *Room) readAll(ctx context.Context, epoch string, from, before int64, as Viewer) (all []*Entry, err error) {
	for from < before {
		recs, err := r.readLog(ctx, from, before, page)
		if err != nil {
			return nil, err
		}
		if len(recs) == 0 {
			break
		}
		entries, same, err := r.entries(ctx, epoch, recs, as)
		if err != nil {
			return nil, err
		} else if !same {
			return nil, fanout.ErrAway
		}
		all = append(all, entries...)
		from = recs[len(recs)-1].Offset + 1
	}
	return all, nil
}

func (r *Room) floor() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fold.Floor()
}

func messagesIn(entries []*Entry) (n int) {
	for _, e := range entries {
		if e.Deed == nil {
			n++
		}
	}
	return n
}

// isFull reports whether entries hold n messages, or as much as goes with them.
func isFull(entries []*Entry, n int) bool {
	return messagesIn(entries) >= n || len(entries) >= 3*n
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

// entries returns what somebody may see of records, as it is shown now; false if they are of
// another log than the one with that epoch, or of a part of it of which that is not known. Edits
// behind the last of them are read from the log.
func (r *Room) entries(ctx context.Context, epoch string, recs []chat.Record, as Viewer) (out []*Entry, same bool, err error) {
	raw := make(map[int64]*Entry, len(recs))
	order := make([]*Entry, 0, len(recs))
	for _, rec := range recs {
		if e := entryIn(rec); e != nil {
			raw[e.Offset] = e
			order = append(order, e)
		}
	}
	var least, most int64 // edits that are not among them
	r.mu.Lock()
	for _, e := range order {
		if by := r.index.editOf(e.Offset); by != 0 && raw[by] == nil && r.held(by) == nil {
			most = max(most, by)
			if least == 0 || by < least {
				least = by
			}
		}
	}
	r.mu.Unlock()
	for from := least; from != 0 && from <= most; {
		later, err := r.readLog(ctx, from, most+1, page)
		if err != nil {
			return nil, false, err
		}
		if len(later) == 0 {
			break
		}
		for _, rec := range later {
			if rec.Type == chat.TypeEdit {
				if e := entryIn(rec); e != nil {
					raw[e.Offset] = e
				}
			}
		}
		from = later[len(later)-1].Offset + 1
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	if r.epoch != epoch || r.loading || len(recs) > 0 && recs[0].Offset < r.begin {
		return nil, false, nil
	}
	at := func(offset int64) *Entry {
		if e := raw[offset]; e != nil {
			return e
		}
		return r.held(offset)
	}
	for _, e := range order {
		r.judged(e)
	}
	begin := max(r.begin, r.fold.Floor())
	for _, e := range order {
		if e.Offset < begin || e.Audience.nobody {
			continue
		}
		if shown := r.show(e, at); shown.SeenBy(as.Person, as.Host) {
			out = append(out, shown)
		}
	}
	return out, true, nil
}

// judged makes of an entry that was read from the log what is known of it: for whom it
// is, and under which name. r.mu is held.
func (r *Room) judged(e *Entry) {
	m, from := r.index.of(e.Offset), &e.Message.From
	switch d := e.Deed.(type) {
	case *chat.Reaction:
		from = &d.From
	case *chat.Edit:
		from = &d.From
	case *chat.Delete:
		from = &d.From
	}
	e.Audience = Audience{}
	switch {
	case m&(shown|shadow) == 0:
		e.Audience.nobody = true
	case m&shadow != 0:
		e.Audience.Person = from.ID
	}
	if m&renamed != 0 {
		from.Name = fold.NeutralName(from.ID)
	}
}

// entryIn returns the entry of a record as it stands in the log, nil if pages are
// told of none.
func entryIn(rec chat.Record) *Entry {
	if rec.Type == chat.TypeEpoch {
		return nil
	}
	if m, err := chat.MessageOf(rec); err == nil {
		return &Entry{Offset: rec.Offset, Ref: rec.ID, Stamp: rec.Stamp, Message: m}
	} else if !errors.Is(err, chat.ErrUnknownType) {
		return nil
	}
	switch rec.Type {
	case chat.TypeReaction, chat.TypeEdit, chat.TypeDelete, chat.TypeHide, chat.TypeClear:
		if d, err := chat.DeedOf(rec); err == nil {
			return &Entry{Offset: rec.Offset, Ref: rec.ID, Stamp: rec.Stamp, Deed: d}
		}
	}
	return nil
}
