// Package reference is package fold's contract in the plainest way, and logs to try it with: what tests
// of the fold, and of all that is made with it, compare with. It is written from the contract alone
// and shares nothing with the fold, so that it cannot share its mistakes. It is all in room.go.
package reference

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"warren/chatd/chat"
)

// Room folds a whole log: lists that are searched from their beginning, and no bounds
// but those of the contract. The zero value has read nothing, and is bound to nothing.
type Room struct {
	Bounds
	State   chat.State    // whoever has a copy can keep it: no list is changed in place
	entries []*entry      // one for each record
	time    int64         // log time
	bases   []chat.Moment // of boots
	spoken  []chat.Moment
}

// Entry is what is shown of a record.
type Entry struct {
	Offset       int64
	Ref, Kind    string // the record's id and type
	From         chat.Person
	Text, Emoji  string
	Picture      string // its id
	ReplyTo, To  int64  // the message that it answers, or does something to; -1 if there is none
	Edited, Undo bool
	Gone         string // "deleted" or "hidden"
	Only         string // the person who alone may see it; empty: everyone may
}

// entry is what a record comes to.
type entry struct {
	Entry
	sender       string // of its key; empty: it has none
	repeat, host bool   // it is a repeat; a host's
	why          string // it is refused
	shown        bool   // to whomever
	time, last   int64  // T; of a message: the offset of its last edit, -1
}

func (r *Room) fold(rec chat.Record) {
	r.pass(rec.Stamp)
	e := &entry{Entry: Entry{Offset: rec.Offset, Ref: rec.ID, Kind: rec.Type, ReplyTo: -1, To: -1}, time: r.time, last: -1}
	m, noMessage := chat.MessageOf(rec)
	d, noDeed := chat.DeedOf(rec)
	switch s, _ := d.(*chat.Snapshot); {
	case s != nil && s.Upto < 0 && e.Offset == 0:
		r.deed(e, &chat.Erase{State: &s.State})
	case rec.Type == chat.TypeEpoch, rec.Type == chat.TypeSnapshot:
	case noMessage == nil && !r.repeats(e, chat.TypeMessage, m.From, rec.App):
		r.message(e, m)
	case noMessage != nil && noDeed == nil && !r.repeats(e, rec.Type, d.Doer(), rec.App):
		r.deed(e, d)
		if done, ok := chat.DoneOf(d, e.Offset, e.Ref, rec.Stamp); ok {
			r.State.Deeds = last(append(r.State.Deeds, done), chat.MaxDone)
		}
	}
	r.entries = append(r.entries, e)
}

// pass moves log time on to that of a record with a stamp.
func (r *Room) pass(s chat.Stamp) {
	i := slices.IndexFunc(r.bases, func(m chat.Moment) bool { return m.ID == s.Boot })
	if !s.Possible() {
		return
	} else if i < 0 {
		r.bases = last(append(r.bases, chat.Moment{ID: s.Boot, At: r.time - s.UpMS}), r.MaxBoots)
	} else if at := r.bases[i].At + s.UpMS; at > r.time && at <= 1<<60 {
		r.time = at
	} else if r.time-at > time.Minute.Milliseconds() {
		r.bases[i].At = r.time - s.UpMS
	}
}

// repeats reports whether an entry, of this kind and from this person or app, is a repeat.
func (r *Room) repeats(e *entry, kind string, from chat.Person, app string) bool {
	if e.Kind, e.From = kind, from; e.Ref != "" {
		e.sender = cmp.Or(from.ID, "app "+app)
		e.repeat = slices.ContainsFunc(r.entries, func(p *entry) bool {
			return p.Kind == kind && p.sender == e.sender && p.Ref == e.Ref && !p.repeat && e.Offset-p.Offset <= r.Horizon
		})
	}
	return e.repeat
}

// Unwanted reports whether a text has a word that is not wanted.
func (r *Room) Unwanted(text string) bool { return chat.NewMatcher(r.State.Words).Match(text) }

// Floor returns the offset before which nothing is shown.
func (r *Room) Floor() int64 { return slices.Max(append([]int64{r.State.Floor}, r.State.Clears...)) }

