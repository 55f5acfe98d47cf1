package fold

import (
	"fmt"
	"slices"

	"warren/chatd/chat"
)

// refEntry is what is shown of a record.
type refEntry struct {
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
	all  int64 // of a message: that of its last edit or shadow of one, -1
}

// refusal is a record that is not shown.
type refusal struct {
	Offset           int64
	Person, Ref, Why string
}

// shown returns e without what nobody is shown.
func (e *refEntry) shown() refEntry {
	v := *e
	v.at, v.last, v.all = 0, 0, 0
	return v
}

func (r *reference) floor() int64 {
	return slices.Max(append(slices.Clone(r.state.Clears), r.state.Floor))
}

// kicked reports whether somebody is kept out at the time that a record with a stamp
// would have.
func (r *reference) kicked(person string, at chat.Stamp) bool {
	return r.refusedFor(person, "", false, r.timeOf(at, false), "kicked") != ""
}

// whyAt returns why the record at an offset was refused, nothing if it was not.
func (r *reference) whyAt(offset int64) string {
	for _, no := range r.refused {
		if no.Offset == offset {
			return no.Why
		}
	}
	return ""
}

// carried returns what stays of the state when all is erased.
func (r *reference) carried() chat.State {
	s := r.state
	s.Hidden, s.Clears, s.Floor, s.Pin, s.Deeds, s.Unknown = nil, nil, 0, nil, nil, 0
	s.Kicked = slices.Clone(s.Kicked)
	for i := range s.Kicked {
		s.Kicked[i].At -= r.time
	}
	return s
}

// view returns what a person, nobody if it is empty, is shown of the whole log.
func (r *reference) view(person string) (out []refEntry) {
	for _, e := range slices.Concat(r.said, r.done) {
		if e.Offset < r.floor() || e.Only != "" && e.Only != person {
			continue
		}
		v := e.shown()
		if hidden := slices.Contains(r.state.Hidden, e.Offset); e.Kind == chat.TypeMessage {
			if hidden {
				v.From.Name = unnamed(v.From.ID)
			}
			if hidden && v.Gone == "" {
				v.Gone = "hidden"
			}
			if v.Gone != "" {
				v.Text, v.Picture = "", ""
			}
		}
		if e.Kind == chat.TypeEdit {
			m := r.at(e.To)
			if m.Gone != "" || slices.Contains(r.state.Hidden, e.To) || e.Offset != m.last && e.Offset != m.all {
				continue
			}
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b refEntry) int { return int(a.Offset - b.Offset) })
	return out
}

// reactions returns those that stand, as "offset emoji person".
func (r *reference) reactions(person string) (out []string) {
	for _, e := range r.view(person) {
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
