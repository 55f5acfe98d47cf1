package room

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fold"
)

// Presence is who is in the room.
type Presence struct {
	Count  int           `json:"count"`
	People []chat.Person `json:"people"` // at most MaxPeople of them, by name
}

// MaxPeople is how many people a presence names. 100 of them are about 6 kB,
// which 50 phones can be sent each second over a busy radio.
const MaxPeople = 100

const (
	// A change of presence is told after this time, with all that changed in
	// it; longer when many must be told, because the cost grows with their
	// square.
	presenceDelay   = 500 * time.Millisecond
	presencePerHead = 5 * time.Millisecond

	// A daemon repeats its own presence this often, and is forgotten by the
	// others when three were missed.
	presenceRepeat = 5 * time.Second
	presenceExpiry = 3*presenceRepeat + time.Second

	// maxNodes is how many other daemons are counted: a Pi for each of the
	// largest halls. More can only be a fault.
	maxNodes = 64

	// maxCount is how many people are believed to be at another daemon: more
	// than any hall holds, and few enough that the sum over maxNodes is a number.
	maxCount = 1 << 20
)

// whisper is what daemons tell each other outside of the log.
type whisper struct {
	Node     string       `json:"node"`
	Presence *Presence    `json:"presence,omitempty"`
	Typing   *chat.Person `json:"typing,omitempty"`
}

// presence is what is known of who is here.
type presence struct {
	local   map[string]*guest
	remote  map[string]remote // by node
	changed bool
	told    Presence  // what was told last
	shown   *Presence // to everyone; nil: it has to be made anew
}

// touch says that somebody is here, is not, or is shown under another name.
func (p *presence) touch() { p.changed, p.shown = true, nil }

type guest struct {
	person   chat.Person
	sessions int
}

type remote struct {
	Presence
	at time.Time
}

func newPresence() presence {
	return presence{local: make(map[string]*guest), remote: make(map[string]remote), told: Presence{People: []chat.Person{}}}
}

// Enter says that a session of p began. Each Enter needs one Leave.
func (r *Room) Enter(p chat.Person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.presence.local[p.ID]
	if g == nil {
		g = &guest{}
		r.presence.local[p.ID] = g
	}
	g.person = p
	g.sessions++
	r.presence.touch()
}

// Leave says that a session of the person with that id ended.
func (r *Room) Leave(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.presence.local[id]
	if g == nil {
		return
	}
	if g.sessions--; g.sessions == 0 {
		delete(r.presence.local, id)
	}
	r.presence.touch()
}

// Rename says that a person who is here has another name now.
func (r *Room) Rename(p chat.Person) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.presence.local[p.ID]; g != nil {
		g.person = p
		r.presence.touch()
	}
}

// Presence returns who is here now, as everyone is told.
func (r *Room) Presence() Presence {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.presenceFor(Viewer{})
}

// nameFor returns the name that somebody is shown under to everyone else. A muted
// person speaks by no name either: it is the one under which a host has muted them.
// r.mu is held.
func (r *Room) nameFor(p chat.Person) string {
	if name, muted := r.fold.Muted(p.ID); muted {
		return name
	}
	if r.fold.Unwanted(p.Name) {
		return fold.NeutralName(p.ID)
	}
	return p.Name
}

// presenceFor returns who is here as somebody sees it: oneself under one's own name. While
// the log is being read nobody knows who is muted, and which words are not wanted: then it is
// what was told last. r.mu is held.
func (r *Room) presenceFor(as Viewer) Presence {
	if r.loading {
		return r.presence.told
	}
	if own := r.presence.local[as.Person]; own != nil && r.nameFor(own.person) != own.person.Name {
		return r.presence.all(func(q chat.Person) string {
			if q.ID == as.Person {
				return q.Name
			}
			return r.nameFor(q)
		})
	}
	if r.presence.shown == nil {
		all := r.presence.all(r.nameFor)
		r.presence.shown = &all
	}
	return *r.presence.shown
}

// Typing says that p is writing. It may be dropped, and is if p is muted or sent out, or if
// nobody knows, because the log is being read.
func (r *Room) Typing(p chat.Person) {
	now := r.clock()
	r.mu.Lock()
	_, muted := r.fold.Muted(p.ID)
	silent := r.loading || muted || r.fold.Kicked(p.ID, now)
	r.mu.Unlock()
	if !silent {
		r.whisper(whisper{Typing: &p})
	}
}

func (r *Room) whisper(w whisper) {
	w.Node = r.node
	body, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings and numbers cannot fail to marshal
	}
	r.exchange.Whisper(body)
}

