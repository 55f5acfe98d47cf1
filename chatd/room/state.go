package room

import (
	"encoding/json"
	"slices"

	"warren/chatd/chat"
)

// State is how the room is set up, for everyone. It is immutable. Its JSON is
// that of docs/protocol.md.
type State struct {
	Title      string       `json:"title,omitempty"` // empty: the one in the settings
	Pin        *chat.Pinned `json:"pin,omitempty"`
	Slow       int          `json:"slow,omitempty"` // seconds
	Locked     bool         `json:"locked,omitempty"`
	Off        bool         `json:"off,omitempty"`
	Notice     string       `json:"notice,omitempty"`
	NoPictures bool         `json:"no_pictures,omitempty"`
	Erased     bool         `json:"erased,omitempty"`
	Clocks     Clocks       `json:"clocks,omitempty"`
}

// Clocks says when boots began. Its JSON is {"<boot>": unix milliseconds, …}.
type Clocks []chat.BootClock

// MarshalJSON implements json.Marshaler.
func (c Clocks) MarshalJSON() ([]byte, error) {
	began := make(map[string]int64, len(c))
	for _, b := range c {
		began[b.Boot] = b.Began
	}
	return json.Marshal(began)
}

// HostState is what hosts know of the room besides. It is immutable. Its JSON is
// that of docs/protocol.md.
type HostState struct {
	Muted []chat.Person `json:"muted"`
	Words []string      `json:"words"`
	Deeds []chat.Done   `json:"deeds"` // the last chat.MaxDone, oldest first
}

// state is what the deeds in the log have made of the room. It is a function of
// the records alone, in their order; the same records make the same state in
// every daemon. Package room's lock guards it.
type state struct {
	kept    chat.State // what a snapshot says
	changes changes    // what people did to their own messages
	kicks   []kick     // at most maxKicks

	// Indices of kept.
	hidden, deleted map[int64]bool
	muted           map[string]bool
	matcher         *chat.Matcher

	public *State     // for everyone, as of the last deed that changed it
	hosts  *HostState // for hosts
}

// kick is that somebody was sent out.
type kick struct {
	id string
	at chat.Stamp
}

// maxKicks is how many people are kept out at once; the first come in again
// before KickTime is over. A host who sends out one every five seconds gets so
// far.
const maxKicks = chat.KickTime / (5e9)

func newState() *state { return stateOf(chat.State{}) }

// stateOf returns the state that a snapshot says.
func stateOf(kept chat.State) *state {
	s := &state{kept: kept, hidden: set(kept.Hidden), deleted: set(kept.Deleted), muted: make(map[string]bool), changes: newChanges(maxChanges, maxChangeBytes)}
	for _, p := range kept.Muted {
		s.muted[p.ID] = true
	}
	s.matcher = chat.NewMatcher(kept.Words)
	s.publish()
	return s
}

func set(offsets []int64) map[int64]bool {
	all := make(map[int64]bool, len(offsets))
	for _, o := range offsets {
		all[o] = true
	}
	return all
}

// publish makes what others see of s.
func (s *state) publish() {
	k := &s.kept
	s.public = &State{k.Title, k.Pin, k.Slow, k.Locked, k.Off, k.Notice, k.NoPictures, k.Erased, slices.Clone(k.Clocks)}
	s.hosts = &HostState{
		Muted: append([]chat.Person{}, k.Muted...),
		Words: append([]string{}, k.Words...),
		Deeds: append([]chat.Done{}, k.Deeds...),
	}
}

// floor is the offset before which nothing is shown.
func (s *state) floor() int64 {
	if n := len(s.kept.Clears); n > 0 {
		return s.kept.Clears[n-1]
	}
	return 0
}

// kickedAt reports whether somebody is kept out at a time.
func (s *state) kickedAt(id string, now chat.Stamp) bool {
	return slices.ContainsFunc(s.kicks, func(k kick) bool {
		ago, known := k.at.Before(now)
		return k.id == id && known && ago < chat.KickTime
	})
}

// effect is what a deed comes to.
type effect struct {
	show   bool  // pages are told of the deed itself
	state  bool  // State is another
	hosts  bool  // HostState is another
	target int64 // the message that is shown differently now, -1 if none is
	all    bool  // any message may be
}

