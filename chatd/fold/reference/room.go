// Package reference is package fold's contract in the plainest way, and logs to try it with: what tests
// of the fold, and of all that is made with it, compare with. It is written from the contract alone
// and shares nothing with the fold, so that it cannot share its mistakes.
package reference

import (
	"errors"
	"slices"
	"strings"
	"time"

	"warren/chatd/chat"
)

// Bounds are those of package fold's contract, which has their names.
type Bounds struct {
	Horizon             int64
	MaxBoots, MaxSpoken int
	SlowSlack           time.Duration
}

// Room folds a whole log: lists that are searched from their beginning, and no bounds
// but those of the contract. The zero value has read nothing, and is bound to nothing.
type Room struct {
	Bounds

	State   chat.State
	Said    []*Entry // messages that are shown, to whomever
	Refused []Refusal
	Stamps  []chat.Stamp // the last ones
	IDs     []ID         // under which something can be repeated

	time  int64 // log time
	began []chat.Moment
	spoke []chat.Moment
	done  []*Entry // the other entries that are shown

	repeated int
}

// ID is what a record can be repeated by.
type ID struct {
	Kind, Sender, ID string
	Offset           int64
}

// Begin takes over what a snapshot says of a log of which nothing is to be read again.
func (r *Room) Begin(s chat.Snapshot) {
	d, err := chat.DeedOf(chat.RecordOf(&s, s.ID(), chat.Stamp{}))
	if err != nil {
		panic(err)
	}
	s = *d.(*chat.Snapshot) // a copy
	r.State = s.State
	if m := s.Memory; m != nil {
		r.time, r.began, r.spoke = m.Time, m.Boots, m.Spoken
	}
}

// Came is what a record came to.
type Came struct {
	What  string // nothing, shown, repeated, refused
	Why   string
	From  string // of what is refused: whose it is
	Shown *Entry

	Target int64 // of a message that is shown otherwise from now on, -1
}

// Read folds the next record.
func (r *Room) Read(rec chat.Record) Came {
	said, done, refused, repeated := len(r.Said), len(r.done), len(r.Refused), r.repeated
	r.fold(rec)
	switch {
	case r.repeated > repeated:
		return Came{What: "repeated", Target: -1}
	case len(r.Refused) > refused:
		return Came{What: "refused", Why: r.Refused[refused].Why, From: r.Refused[refused].Person, Target: -1}
	case len(r.Said) > said:
		return Came{What: "shown", Shown: r.Said[said], Target: -1}
	case len(r.done) > done:
		e := r.done[done]
		if c := (Came{What: "shown", Shown: e, Target: e.To}); e.Kind != chat.TypeReaction && !e.idle {
			return c
		}
		return Came{What: "shown", Shown: e, Target: -1}
	}
	return Came{What: "nothing", Target: -1}
}

func (r *Room) fold(rec chat.Record) {
	r.Stamps = last(append(r.Stamps, rec.Stamp), 10)
	t := r.timeOf(rec.Stamp, true)
	r.time = max(r.time, t)
	if !rec.Stamp.Possible() {
		rec.Stamp = chat.Stamp{}
	}
	if rec.Type == chat.TypeSnapshot && rec.Offset == 0 {
		if d, err := chat.DeedOf(rec); err == nil && d.(*chat.Snapshot).Upto < 0 {
			state := d.(*chat.Snapshot).State
			r.hosts(rec, nil, &chat.Erase{State: &state}, t)
			r.State.Deeds = state.Deeds // it is no deed of a host's
		}
	}
	if rec.Type == chat.TypeEpoch || rec.Type == chat.TypeSnapshot {
		return
	}
	if m, err := chat.MessageOf(rec); err == nil {
		if !r.repeats(chat.TypeMessage, m.From.ID, rec) {
			r.message(rec, m, t)
		}
		return
	} else if !errors.Is(err, chat.ErrUnknownType) {
		return
	}
	d, err := chat.DeedOf(rec)
	if err != nil || r.repeats(rec.Type, d.Doer().ID, rec) {
		return
	}
	r.deed(rec, d, t)
}