// judge says who sees an entry, under which name, and for which of these reasons it is refused.
func (r *Room) judge(e *entry, hostFlag, shadowFlag bool, reasons string) {
	id := e.From.ID
	e.host = hostFlag || slices.ContainsFunc(r.State.Deeds, func(d chat.Done) bool { return d.By.ID == id })
	if !e.host && r.Unwanted(e.From.Name) {
		e.From.Name = nameless(id)
	}
	if shadowFlag || slices.ContainsFunc(r.State.Muted, func(p chat.Person) bool { return p.ID == id }) {
		e.Only = id
	}
	e.why = r.why(e, reasons)
	e.shown = e.why == ""
}

// why returns the first of these reasons for which an entry is refused: a host's for none.
func (r *Room) why(e *entry, reasons string) string {
	ago := func(kind string, all []chat.Moment, ms int64) bool { // a moment of the person's is less ago
		return slices.ContainsFunc(all, func(m chat.Moment) bool { return m.ID == kind+e.From.ID && r.time-m.At < ms })
	}
	refused := map[string]bool{
		"kicked":      ago("", r.State.Kicked, chat.KickTime.Milliseconds()),
		"off":         r.State.Off,
		"locked":      r.State.Locked,
		"no_pictures": r.State.NoPictures && e.Picture != "",
		"slow_down":   r.State.Slow > 0 && ago(e.Kind+" ", r.spoken, int64(r.State.Slow)*1000-r.SlowSlack.Milliseconds()),
		"words":       r.Unwanted(e.Text),
	}
	for _, why := range strings.Fields(reasons) {
		if refused[why] && !e.host {
			return why
		}
	}
	return ""
}

func nameless(id string) string {
	if id == "" {
		return "AMQP"
	}
	return chat.SuggestName(id)
}

func (r *Room) message(e *entry, m chat.Message) {
	e.Text, e.ReplyTo, e.Picture = m.Text, *cmp.Or(m.ReplyTo, &e.ReplyTo), cmp.Or(m.Picture, &chat.Picture{}).ID
	reasons := "kicked off locked no_pictures slow_down words"
	if e.From.ID == "" {
		reasons = "words"
	}
	r.judge(e, m.Host, m.Shadow, reasons)
	r.spoke(e)
}

func (r *Room) spoke(e *entry) {
	if id := e.Kind + " " + e.From.ID; r.State.Slow > 0 && e.shown && !e.host && e.From.ID != "" && e.Kind != chat.TypeDelete {
		r.spoken = last(put(r.spoken, chat.Moment{ID: id, At: r.time}, false, func(m chat.Moment) bool { return m.ID == id }), r.MaxSpoken)
	}
}

// change judges an edit or a deletion, and does it.
func (r *Room) change(e *entry, hostFlag, shadowFlag bool, reasons string) {
	r.judge(e, hostFlag, shadowFlag, reasons)
	m, edit := r.at(e.To), e.Kind == chat.TypeEdit
	switch {
	case e.why != "":
	case m == nil, e.Offset-e.To > r.Horizon, m.Gone != "", e.To < r.Floor(), edit && slices.Contains(r.State.Hidden, e.To):
		e.why = "no_such"
	case m.From.ID != e.From.ID, m.From.ID == "":
		e.why = "not_yours"
	case r.time-m.time > chat.EditTime.Milliseconds():
		e.why = "too_late"
	case !edit:
		e.Only, m.Gone = m.Only, "deleted"
	case e.Only == "" || m.Only != "": // it is no shadow of what all can see
		e.Only, m.Text, m.Edited, m.last = m.Only, e.Text, true, e.Offset
	}
	e.shown = e.why == ""
	r.spoke(e)
}

// at returns the message at an offset, nil if none is shown.
func (r *Room) at(offset int64) *entry {
	for _, m := range r.entries {
		if m.Offset == offset && m.Kind == chat.TypeMessage && m.shown {
			return m
		}
	}
	return nil
}

