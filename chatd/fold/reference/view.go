package reference

import (
	"cmp"
	"fmt"
	"slices"

	"warren/chatd/chat"
)

// Entry is what is shown of a record.
type Entry struct {
	Offset  int64
	Ref     string
	Kind    string // the record's type
	From    chat.Person
	Text    string // of a message or an edit
	Edited  bool
	Gone    string // "deleted" or "hidden"
	ReplyTo int64  // -1 if there is none
	Picture string // its id
	To      int64  // of a deed
	Emoji   string
	Undo    bool
	Only    string // the person who alone may see it; empty: everyone may

	at   int64 // T
	last int64 // of a message: the offset of its last edit, -1
	idle bool  // of an edit: it is a shadow, and does nothing
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

// Refusal is a record that is not shown.
type Refusal struct {
	Offset           int64
	Person, Ref, Why string
}

// Public returns e without what nobody is shown.
func (e *Entry) Public() Entry {
	v := *e
	v.at, v.last, v.idle = 0, 0, false
	return v
}

// Floor returns the offset before which nothing is shown.
func (r *Room) Floor() int64 {
	return slices.Max(append(slices.Clone(r.State.Clears), r.State.Floor))
}

// Kicked reports whether somebody is kept out at the time that a record with a stamp
// would have.
func (r *Room) Kicked(person string, at chat.Stamp) bool {
	return r.refusedFor(person, "", false, r.timeOf(at, false), "kicked") != ""
}

// WhyAt returns why the record at an offset was refused, nothing if it was not.
func (r *Room) WhyAt(offset int64) string {
	for _, no := range r.Refused {
		if no.Offset == offset {
			return no.Why
		}
	}
	return ""
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

// View returns what a person, nobody if it is empty, is shown of the whole log.
func (r *Room) View(person string) (out []Entry) {
	for _, e := range slices.Concat(r.Said, r.done) {
		if e.Offset < r.Floor() || e.Only != "" && e.Only != person {
			continue
		}
		v := e.Public()
		if hidden := slices.Contains(r.State.Hidden, e.Offset); e.Kind == chat.TypeMessage {
			if hidden {
				v.From.Name = unnamed(v.From.ID)
			}
			if hidden && v.Gone == "" {
				v.Gone = "hidden"
			}
			if v.Gone != "" {
				v.Text, v.Picture, v.Edited = "", "", false
			}
		}
		if e.Kind == chat.TypeEdit {
			m := r.at(e.To)
			if m.Gone != "" || slices.Contains(r.State.Hidden, e.To) || e.Offset < m.last {
				continue
			}
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Offset, b.Offset) })
	return out
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

// Soon reports whether a message comes too early for slow mode without slack, as
// daemons ask before they let it into the log.
func (r *Room) Soon(rec chat.Record) bool {
	m, err := chat.MessageOf(rec)
	strict := *r
	strict.SlowSlack = 0
	return err == nil && strict.refusedFor(m.From.ID, "", false, r.timeOf(rec.Stamp, false), "slow_down") != ""
}

// Pictures returns the messages with a picture that somebody may see.
func (r *Room) Pictures() (out []Entry) {
	for _, m := range r.Said {
		if m.Picture != "" && m.Offset >= r.Floor() && m.Gone == "" && !slices.Contains(r.State.Hidden, m.Offset) {
			out = append(out, m.Public())
		}
	}
	return out
}