func (r *Room) timeOf(s chat.Stamp, counts bool) int64 {
	if !s.Possible() {
		return r.time
	}
	i := slices.IndexFunc(r.began, func(m chat.Moment) bool { return m.ID == s.Boot })
	if i < 0 && !counts {
		return r.time
	}
	if i < 0 {
		r.began = last(append(r.began, chat.Moment{ID: s.Boot, At: r.time - s.UpMS}), r.MaxBoots)
		return r.time
	}
	t := r.began[i].At + s.UpMS
	if r.time < t && t <= 1<<60 {
		return t
	}
	if counts && r.time-t > time.Minute.Milliseconds() {
		r.began[i].At = r.time - s.UpMS
	}
	return r.time
}

func (r *Room) repeats(kind, sender string, rec chat.Record) bool {
	if rec.ID == "" {
		return false
	}
	if sender == "" {
		sender = "app " + rec.App
	}
	for _, k := range r.IDs {
		if k.Kind == kind && k.Sender == sender && k.ID == rec.ID && rec.Offset-k.Offset <= r.Horizon {
			r.repeated++
			return true
		}
	}
	r.IDs = append(r.IDs, ID{kind, sender, rec.ID, rec.Offset})
	return false
}

// refusedFor says why something of a guest is refused, of these reasons.
func (r *Room) refusedFor(person, text string, picture bool, t int64, reasons string) string {
	for _, why := range strings.Fields(reasons) {
		refused := false
		switch why {
		case "kicked":
			refused = slices.ContainsFunc(r.State.Kicked, func(k chat.Moment) bool {
				return k.ID == person && t-k.At < chat.KickTime.Milliseconds()
			})
		case "off":
			refused = r.State.Off
		case "locked":
			refused = r.State.Locked
		case "no_pictures":
			refused = picture && r.State.NoPictures
		case "slow_down":
			refused = r.State.Slow > 0 && slices.ContainsFunc(r.spoke, func(s chat.Moment) bool {
				return s.ID == person && t-s.At < int64(r.State.Slow)*1000-r.SlowSlack.Milliseconds()
			})
		case "words":
			refused = r.Unwanted(text)
		}
		if refused {
			return why
		}
	}
	return ""
}

// Unwanted reports whether a text has a word that is not wanted.
func (r *Room) Unwanted(text string) bool { return chat.NewMatcher(r.State.Words).Match(text) }

// Host reports whether a person, who has put the host flag there or not, is a host.
func (r *Room) Host(person string, flag bool) bool {
	return flag || slices.ContainsFunc(r.State.Deeds, func(d chat.Done) bool { return d.By.ID == person })
}

// Muted reports whether a person is muted.
func (r *Room) Muted(person string) bool {
	return slices.ContainsFunc(r.State.Muted, func(p chat.Person) bool { return p.ID == person })
}

// named returns a person as they are shown.
func (r *Room) named(p chat.Person, host bool) chat.Person {
	if !host && r.Unwanted(p.Name) {
		p.Name = unnamed(p.ID)
	}
	return p
}

func unnamed(id string) string {
	if id == "" {
		return "AMQP"
	}
	return chat.SuggestName(id)
}

// only returns who alone sees what a person does.
func (r *Room) only(person string, shadow bool) string {
	if shadow || r.Muted(person) {
		return person
	}
	return ""
}

func (r *Room) refuse(rec chat.Record, person, why string) {
	r.Refused = append(r.Refused, Refusal{rec.Offset, person, rec.ID, why})
}