// deed is what is done to a message, or by a host.
func (r *Room) deed(e *entry, d chat.Deed) {
	s := &r.State
	switch d := d.(type) {
	case *chat.Reaction:
		e.To, e.Emoji, e.Undo = d.To, d.Emoji, d.Undo
		r.judge(e, d.Host, d.Shadow, "kicked off")
		e.shown = e.shown && d.To < e.Offset
	case *chat.Edit:
		e.To, e.Text = d.To, d.Text
		r.change(e, d.Host, d.Shadow, "kicked off locked slow_down words")
	case *chat.Delete:
		e.To = d.To
		r.change(e, false, false, "")
	case *chat.Hide:
		if e.To, e.Undo, e.shown = d.To, d.Undo, d.To < e.Offset; !e.shown {
			break
		}
		s.Hidden = put(s.Hidden, d.To, d.Undo, func(o int64) bool { return o == d.To })
		if slices.Sort(s.Hidden); len(s.Hidden) > chat.MaxHidden {
			s.Floor, s.Hidden = max(s.Floor, s.Hidden[0]+1), s.Hidden[1:]
		}
	case *chat.Clear:
		e.Undo, e.shown = d.Undo, true
		lifted := append([]int64{-1}, s.Clears...)[len(s.Clears)] // the last
		if d.Of != nil {
			lifted = *d.Of
		}
		s.Clears = put(s.Clears, e.Offset, d.Undo, func(o int64) bool { return d.Undo && o == lifted })
		if len(s.Clears) > chat.MaxClears {
			s.Floor, s.Clears = max(s.Floor, s.Clears[0]), s.Clears[1:]
		}
	case *chat.Mute:
		s.Muted = last(put(s.Muted, d.Who, d.Undo, func(p chat.Person) bool { return p.ID == d.Who.ID }), chat.MaxMuted)
	case *chat.Kick:
		s.Kicked = last(put(s.Kicked, chat.Moment{ID: d.Who.ID, At: r.time}, false, func(k chat.Moment) bool {
			return k.ID == d.Who.ID || r.time-k.At >= chat.KickTime.Milliseconds()
		}), chat.MaxKicked)
	case *chat.Slow:
		if s.Slow = d.Seconds; s.Slow == 0 {
			r.spoken = nil
		}
	case *chat.Lock:
		s.Locked = !d.Undo
	case *chat.Off:
		if s.Off, s.Notice = !d.Undo, d.Notice; d.Undo {
			s.Notice = ""
		}
	case *chat.Words:
		s.Words = d.Words
	case *chat.Pin:
		if s.Pin = nil; d.Text != "" {
			s.Pin = &chat.Pinned{Text: d.Text, By: d.By, Offset: e.Offset}
		}
	case *chat.Title:
		s.Title = d.Title
	case *chat.Pictures:
		s.NoPictures = d.Off
	case *chat.Clock:
		c := chat.BootClock{Boot: d.Boot, Began: d.Began, ByHost: d.By != nil}
		s.Clocks = slices.Clone(s.Clocks)
		if i := slices.IndexFunc(s.Clocks, func(b chat.BootClock) bool { return b.Boot == d.Boot }); i < 0 {
			s.Clocks = last(append(s.Clocks, c), chat.MaxClocks)
		} else if c.ByHost || !s.Clocks[i].ByHost {
			s.Clocks[i] = c
		}
	case *chat.Erase:
		old := *s
		*s = *cmp.Or(d.State, &chat.State{})
		s.Erased, s.Hidden, s.Clears, s.Floor = true, old.Hidden, old.Clears, old.Floor
		for i := range s.Kicked {
			s.Kicked[i].At += r.time
		}
		r.spoken = nil
	}
}

// View returns what a person, nobody if it is empty, is shown of the whole log.
func (r *Room) View(person string) (out []Entry) {
	for _, e := range r.entries {
		if !e.shown || e.Offset < r.Floor() || e.Only != "" && e.Only != person {
			continue
		}
		if m := r.at(e.To); e.Kind == chat.TypeEdit && (m.Gone != "" || slices.Contains(r.State.Hidden, e.To) || e.Offset < m.last) {
			continue
		}
		v := e.Entry
		if e.Kind == chat.TypeMessage && slices.Contains(r.State.Hidden, e.Offset) {
			v.From.Name, v.Gone = nameless(e.From.ID), cmp.Or(e.Gone, "hidden")
		}
		if v.Gone != "" {
			v.Text, v.Picture, v.Edited = "", "", false
		}
		out = append(out, v)
	}
	return out
}

// last returns the last n of all at most.
func last[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

// put returns a list without those to take out, and with one at its end if that is not undone.
func put[T any](all []T, one T, undo bool, out func(T) bool) []T {
	if all = slices.DeleteFunc(slices.Clone(all), out); undo {
		return all
	}
	return append(all, one)
}
