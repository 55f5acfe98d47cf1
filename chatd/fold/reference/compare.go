package reference

import (
	"fmt"
	"slices"
	"time"

	"warren/chatd/chat"
)

// Bounds are those of package fold's contract, which has their names.
type Bounds struct {
	Horizon             int64
	MaxBoots, MaxSpoken int
	SlowSlack           time.Duration
}

// What only those ask for who compare something with the reference.

// Begin takes over what a snapshot says of a log of which nothing is to be read again.
func (r *Room) Begin(s chat.Snapshot) {
	d, err := chat.DeedOf(chat.RecordOf(&s, s.ID(), chat.Stamp{}))
	if err != nil {
		panic(err)
	}
	s = *d.(*chat.Snapshot) // a copy
	r.State = s.State
	if m := s.Memory; m != nil {
		r.time, r.bases, r.spoken = m.Time, m.Boots, m.Spoken
	}
}

// Came is what a record came to.
type Came struct {
	What  string // nothing, shown, repeated, refused
	Why   string
	From  string // of what is refused: whose it is
	Shown Entry

	Target int64 // of a message that is shown otherwise from now on, -1
}

// Read folds the next record.
func (r *Room) Read(rec chat.Record) Came {
	r.fold(rec)
	e := last(r.entries, 1)[0]
	switch {
	case e.repeat:
		return Came{What: "repeated", Target: -1}
	case e.why != "":
		return Came{What: "refused", Why: e.why, From: e.From.ID, Target: -1}
	case !e.shown:
		return Came{What: "nothing", Target: -1}
	case e.Kind == chat.TypeReaction, e.Kind == chat.TypeEdit && e.Only != r.at(e.To).Only: // a shadow, of what all can see
		return Came{What: "shown", Shown: e.Entry, Target: -1}
	}
	return Came{What: "shown", Shown: e.Entry, Target: e.To}
}

// Saying returns e with what a message says, or, if that is nil, a deed.
func (e Entry) Saying(m *chat.Message, d chat.Deed) Entry {
	e.ReplyTo, e.To = -1, -1
	if m != nil {
		e.Kind, e.From, e.Text = chat.TypeMessage, m.From, m.Text
		if m.ReplyTo != nil {
			e.ReplyTo = *m.ReplyTo
		}
		if m.Picture != nil {
			e.Picture = m.Picture.ID
		}
		return e
	}
	e.Kind, e.From = d.Kind(), d.Doer()
	switch d := d.(type) {
	case *chat.Reaction:
		e.To, e.Emoji, e.Undo = d.To, d.Emoji, d.Undo
	case *chat.Edit:
		e.To, e.Text = d.To, d.Text
	case *chat.Delete:
		e.To = d.To
	case *chat.Hide:
		e.To, e.Undo = d.To, d.Undo
	case *chat.Clear:
		e.Undo = d.Undo
	}
	return e
}

// Said returns the messages that are shown, to whomever.
func (r *Room) Said() (out []Entry) {
	for _, e := range r.entries {
		if e.shown && e.Kind == chat.TypeMessage {
			out = append(out, e.Entry)
		}
	}
	return out
}

// ID is what a record can be repeated by, and why that was refused, if it was.
type ID struct {
	Kind, Sender, ID string
	Offset           int64
	Why              string
}

// IDs returns those of all records that are no repeats.
func (r *Room) IDs() (out []ID) {
	for _, e := range r.entries {
		if e.sender != "" && !e.repeat {
			out = append(out, ID{e.Kind, e.sender, e.Ref, e.Offset, e.why})
		}
	}
	return out
}

// Host reports whether a record of a person's, with the host flag or not, is a host's.
func (r *Room) Host(person string, flag bool) bool {
	e := &entry{Entry: Entry{From: chat.Person{ID: person}}}
	r.judge(e, flag, false, "")
	return e.host
}

// Muted reports whether a person is muted.
func (r *Room) Muted(person string) bool {
	e := &entry{Entry: Entry{From: chat.Person{ID: person}}}
	r.judge(e, false, false, "")
	return e.Only != ""
}

// whyAt returns why, at the time that a record with a stamp would have, it is refused to a person.
func (r *Room) whyAt(person string, at chat.Stamp, reasons string) string {
	then := *r
	then.bases = slices.Clone(r.bases)
	then.pass(at)
	return then.why(&entry{Entry: Entry{Kind: chat.TypeMessage, From: chat.Person{ID: person}}}, reasons)
}

// Kicked reports whether somebody is kept out at the time that a record with a stamp
// would have.
func (r *Room) Kicked(person string, at chat.Stamp) bool {
	return r.whyAt(person, at, "kicked") != ""
}

// Soon reports whether a message comes too early for slow mode without slack, as
// daemons ask before they let it into the log.
func (r *Room) Soon(rec chat.Record) bool {
	m, err := chat.MessageOf(rec)
	strict := *r
	strict.SlowSlack = 0
	return err == nil && strict.whyAt(m.From.ID, rec.Stamp, "slow_down") != ""
}

// Carried returns what stays of the state when all is erased.
func (r *Room) Carried() chat.State {
	s := r.State
	s.Hidden, s.Clears, s.Floor, s.Pin, s.Deeds, s.Unknown = nil, nil, 0, nil, nil, 0
	s.Kicked = slices.Clone(s.Kicked)
	for i := range s.Kicked {
		s.Kicked[i].At -= r.time
	}
	return s
}

// Reactions returns those that stand, as "offset emoji person".
func (r *Room) Reactions(person string) (out []string) {
	for _, e := range r.View(person) {
		if e.Kind == chat.TypeReaction {
			one := fmt.Sprint(e.To, " ", e.Emoji, " ", e.From.ID)
			out = slices.DeleteFunc(out, func(s string) bool { return s == one })
			if !e.Undo {
				out = append(out, one)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Pictures returns the messages with a picture that somebody may see.
func (r *Room) Pictures() (out []Entry) {
	for _, m := range r.Said() {
		if m.Picture != "" && m.Offset >= r.Floor() && m.Gone == "" && !slices.Contains(r.State.Hidden, m.Offset) {
			out = append(out, m)
		}
	}
	return out
}