// do makes s what it is after a deed. Message returns the message at an offset as
// it was said, nil if it is not in memory. A deed that is not allowed does
// nothing. What it puts into s is not changed any more: public and hosts share it.
func (s *state) do(e *Entry, message func(offset int64) *Entry) effect {
	k, f := &s.kept, effect{target: -1}
	switch d := e.Deed.(type) {
	case *chat.Reaction:
		f.show = d.To < e.Offset
	case *chat.Edit, *chat.Delete:
		return s.change(e, message)
	case *chat.Hide:
		if d.To >= e.Offset {
			return f
		}
		f.show, f.target = true, d.To
		k.Hidden = listed(k.Hidden, s.hidden, d.To, !d.Undo)
	case *chat.Clear:
		f.show = true
		if n := len(k.Clears); !d.Undo {
			k.Clears = newest(append(slices.Clone(k.Clears), e.Offset), chat.MaxClears)
		} else if n > 0 {
			k.Clears = slices.Clone(k.Clears[:n-1])
		}
	case *chat.Mute:
		k.Muted = slices.DeleteFunc(slices.Clone(k.Muted), func(p chat.Person) bool { return p.ID == d.Who.ID })
		if !d.Undo {
			k.Muted = newest(append(k.Muted, d.Who), chat.MaxMuted)
		}
		clear(s.muted)
		for _, p := range k.Muted {
			s.muted[p.ID] = true
		}
	case *chat.Kick:
		s.kicks = slices.DeleteFunc(s.kicks, func(k kick) bool { return k.id == d.Who.ID })
		s.kicks = newest(append(s.kicks, kick{d.Who.ID, e.Stamp}), int(maxKicks))
	case *chat.Slow:
		k.Slow, f.state = d.Seconds, true
	case *chat.Lock:
		k.Locked, f.state = !d.Undo, true
	case *chat.Off:
		k.Off, k.Notice, f.state = !d.Undo, d.Notice, true
		if d.Undo {
			k.Notice = ""
		}
	case *chat.Words:
		k.Words, s.matcher = d.Words, chat.NewMatcher(d.Words)
	case *chat.Pin:
		k.Pin, f.state = nil, true
		if d.Text != "" {
			k.Pin = &chat.Pinned{Text: d.Text, By: d.By, Offset: e.Offset}
		}
	case *chat.Title:
		k.Title, f.state = d.Title, true
	case *chat.Pictures:
		k.NoPictures, f.state = d.Off, true
	case *chat.Clock:
		f.state = s.setClock(d)
	case *chat.Erase:
		var kept chat.State
		if d.State != nil {
			kept = *d.State
		}
		kept.Erased = true
		// Offsets of the old log mean nothing here. What another daemon may have put
		// into this one before stays as it was.
		kept.Clears, kept.Hidden, kept.Deleted = k.Clears, k.Hidden, k.Deleted
		kicks, changes := s.kicks, s.changes
		*s = *stateOf(kept)
		s.kicks, s.changes = kicks, changes
		k = &s.kept
		f.state, f.all = true, true
	default: // a snapshot says nothing to whom has read all before it
		return f
	}
	if done, ok := chat.DoneOf(e.Deed, e.Offset, e.Ref, e.Stamp); ok {
		if hide, ok := e.Deed.(*chat.Hide); ok {
			if m := message(hide.To); m != nil && !s.deleted[hide.To] {
				done.Text = chat.Excerpt(m.Message.Text)
				done.Who = &m.Message.From
			}
		}
		k.Deeds = newest(append(slices.Clone(k.Deeds), done), chat.MaxDone)
		f.hosts = true
	}
	if f.state || f.hosts {
		s.publish()
	}
	return f
}

// change is do for what people do to their own messages.
func (s *state) change(e *Entry, message func(offset int64) *Entry) effect {
	c, to := changeOf(e)
	nothing, target := effect{target: -1}, message(to)
	switch {
	case to >= e.Offset, s.deleted[to]:
		return nothing
	case target == nil:
		// Not in memory: whoever shows it looks whether the change is allowed.
		if c.shadow {
			return effect{show: true, target: -1}
		}
	case !c.allowed(target):
		return nothing
	case c.shadow && target.Audience.Person != c.from:
		return effect{show: true, target: -1} // only the doer sees the message changed
	case c.deleted:
		s.kept.Deleted = listed(s.kept.Deleted, s.deleted, to, true)
	}
	s.changes.add(to, c)
	return effect{show: true, target: to}
}

// setClock takes note of when a boot began. What a host says stands against what
// phones say.
func (s *state) setClock(c *chat.Clock) bool {
	said := chat.BootClock{Boot: c.Boot, Began: c.Began, ByHost: c.By != nil}
	i := slices.IndexFunc(s.kept.Clocks, func(b chat.BootClock) bool { return b.Boot == c.Boot })
	if i >= 0 && (s.kept.Clocks[i] == said || s.kept.Clocks[i].ByHost && !said.ByHost) {
		return false
	}
	clocks := slices.Clone(s.kept.Clocks)
	if i >= 0 {
		clocks[i] = said
	} else {
		clocks = newest(append(clocks, said), chat.MaxClocks)
	}
	s.kept.Clocks = clocks
	return true
}

// listed puts an offset into a list of at most chat.MaxHidden and its index, or
// takes it out.
func listed(list []int64, index map[int64]bool, offset int64, in bool) []int64 {
	if index[offset] == in {
		return list
	}
	if !in {
		delete(index, offset)
		return slices.DeleteFunc(slices.Clone(list), func(o int64) bool { return o == offset })
	}
	index[offset] = true
	list = append(slices.Clone(list), offset)
	for ; len(list) > chat.MaxHidden; list = list[1:] {
		delete(index, list[0])
	}
	return list
}

// newest returns the last n of all at most.
func newest[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

// carried returns what of s stays when the log is erased: how the room is set up,
// and nothing that was said.
func (s *state) carried() *chat.State {
	kept := s.kept
	kept.Clears, kept.Hidden, kept.Deleted = nil, nil, nil
	kept.Pin, kept.Deeds = nil, nil
	return &kept
}

// adopt returns the state that a snapshot and the deeds after it make. Deeds are
// those that were read, in order: all after the snapshot's place are among them.
func (s *state) adopt(snapshot *chat.Snapshot, deeds []*Entry, message func(offset int64) *Entry) *state {
	adopted := stateOf(snapshot.State)
	adopted.kicks, adopted.changes = nil, s.changes
	for _, e := range deeds {
		if _, kick := e.Deed.(*chat.Kick); kick || e.Offset > snapshot.Upto {
			adopted.do(e, message)
		}
	}
	adopted.publish()
	return adopted
}
