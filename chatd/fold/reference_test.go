package fold

import (
	"errors"
	"slices"
	"strings"

	"warren/chatd/chat"
)

// reference is a room that folds a whole log in the plainest way: lists that are
// searched from their beginning, and no bounds but those of the contract. It is written
// from the contract alone and shares nothing with what it is compared with.
type reference struct {
	horizon int64 // as the contract's Horizon, MaxBoots, MaxSpoken and SlowSlack (milliseconds)
	boots   int
	spoken  int
	slack   int64

	state   chat.State
	time    int64 // log time
	began   []chat.Moment
	spoke   []chat.Moment
	keys    []refKey
	said    []*refEntry // messages that are shown, to whomever
	done    []*refEntry // the other entries that are shown
	refused []refusal

	repeated int
	first    int64        // offset of the first record
	stamps   []chat.Stamp // the last ones
}

type refKey struct {
	kind, sender, id string
	at               int64
}

// newReference returns one that has read nothing.
func newReference() *reference {
	return &reference{horizon: Horizon, boots: MaxBoots, spoken: MaxSpoken, slack: SlowSlack.Milliseconds(), first: -1}
}

// begin takes over what a snapshot says of a log of which nothing is to be read again.
func (r *reference) begin(s chat.Snapshot) {
	s = *deedOf(chat.RecordOf(&s, s.ID(), chat.Stamp{})).(*chat.Snapshot)
	r.state, r.first = s.State, s.Upto+1
	if m := s.Memory; m != nil {
		r.time, r.began, r.spoke = m.Time, m.Boots, m.Spoken
	}
}

// came is what a record came to.
type came struct {
	what  string // nothing, shown, repeated, refused
	why   string
	from  string // of what is refused
	shown *refEntry
}

// read folds the next record.
func (r *reference) read(rec chat.Record) came {
	said, done, refused, repeated := len(r.said), len(r.done), len(r.refused), r.repeated
	r.fold(rec)
	switch {
	case r.repeated > repeated:
		return came{what: "repeated"}
	case len(r.refused) > refused:
		return came{what: "refused", why: r.refused[refused].Why, from: r.refused[refused].Person}
	case len(r.said) > said:
		return came{what: "shown", shown: r.said[said]}
	case len(r.done) > done:
		return came{what: "shown", shown: r.done[done]}
	}
	return came{what: "nothing"}
}

