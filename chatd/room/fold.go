package room

import (
	"errors"
	"slices"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fold"
)

// What the records of the log do to this daemon's room. What they come to is for
// package fold to say.

// add takes the next record of the log, and returns its entry as it is shown, or nil if pages are
// not told of it. A record that is live and has no stamp, as an AMQP client's, came
// just now. r.mu is held.
func (r *Room) add(rec chat.Record, live bool, now chat.Stamp) *Entry {
	step := r.fold.Add(rec)
	r.snapshot.keep = r.snapshot.keep || step.Hosts
	r.note(rec, &step)
	if step.Verdict != fold.Shown {
		return nil
	}
	e := entryOf(rec, &step)
	if live && !rec.Stamp.Known() {
		e.Stamp, e.stamped = now, true
	}
	r.index.note(e, &step)
	r.begin = r.index.forget(r.begin)
	e = r.hold(e) // before the message is shown again: it has the text of the edit
	if step.All {
		r.reshow(-1)
	} else if step.Target >= 0 {
		r.reshow(step.Target)
	}
	return e
}

// note counts what is not shown, and keeps what is to be told. r.mu is held.
func (r *Room) note(rec chat.Record, step *fold.Step) {
	r.news.state = r.news.state || step.Changed
	r.news.hosts = r.news.hosts || step.Hosts
	switch {
	case rec.Type == chat.TypeEpoch:
		r.marks.came(rec.ID)
	case errors.Is(step.Err, chat.ErrUnknownType):
		skips.WithLabelValues("unknown_type").Inc()
	case step.Err != nil:
		skips.WithLabelValues("unreadable").Inc()
		r.complain(rec, step.Err)
	case step.Verdict == fold.Repeated:
		skips.WithLabelValues("repeated").Inc()
	case step.Verdict == fold.Refused:
		skips.WithLabelValues(string(step.Why)).Inc()
		if !r.loading && step.From != "" && rec.ID != "" {
			r.news.refused = append(r.news.refused, Refused{step.From, rec.ID, *r.refusal(step.Why, 0)})
		}
	}
	if step.Kick != "" && !r.loading {
		r.news.kicks = append(r.news.kicks, step.Kick)
	}
	if _, erase := step.Deed.(*chat.Erase); erase && step.Changed && r.before != nil {
		r.erased, r.before = r.before, nil
	}
}

// note notes what becomes of a record that is shown.
func (x *index) note(e *Entry, step *fold.Step) {
	m := shown
	if e.Audience.Person != "" {
		m = shadow
	}
	if step.Renamed {
		m |= renamed
	}
	x.set(e.Offset, m)
	switch d := step.Deed.(type) {
	case nil:
		if p := e.Message.Picture; p != nil {
			at := x.images[p.ID]
			if i, there := slices.BinarySearch(at, e.Offset); !there { // history that is read again has it
				x.images[p.ID] = slices.Insert(at, i, e.Offset)
			}
		}
	case *chat.Edit:
		if step.Target >= 0 {
			x.edit(d.To, e.Offset)
		}
	case *chat.Delete:
		x.set(d.To, deleted)
	}
}

// news is what the records that are being delivered have changed, to be told once
// they all are folded.
type news struct {
	state, hosts bool
	kicks        []string
	refused      []Refused
}

// tellNews links the events of what has changed. r.mu is held.
func (r *Room) tellNews() {
	n := r.news
	r.news = news{}
	if n.state || n.hosts {
		r.publish()
	}
	if n.hosts {
		r.presence.touch() // who is muted is shown under another name
	}
	if r.loading {
		return // sessions have to resume, and then are told all
	}
	if n.state {
		r.append(&Event{State: r.state})
	}
	if n.hosts {
		r.append(&Event{Host: r.hosts, Audience: Audience{Hosts: true}})
	}
	for _, id := range n.kicks {
		r.append(&Event{Kick: id})
	}
	for i := range n.refused {
		r.append(&Event{Refused: &n.refused[i], Audience: Audience{Person: n.refused[i].Person}})
	}
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

// entryOf returns the entry of a record that is shown.
func entryOf(rec chat.Record, step *fold.Step) *Entry {
	e := &Entry{Offset: rec.Offset, Ref: rec.ID, Stamp: rec.Stamp, Deed: step.Deed, Audience: Audience{Person: step.Person}}
	if step.Message != nil {
		e.Message = *step.Message
	}
	return e
}
