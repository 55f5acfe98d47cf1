package main

import (
	"slices"
	"strings"
	"time"

	"warren/chatd/chat"
)

// What the records of a log come to is judged here for the second time: naively, by
// the words of the contract (chatd/fold/doc.go), with all of the log at hand, and
// without a line of the code that chatd judges with. Of the contract is left out
// what a run has no case of: more boots, mutes, hidden messages and so on than are
// remembered, pictures, names with unwanted words, an erase.

// Limits of the contract.
const (
	horizon   = 2048
	slowSlack = time.Second
	maxLag    = time.Minute
	maxDeeds  = 50
	maxClears = 10
)

// Judged is a record, and what it comes to.
type Judged struct {
	Record
	Repeat  bool
	Refused string // why; empty: it is not
	Shown   bool
	For     string // shown to that person alone; empty: to everyone

	time     int64
	versions []version // of a message: how it is shown, one after the other
	applied  bool      // an edit: the message has its text
}

// seenBy reports whether the record is shown to a person.
func (j *Judged) seenBy(person string) bool { return j.Shown && (j.For == "" || j.For == person) }

// cause is the record that makes something so.
type cause struct {
	offset int64
	at     int64 // when it was published at the earliest; 0: it does not say
}

// version is how a message is shown, from its cause until the next version's.
type version struct {
	cause
	text, name string
	edited     bool
	edit       int64 // the offset of the edit that the text is of
	gone       string
	hidden     bool
}

// Judgement is what a log comes to.
type Judgement struct {
	Records []*Judged // all, in order
	at      map[int64]*Judged
	floors  []floor
	hosts   []HostView // after each of the hosts' deeds
	Room    RoomView   // at the end
}

// floor is what nothing before is shown, from its cause until the next one's.
type floor struct {
	cause
	offset int64
}

// RoomView is how the room is set up, as everybody is told.
type RoomView struct {
	Title, Pin, Notice string
	PinOffset          int64
	Slow               int
	Locked, Off        bool
}

// judge is a judgement in the making.
type judge struct {
	Judgement
	now    int64 // log time
	boots  map[string]int64
	first  map[id]int64
	muted  []string
	kicked map[string]int64
	spoke  map[string]int64
	words  []string
	clears []int64
	// forGood is where the last clear stands that cannot be lifted any more.
	forGood int64
	hidden  map[int64]bool
	gone    map[int64]bool // deleted
	deeds   []Deed
}

// Judge judges the records of a log, all from its first on.
func Judge(log []Record) *Judgement {
	j := &judge{
		boots: make(map[string]int64), first: make(map[id]int64), kicked: make(map[string]int64), spoke: make(map[string]int64),
		hidden: make(map[int64]bool), gone: make(map[int64]bool),
	}
	j.at = make(map[int64]*Judged)
	j.floors = []floor{{}}
	for _, r := range log {
		record := &Judged{Record: r}
		j.Records = append(j.Records, record)
		j.at[r.Offset] = record
		record.time = j.clock(r)
		if r.Bad || j.repeats(record) {
			continue
		}
		j.judge(record)
	}
	return &j.Judgement
}

// clock returns the time of a record, and moves log time on to it.
func (j *judge) clock(r Record) int64 {
	if r.Boot == "" {
		return j.now
	}
	if _, known := j.boots[r.Boot]; !known {
		j.boots[r.Boot] = j.now - r.UpMS
	}
	j.now = max(j.now, j.boots[r.Boot]+r.UpMS)
	if base := j.now - r.UpMS; base-j.boots[r.Boot] > maxLag.Milliseconds() {
		j.boots[r.Boot] = base
	}
	return j.now
}

func (j *judge) repeats(r *Judged) bool {
	key := id{r.Type, r.sender(), r.ID}
	if r.ID == "" || r.Type == "epoch" || r.Type == "snapshot" {
		return false
	}
	if first, there := j.first[key]; there && r.Offset-first <= horizon {
		r.Repeat = true
		return true
	}
	j.first[key] = r.Offset
	return false
}

// isHost reports whether somebody is a host, by what the record says or has done before.
func (j *judge) isHost(r *Judged) bool {
	return r.Body.Host || slices.ContainsFunc(j.deeds, func(d Deed) bool { return d.By == r.Body.From.ID })
}