func (r *reference) fold(rec chat.Record) {
	if r.first < 0 {
		r.first = rec.Offset
	}
	r.stamps = last(append(r.stamps, rec.Stamp), 10)
	t := r.timeOf(rec.Stamp, true)
	r.time = max(r.time, t)
	if !rec.Stamp.Possible() {
		rec.Stamp = chat.Stamp{}
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

func (r *reference) timeOf(s chat.Stamp, counts bool) int64 {
	if !s.Possible() {
		return r.time
	}
	i := slices.IndexFunc(r.began, func(m chat.Moment) bool { return m.ID == s.Boot })
	if i < 0 && !counts {
		return r.time
	}
	if i < 0 {
		r.began = last(append(r.began, chat.Moment{ID: s.Boot, At: r.time - s.UpMS}), r.boots)
		return r.time
	}
	if t := r.began[i].At + s.UpMS; t <= 1<<60 {
		return t
	}
	return r.time
}

func (r *reference) repeats(kind, sender string, rec chat.Record) bool {
	if rec.ID == "" {
		return false
	}
	if sender == "" {
		sender = "app " + rec.App
	}
	for _, k := range r.keys {
		if k.kind == kind && k.sender == sender && k.id == rec.ID && rec.Offset-k.at <= r.horizon {
			r.repeated++
			return true
		}
	}
	r.keys = append(r.keys, refKey{kind, sender, rec.ID, rec.Offset})
	return false
}

// refusedFor says why something of a guest is refused, of these reasons.
func (r *reference) refusedFor(person, text string, picture bool, t int64, reasons string) string {
	for _, why := range strings.Fields(reasons) {
		refused := false
		switch why {
		case "kicked":
			refused = slices.ContainsFunc(r.state.Kicked, func(k chat.Moment) bool {
				return k.ID == person && t-k.At < chat.KickTime.Milliseconds()
			})
		case "off":
			refused = r.state.Off
		case "locked":
			refused = r.state.Locked
		case "no_pictures":
			refused = picture && r.state.NoPictures
		case "slow_down":
			refused = r.state.Slow > 0 && slices.ContainsFunc(r.spoke, func(s chat.Moment) bool {
				return s.ID == person && t-s.At < int64(r.state.Slow)*1000-r.slack
			})
		case "words":
			refused = r.unwanted(text)
		}
		if refused {
			return why
		}
	}
	return ""
}

func (r *reference) unwanted(text string) bool { return chat.NewMatcher(r.state.Words).Match(text) }

func (r *reference) host(person string, flag bool) bool {
	return flag || slices.ContainsFunc(r.state.Deeds, func(d chat.Done) bool { return d.By.ID == person })
}

func (r *reference) muted(person string) bool {
	return slices.ContainsFunc(r.state.Muted, func(p chat.Person) bool { return p.ID == person })
}

// named returns a person as they are shown.
func (r *reference) named(p chat.Person, host bool) chat.Person {
	if !host && r.unwanted(p.Name) {
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
func (r *reference) only(person string, shadow bool) string {
	if shadow || r.muted(person) {
		return person
	}
	return ""
}

func (r *reference) refuse(rec chat.Record, person, why string) {
	r.refused = append(r.refused, refusal{rec.Offset, person, rec.ID, why})
}

func (r *reference) message(rec chat.Record, m chat.Message, t int64) {
	id := m.From.ID
	host := r.host(id, m.Host)
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
	if r.state.Slow > 0 && id != "" && !host {
		r.spoke = last(append(without(r.spoke, id), chat.Moment{ID: id, At: t}), r.spoken)
	}
	e := &refEntry{Offset: rec.Offset, Ref: rec.ID, Kind: chat.TypeMessage, From: r.named(m.From, host), Text: m.Text,
		ReplyTo: -1, To: -1, Only: r.only(id, m.Shadow), at: t, last: -1, all: -1}
	if m.ReplyTo != nil {
		e.ReplyTo = *m.ReplyTo
	}
	if m.Picture != nil {
		e.Picture = m.Picture.ID
	}
	r.said = append(r.said, e)
}

func (r *reference) deed(rec chat.Record, d chat.Deed, t int64) {
	e := &refEntry{Offset: rec.Offset, Ref: rec.ID, Kind: rec.Type, From: d.Doer(), ReplyTo: -1, To: -1}
	switch d := d.(type) {
	case *chat.Reaction:
		host := r.host(d.From.ID, d.Host)
		if why := r.refusedFor(d.From.ID, "", false, t, "kicked off"); why != "" && !host {
			r.refuse(rec, d.From.ID, why)
		} else if d.To < rec.Offset {
			e.From, e.To, e.Emoji, e.Undo, e.Only = r.named(d.From, host), d.To, d.Emoji, d.Undo, r.only(d.From.ID, d.Shadow)
			r.done = append(r.done, e)
		}
	case *chat.Edit:
		host := r.host(d.From.ID, d.Host)
		why := r.refusedFor(d.From.ID, d.Text, false, t, "kicked off locked words")
		if host {
			why = ""
		}
		e.To, e.Text, e.From = d.To, d.Text, r.named(d.From, host)
		r.change(rec, e, why, r.only(d.From.ID, d.Shadow), t)
	case *chat.Delete:
		e.To, e.From = d.To, r.named(d.From, r.host(d.From.ID, false))
		r.change(rec, e, "", "", t)
	default:
		r.hosts(rec, e, d, t)
	}
}

// change is an edit, which only one person sees if it is a shadow, or a deletion.
func (r *reference) change(rec chat.Record, e *refEntry, why, shadow string, t int64) {
	m := r.at(e.To)
	switch edit := e.Kind == chat.TypeEdit; {
	case why != "":
	case m == nil, e.Offset-e.To > r.horizon, m.Gone != "", e.To < r.floor(), edit && slices.Contains(r.state.Hidden, e.To):
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
		e.Only, m.all = shadow, e.Offset
	default:
		m.Text, m.Edited, m.last, m.all = e.Text, true, e.Offset, e.Offset
	}
	r.done = append(r.done, e)
}

// at returns the message at an offset, nil if none is shown.
func (r *reference) at(offset int64) *refEntry {
	if i := slices.IndexFunc(r.said, func(m *refEntry) bool { return m.Offset == offset }); i >= 0 {
		return r.said[i]
	}
	return nil
}

// last returns the last n of all at most.
func last[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

func without(all []chat.Moment, id string) []chat.Moment {
	return slices.DeleteFunc(all, func(m chat.Moment) bool { return m.ID == id })
}
