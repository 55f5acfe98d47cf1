package main

import (
	"fmt"
	"slices"
	"strings"
)

// A story is what a run records: a log, what phones saw of it, and what newcomers are
// shown. Nothing went wrong in it.
type story struct {
	log    []Record
	phones []History
	views  []View
}

// Records of the story, by their place in the log.
const (
	adaSays, bobSays, adaEdits, bobReacts = 0, 1, 2, 3
	halMutesBob, bobIsMuted, adaGoesOn    = 4, 5, 6
	halUnmutesBob                         = 7
	halLocks, adaIsLocked, halUnlocks     = 8, 9, 10
	bobIsRude, halHides, botSays          = 11, 12, 13
	adaDeletes, bobGoesOn                 = 14, 15
	halKicks, impIsOut                    = 16, 17
	halClears, halUnclears                = 18, 19
	adaSaysMore, bobSaysMore, adaRepeats  = 20, 21, 22
)

// offset is that of the nth record of the story. Offsets have gaps, as real ones.
func offset(n int) int64 { return int64(10 + 3*n) }

// newStory makes it.
func newStory() *story {
	s := &story{}
	add := func(kind, who, ref string, b Body) {
		n := len(s.log)
		switch kind {
		case message, reaction, edit, del:
			b.From = Person{who, strings.ToUpper(who)}
		default:
			b.By = Person{who, strings.ToUpper(who)}
		}
		s.log = append(s.log, Record{Offset: offset(n), ID: ref, Type: kind, Boot: "boot", UpMS: at(n), Body: b})
	}
	bob := Person{"bob", "BOB"}
	add(message, "ada", "1", Body{Text: "hello"})
	add(message, "bob", "1", Body{Text: "hi"})
	add(edit, "ada", "2", Body{To: offset(adaSays), Text: "hello, you"})
	add(reaction, "bob", "2", Body{To: offset(adaSays), Emoji: "👍"})
	add("mute", "hal", "1", Body{Who: bob})
	add(message, "bob", "3", Body{Text: "what an evening"})
	add(message, "ada", "3", Body{Text: "oops"})
	add("mute", "hal", "2", Body{Who: bob, Undo: true})
	add("lock", "hal", "3", Body{})
	add(message, "ada", "4", Body{Text: "may I?"})
	add("lock", "hal", "4", Body{Undo: true})
	add(message, "bob", "4", Body{Text: "something rude"})
	add(hide, "hal", "5", Body{To: offset(bobIsRude)})
	s.log = append(s.log, Record{Offset: offset(botSays), Type: message, App: "bot", Body: Body{From: Person{Name: "bot"}, Text: "20 degrees"}})
	add(del, "ada", "5", Body{To: offset(adaGoesOn)})
	add(message, "bob", "6", Body{Text: "warm enough"})
	add("kick", "hal", "6", Body{Who: Person{"imp", "IMP"}})
	add(message, "imp", "1", Body{Text: "I am back"})
	add(wipe, "hal", "7", Body{})
	add(wipe, "hal", "8", Body{Undo: true})
	add(message, "ada", "6", Body{Text: "well"})
	add(message, "bob", "7", Body{Text: "well, well"})
	add(message, "ada", "6", Body{Text: "well"})

	j := Judge(s.log)
	for _, name := range []string{"ada", "bob", "eve", "hal", "imp"} {
		s.phones = append(s.phones, lived(j, name))
	}
	s.phones = append(s.phones, History{Phone: "bot", Sender: "app bot", Events: []Event{{Kind: Said, Item: Item{Type: message, Text: "20 degrees"}}}})
	for _, name := range []string{"new", "bob", "hal"} {
		s.views = append(s.views, came(j, name))
	}
	return s
}

// at is when the nth record of the story was published.
func at(n int) int64 { return int64(1000 * (n + 1)) }