func (j *judge) judge(r *Judged) {
	from := r.Body.From.ID
	muted := slices.Contains(j.muted, from)
	switch r.Type {
	case message:
		if r.Refused = j.refuses(r, "off", "locked", "slow_down", "words"); r.Refused != "" {
			return
		}
		r.show(muted)
		r.versions = []version{{cause: cause{offset: r.Offset}, text: strings.TrimSpace(r.Body.Text), name: r.Body.From.Name}}
		if j.Room.Slow > 0 && !j.isHost(r) {
			j.spoke[r.Type+from] = r.time
		}
	case reaction:
		if r.Refused = j.refuses(r, "off"); r.Refused == "" && r.Body.To < r.Offset {
			r.show(muted)
		}
	case edit:
		if r.Refused = j.refuses(r, "off", "locked", "slow_down", "words"); r.Refused == "" {
			j.edit(r, muted)
		}
		if r.Refused == "" && j.Room.Slow > 0 && !j.isHost(r) {
			j.spoke[r.Type+from] = r.time
		}
	case del:
		j.delete(r)
	default:
		j.host(r)
	}
}

// show shows the record, to its sender alone if that is muted.
func (r *Judged) show(muted bool) {
	r.Shown = true
	if muted || r.Body.Shadow {
		r.For = r.Body.From.ID
	}
}

// refuses returns the first of some reasons why a guest's record is refused. A kick is one for all.
func (j *judge) refuses(r *Judged, reasons ...string) string {
	from := r.Body.From.ID
	if j.isHost(r) {
		return ""
	}
	if at, kicked := j.kicked[from]; from != "" && kicked && r.time-at < chat.KickTime.Milliseconds() {
		return "kicked"
	}
	for _, why := range reasons {
		spoke, has := j.spoke[r.Type+from]
		if from == "" && why != "words" {
			continue // an AMQP client's
		}
		if why == "off" && j.Room.Off || why == "locked" && j.Room.Locked ||
			why == "slow_down" && j.Room.Slow > 0 && has && r.time-spoke < int64(j.Room.Slow)*1000-slowSlack.Milliseconds() ||
			why == "words" && slices.ContainsFunc(j.words, func(w string) bool { return strings.Contains(r.Body.Text, w) }) {
			return why
		}
	}
	return ""
}

// target returns the message that an edit or a deletion is about, or why there is none.
func (j *judge) target(r *Judged) (*Judged, string) {
	m := j.at[r.Body.To]
	switch {
	case m == nil, r.Body.To >= r.Offset, m.Type != message, !m.Shown, r.Offset-m.Offset > horizon, j.gone[m.Offset],
		m.Offset < j.floor(), r.Type == edit && j.hidden[m.Offset]:
		return nil, "no_such"
	case r.Body.From.ID == "", m.Body.From.ID != r.Body.From.ID:
		return nil, "not_yours"
	case r.time-m.time > chat.EditTime.Milliseconds():
		return nil, "too_late"
	}
	return m, ""
}

func (j *judge) edit(r *Judged, muted bool) {
	m, why := j.target(r)
	if r.Refused = why; why != "" {
		return
	}
	r.Shown, r.For = true, m.For
	if muted || r.Body.Shadow {
		if r.For = r.Body.From.ID; m.For == "" {
			return
		}
	}
	r.applied = true
	v := m.last()
	v.cause, v.text, v.edited, v.edit = r.cause(), strings.TrimSpace(r.Body.Text), true, r.Offset
	m.versions = append(m.versions, v)
}

func (j *judge) delete(r *Judged) {
	m, why := j.target(r)
	if r.Refused = why; why != "" {
		return
	}
	r.Shown, r.For = true, m.For
	j.gone[m.Offset] = true
	v := m.last()
	v.cause, v.gone = r.cause(), "deleted"
	m.versions = append(m.versions, v)
}

func (j *judge) floor() int64 {
	return slices.Max(append([]int64{j.forGood}, j.clears...))
}

func (j *judge) setFloor(by *Judged) {
	j.floors = append(j.floors, floor{by.cause(), j.floor()})
}

func (m *Judged) last() version { return m.versions[len(m.versions)-1] }

func (r *Judged) cause() cause {
	if r.Boot == "" {
		return cause{r.Offset, 0}
	}
	return cause{r.Offset, r.UpMS}
}
