package room

import (
	"errors"

	"warren/chatd/chat"
)

// news is what the records that are being delivered have changed, to be told once
// they all are folded.
type news struct {
	state, hosts bool
	kicks        []string
}

// tellNews links the events of what has changed. r.mu is held.
func (r *Room) tellNews() {
	n := r.news
	r.news = news{}
	if r.loading {
		return // sessions have to resume, and then are told all
	}
	if n.state {
		r.append(&Event{State: r.state.public})
	}
	if n.hosts {
		r.append(&Event{Host: r.state.hosts, Audience: Audience{Hosts: true}})
	}
	for _, id := range n.kicks {
		r.append(&Event{Kick: id})
	}
}

// foldDeed reads a record that is no message and does what it says. It returns
// its entry, or nil if pages are not told of it. r.mu is held.
func (r *Room) foldDeed(rec chat.Record, now chat.Stamp) *Entry {
	d, err := chat.DeedOf(rec)
	switch {
	case errors.Is(err, chat.ErrUnknownType):
		skips.WithLabelValues("unknown_type").Inc()
		return nil
	case err != nil:
		skips.WithLabelValues("unreadable").Inc()
		r.complain(rec, err)
		return nil
	}
	if k, ok := keyOfDeed(d, rec.ID); ok && r.seen.first(k, rec.Offset) != rec.Offset {
		skips.WithLabelValues("repeated").Inc()
		return nil
	}
	if snapshot, ok := d.(*chat.Snapshot); ok {
		r.adopt(snapshot)
		return nil
	}
	e := entryOfDeed(rec, d)
	r.reading.keep(e)
	f := r.state.do(e, r.window.said)
	if _, erase := d.(*chat.Erase); erase {
		r.erased, r.before = r.before, nil
	}
	r.news.state = r.news.state || f.state
	r.news.hosts = r.news.hosts || f.hosts
	if k, ok := d.(*chat.Kick); ok && !r.loading {
		r.news.kicks = append(r.news.kicks, k.Who.ID)
		if e.Stamp.Boot != now.Boot {
			// Another machine's clock: by this one's, it was just now.
			r.state.kicks[len(r.state.kicks)-1].at = now
		}
	}
	if f.all {
		r.window.show(-1, r.show)
	} else if f.target >= 0 {
		r.window.show(f.target, r.show)
	}
	if !f.show {
		return nil
	}
	return r.show(e)
}

// show returns an entry as it is shown now. r.mu is held.
func (r *Room) show(raw *Entry) *Entry { return r.state.show(raw, r.window.said, nil) }

// entryOf returns the entry of a message.
func entryOf(rec chat.Record, m chat.Message) *Entry {
	e := &Entry{Offset: rec.Offset, Ref: rec.ID, Stamp: rec.Stamp, Message: m}
	if m.Shadow {
		e.Audience.Person = m.From.ID
	}
	return e
}

// entryOfDeed returns the entry of a deed.
func entryOfDeed(rec chat.Record, d chat.Deed) *Entry {
	e := &Entry{Offset: rec.Offset, Ref: rec.ID, Stamp: rec.Stamp, Deed: d}
	if shadowOf(d) {
		e.Audience.Person = d.Doer().ID
	}
	return e
}

// shadowOf reports whether a deed is a muted person's.
func shadowOf(d chat.Deed) bool {
	switch d := d.(type) {
	case *chat.Reaction:
		return d.Shadow
	case *chat.Edit:
		return d.Shadow
	case *chat.Delete:
		return d.Shadow
	}
	return false
}

// keyOfDeed is keyOf for a deed. What a person says and what that person does have
// ids of their own.
func keyOfDeed(d chat.Deed, ref string) (key, bool) {
	return key{d.Kind() + " " + d.Doer().ID, ref}, ref != ""
}

// State returns how the room is set up now.
func (r *Room) State() *State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.public
}

// Host returns what hosts know of the room now.
func (r *Room) Host() *HostState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.hosts
}

// Muted reports whether the person with that id is muted.
func (r *Room) Muted(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.muted[id]
}

// Kicked reports whether the person with that id was sent out less than
// chat.KickTime ago.
func (r *Room) Kicked(id string) bool {
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.kickedAt(id, now)
}