// lived is what somebody saw who was there from the beginning.
func lived(j *Judgement, name string) History {
	h := History{Phone: name, Sender: name, Stayed: name != "imp"}
	h.Events = []Event{{Kind: Called}, {Kind: Welcomed, Head: -1, Up: true}}
	for n, r := range j.Records {
		add := func(kind Kind, item Item) { h.Events = append(h.Events, Event{Kind: kind, At: at(n) + 10, Item: item}) }
		own := Item{Type: r.Type, Ref: r.ID, Text: textOf(r), To: r.Body.To}
		if r.sender() == name && !r.Repeat {
			add(Said, own)
		}
		if r.Refused != "" && r.sender() == name {
			add(Refused, own)
		}
		if r.seenBy(name) {
			item := r.item()
			if r.Type == message {
				item.Name, item.Text, item.Edited, item.Gone = r.Body.From.Name, r.Body.Text, false, ""
			}
			item.Text += map[bool]string{true: r.Body.Text}[r.Type == edit]
			add(Shown, item)
		}
		if view, is := j.hostAfter(r.Offset); is && name == "hal" {
			h.Events = append(h.Events, Event{Kind: Hosting, At: at(n) + 10, Up: true, Host: &view})
		}
		if r.sender() == name && !r.Repeat && r.Refused == "" {
			add(Ticked, own)
		}
	}
	return h
}

// came is what somebody is shown who comes in at the end.
func came(j *Judgement, name string) View {
	v := View{Who: name, Person: name, Room: j.Room}
	for _, r := range j.Records {
		if r.seenBy(name) {
			item := r.item()
			item.Text += map[bool]string{true: r.Body.Text}[r.Type == edit]
			v.Items = append(v.Items, item)
		}
	}
	if name == "hal" {
		last, _ := j.hostAfter(j.lastDeed(never))
		v.Host = &last
	}
	return v
}

func (s *story) phone(name string) *History {
	return &s.phones[slices.IndexFunc(s.phones, func(p History) bool { return p.Phone == name })]
}

// find returns where in a phone's history an event about the nth record is.
func (s *story) find(name string, kind Kind, n int) int {
	i := slices.IndexFunc(s.phone(name).Events, func(e Event) bool {
		r := s.log[n]
		switch {
		case e.Kind != kind:
			return false
		case kind == Shown:
			return e.Item.Offset == r.Offset
		case kind == Hosting:
			return e.Host.Deeds[len(e.Host.Deeds)-1].Offset == r.Offset
		}
		return e.Item.Ref == r.ID && e.Item.Type == r.Type
	})
	if i < 0 {
		panic(fmt.Sprintf("%s has no event of kind %d about record %d", name, kind, n))
	}
	return i
}

// event is what of the nth record is in a phone's history.
func (s *story) event(name string, kind Kind, n int) *Event {
	return &s.phone(name).Events[s.find(name, kind, n)]
}

// drop takes events out of a phone's history: from one about a record to one about another.
func (s *story) drop(name string, kind Kind, from, to int) {
	p := s.phone(name)
	i, j := s.find(name, kind, from), s.find(name, kind, to)
	p.Events = slices.Delete(p.Events, i, j+1)
}

// put puts an event into a phone's history, behind what it was shown of the nth record.
func (s *story) put(name string, n int, e ...Event) {
	p := s.phone(name)
	p.Events = slices.Insert(p.Events, s.find(name, Shown, n)+1, e...)
}

// view is what a newcomer is shown.
func (s *story) view(name string) *View {
	return &s.views[slices.IndexFunc(s.views, func(v View) bool { return v.Who == name })]
}

// item is that of the nth record in it.
func (v *View) item(n int) *Item {
	return &v.Items[slices.IndexFunc(v.Items, func(i Item) bool { return i.Offset == offset(n) })]
}

// shownOf is an event in which the nth record is shown, as the log has it.
func (s *story) shownOf(n int) Event {
	r := s.log[n]
	return Event{Kind: Shown, At: at(n) + 10, Item: Item{Offset: r.Offset, Type: r.Type, Sender: r.Body.From.ID, Name: r.Body.From.Name, Ref: r.ID, Text: r.Body.Text, To: r.Body.To}}
}