func (r *Room) message(rec chat.Record, m chat.Message, t int64) {
	id := m.From.ID
	host := r.Host(id, m.Host)
	reasons := "kicked off locked no_pictures slow_down words"
	if host {
		reasons = ""
	} else if id == "" {
		reasons = "words"
	}
	if why := r.refusedFor(id, m.Text, m.Picture != nil, t, reasons); why != "" {
		r.refuse(rec, id, why)
		return
	}
	if r.State.Slow > 0 && id != "" && !host {
		r.spoke = last(append(without(r.spoke, id), chat.Moment{ID: id, At: t}), r.MaxSpoken)
	}
	e := &Entry{Offset: rec.Offset, Ref: rec.ID, Kind: chat.TypeMessage, From: r.named(m.From, host), Text: m.Text,
		ReplyTo: -1, To: -1, Only: r.only(id, m.Shadow), at: t, last: -1}
	if m.ReplyTo != nil {
		e.ReplyTo = *m.ReplyTo
	}
	if m.Picture != nil {
		e.Picture = m.Picture.ID
	}
	r.Said = append(r.Said, e)
}

func (r *Room) deed(rec chat.Record, d chat.Deed, t int64) {
	e := &Entry{Offset: rec.Offset, Ref: rec.ID, Kind: rec.Type, From: d.Doer(), ReplyTo: -1, To: -1}
	switch d := d.(type) {
	case *chat.Reaction:
		host := r.Host(d.From.ID, d.Host)
		if why := r.refusedFor(d.From.ID, "", false, t, "kicked off"); why != "" && !host {
			r.refuse(rec, d.From.ID, why)
		} else if d.To < rec.Offset {
			e.From, e.To, e.Emoji, e.Undo, e.Only = r.named(d.From, host), d.To, d.Emoji, d.Undo, r.only(d.From.ID, d.Shadow)
			r.done = append(r.done, e)
		}
	case *chat.Edit:
		host := r.Host(d.From.ID, d.Host)
		why := r.refusedFor(d.From.ID, d.Text, false, t, "kicked off locked words")
		if host {
			why = ""
		}
		e.To, e.Text, e.From = d.To, d.Text, r.named(d.From, host)
		r.change(rec, e, why, r.only(d.From.ID, d.Shadow), t)
	case *chat.Delete:
		e.To, e.From = d.To, r.named(d.From, r.Host(d.From.ID, false))
		r.change(rec, e, "", "", t)
	default:
		r.hosts(rec, e, d, t)
	}
}

// change is an edit, which only one person sees if it is a shadow, or a deletion.
func (r *Room) change(rec chat.Record, e *Entry, why, shadow string, t int64) {
	m := r.at(e.To)
	switch edit := e.Kind == chat.TypeEdit; {
	case why != "":
	case m == nil, e.Offset-e.To > r.Horizon, m.Gone != "", e.To < r.Floor(), edit && slices.Contains(r.State.Hidden, e.To):
		why = "no_such"
	case m.From.ID != e.From.ID, m.From.ID == "":
		why = "not_yours"
	case t-m.at > chat.EditTime.Milliseconds():
		why = "too_late"
	}
	if why != "" {
		r.refuse(rec, e.From.ID, why)
		return
	}
	e.Only = m.Only
	switch {
	case e.Kind == chat.TypeDelete:
		m.Gone = "deleted"
	case shadow != "" && m.Only == "":
		e.Only, e.idle = shadow, true
	default:
		m.Text, m.Edited, m.last = e.Text, true, e.Offset
	}
	r.done = append(r.done, e)
}

// at returns the message at an offset, nil if none is shown.
func (r *Room) at(offset int64) *Entry {
	if i := slices.IndexFunc(r.Said, func(m *Entry) bool { return m.Offset == offset }); i >= 0 {
		return r.Said[i]
	}
	return nil
}

// last returns the last n of all at most.
func last[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

func without(all []chat.Moment, id string) []chat.Moment {
	return slices.DeleteFunc(all, func(m chat.Moment) bool { return m.ID == id })
}
