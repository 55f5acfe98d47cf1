package room

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"warren/chatd/chat"
	"warren/chatd/fold/reference"
)

// follower is a page of somebody that once was told the room, and events since. It has to
// come to what a page is told that joins now.
type follower struct {
	as      Viewer
	at      *Event // the last event that it was told; nil: it has to join
	epoch   string
	entries map[int64]reference.Entry // messages as they are shown, and reactions
	edits   map[int64]int64           // of a message: the last edit
	state   *State
	hosts   *HostState
}

// join takes over a view of the room.
func (f *follower) join(v View) {
	*f = follower{as: f.as, at: v.Tail, epoch: v.Epoch, entries: make(map[int64]reference.Entry), edits: make(map[int64]int64), state: v.State, hosts: v.Host}
	for _, e := range v.Entries {
		_, change := e.Deed.(*chat.Edit)
		if _, reaction := e.Deed.(*chat.Reaction); e.Deed == nil || reaction || change && e.Audience.Person != "" {
			f.put(e) // all else has been done to the messages already
		}
	}
}

// follow takes in what has happened since.
func (f *follower) follow() {
	for f.at != nil {
		e := f.at.Next()
		if e == nil {
			return
		}
		f.at = e
		if !e.For(f.as.Person, f.as.Host) {
			continue
		}
		for _, entry := range e.Entries {
			if f.at != nil {
				f.put(entry)
			}
		}
		switch {
		case e.Lost:
			f.at = nil
		case e.State != nil:
			f.state = e.State
		case e.Host != nil:
			f.hosts = e.Host
		}
	}
}

// put does to what is shown what an entry says.
func (f *follower) put(e *Entry) {
	switch d := e.Deed.(type) {
	case nil, *chat.Reaction:
		p := plain(e)
		if p.Gone != "" {
			p.From.Name = ""
		}
		f.entries[e.Offset] = p
	case *chat.Edit:
		if m, ok := f.entries[d.To]; ok && m.Gone == "" && e.Offset > f.edits[d.To] {
			m.Text, m.Edited = d.Text, true
			f.entries[d.To], f.edits[d.To] = m, e.Offset
		}
	case *chat.Delete:
		f.gone(d.To, Deleted)
	case *chat.Hide:
		if !d.Undo {
			f.gone(d.To, Hidden)
		} else if m, ok := f.entries[d.To]; ok && m.Kind == chat.TypeMessage && m.Gone == Hidden {
			if e.Again == nil {
				f.at = nil // it has to be asked for
			} else {
				f.put(e.Again)
			}
		}
	case *chat.Clear:
		if d.Undo {
			f.at = nil // what is shown again has to be asked for
		} else {
			maps.DeleteFunc(f.entries, func(o int64, _ reference.Entry) bool { return o < e.Offset })
		}
	}
}

func (f *follower) gone(offset int64, why string) {
	if m, ok := f.entries[offset]; ok && m.Kind == chat.TypeMessage && m.Gone != Deleted {
		m.Gone, m.Text, m.Picture, m.From.Name, m.Edited = why, "", "", "", false
		f.entries[offset] = m
	}
}

// wrong says what it shows otherwise than a page that joins now.
func (f *follower) wrong(ctx context.Context, r *Room) string {
	f.follow()
	now := &follower{as: f.as}
	now.join(r.View(ctx, f.as, 1000))
	if f.at == nil || f.epoch == "" || len(f.entries) == 0 {
		*f = *now
		return ""
	}
	first := slices.Min(slices.Collect(maps.Keys(f.entries)))
	for o, e := range now.entries {
		if got, ok := f.entries[o]; o >= first && (!ok || !reflect.DeepEqual(got, e)) {
			return fmt.Sprintf("who has followed is shown %v\n%+v, and who joins\n%+v", ok, got, e)
		}
	}
	if len(now.entries) == 0 {
		return ""
	}
	first = max(r.floor(), slices.Min(slices.Collect(maps.Keys(now.entries)))) // the log may have lost what is before
	for o, e := range f.entries {
		if _, ok := now.entries[o]; !ok && o >= first {
			return fmt.Sprintf("who has followed is shown %+v, and who joins is not", e)
		}
	}
	if inJSON(f.state) != inJSON(now.state) || f.as.Host && inJSON(f.hosts) != inJSON(now.hosts) {
		return fmt.Sprintf("who has followed was told\n%s %s, and who joins\n%s %s", inJSON(f.state), inJSON(f.hosts), inJSON(now.state), inJSON(now.hosts))
	}
	return ""
}