// Whispered implements fanout.Handler.
func (h handler) Whispered(body []byte) {
	var w whisper
	if err := json.Unmarshal(body, &w); err != nil {
		return // from some other program: presence is not worth a word
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.Typing != nil {
		if name, err := chat.CleanName(w.Typing.Name); err == nil && chat.ValidID(w.Typing.ID) {
			who := chat.Person{ID: w.Typing.ID, Name: name}
			typing := &Event{Typing: &who}
			if _, muted := h.fold.Muted(who.ID); muted {
				typing.Audience.Person = who.ID
			} else {
				who.Name = h.nameFor(who)
			}
			if !h.loading {
				h.append(typing)
			}
		}
	}
	if p := w.Presence; p != nil && w.Node != h.node {
		if _, known := h.presence.remote[w.Node]; !known && len(h.presence.remote) >= maxNodes {
			return
		}
		people := make([]chat.Person, 0, min(len(p.People), MaxPeople))
		for _, q := range p.People[:min(len(p.People), MaxPeople)] {
			if name, err := chat.CleanName(q.Name); err == nil && chat.ValidID(q.ID) {
				people = append(people, chat.Person{ID: q.ID, Name: name})
			}
		}
		now := Presence{min(max(p.Count, len(people)), maxCount), people}
		if !equal(now, h.presence.remote[w.Node].Presence) {
			h.presence.touch()
		}
		h.presence.remote[w.Node] = remote{now, time.Now()}
	}
}

// announce tells who is here, to this daemon's sessions and to other daemons,
// when it changed, and to other daemons now and then.
func (r *Room) announce(ctx context.Context) error {
	tick := time.NewTicker(presenceDelay / 2)
	defer tick.Stop()
	var told, whispered time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			r.mu.Lock()
			r.presence.expire(now)
			pause := presenceDelay + time.Duration(len(r.presence.local))*presencePerHead
			news := r.presence.changed && !r.loading && now.Sub(told) >= pause
			if news {
				r.presence.changed, told = false, now
				r.tellPresence()
			}
			var own *Presence
			if news || now.Sub(whispered) >= presenceRepeat {
				whispered = now
				p := r.presence.own()
				own = &p
			}
			r.mu.Unlock()
			if own != nil {
				r.whisper(whisper{Presence: own})
			}
		}
	}
}

// tellPresence appends an event if somebody came, went or changed the name
// since the last one. r.mu is held.
func (r *Room) tellPresence() {
	// Whoever is shown to others under another name sees the own one, and never the
	// other: it would tell them that they are muted.
	renamed := make(others)
	for id, g := range r.presence.local {
		if r.nameFor(g.person) != g.person.Name {
			renamed[id] = true
			own := r.presenceFor(Viewer{Person: id})
			r.append(&Event{Presence: &own, Audience: Audience{Person: id}})
		}
	}
	all := r.presenceFor(Viewer{})
	if equal(all, r.presence.told) {
		return
	}
	r.presence.told = all
	people.Set(float64(all.Count))
	event := &Event{Presence: &all}
	if len(renamed) > 0 {
		event.Audience.but = &renamed
	}
	r.append(event)
}

// expire forgets daemons that were not heard of for too long.
func (p *presence) expire(now time.Time) {
	for node, r := range p.remote {
		if now.Sub(r.at) > presenceExpiry {
			delete(p.remote, node)
			p.touch()
		}
	}
}

// own is who is here through this daemon.
func (p *presence) own() Presence {
	all := make([]chat.Person, 0, len(p.local))
	for _, g := range p.local {
		all = append(all, g.person)
	}
	return named(all, len(all))
}

// all is who is here through any daemon. Somebody who is at two of them
// counts once, as long as both name everybody. Each has the name that name returns.
func (p *presence) all(name func(chat.Person) string) Presence {
	byID := make(map[string]chat.Person, len(p.local))
	unnamed := 0
	for _, r := range p.remote {
		for _, q := range r.People {
			byID[q.ID] = q
		}
		unnamed += r.Count - len(r.People)
	}
	for id, g := range p.local {
		byID[id] = g.person
	}
	all := make([]chat.Person, 0, len(byID))
	for _, q := range byID {
		q.Name = name(q)
		all = append(all, q)
	}
	return named(all, len(all)+unnamed)
}

func named(all []chat.Person, count int) Presence {
	slices.SortFunc(all, func(a, b chat.Person) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return Presence{Count: count, People: all[:min(len(all), MaxPeople)]}
}

func equal(a, b Presence) bool {
	return a.Count == b.Count && slices.Equal(a.People, b.People)
}
