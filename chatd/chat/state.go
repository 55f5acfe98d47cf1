package chat

import (
	"fmt"
	"slices"
)

// State is all of a room that must be remembered when the records which made it
// so are read no more. It is made by package fold.
type State struct {
	Title      string  `json:"title,omitempty"`
	Pin        *Pinned `json:"pin,omitempty"`
	Slow       int     `json:"slow,omitempty"`
	Locked     bool    `json:"locked,omitempty"`
	Off        bool    `json:"off,omitempty"`
	Notice     string  `json:"notice,omitempty"`
	NoPictures bool    `json:"no_pictures,omitempty"`
	Erased     bool    `json:"erased,omitempty"`

	Clocks []BootClock `json:"clocks,omitempty"` // at most MaxClocks, oldest first
	Muted  []Person    `json:"muted,omitempty"`  // at most MaxMuted, oldest first
	Kicked []Moment    `json:"kicked,omitempty"` // at most MaxKicked, oldest first
	Words  []string    `json:"words,omitempty"`  // at most MaxWords
	Clears []int64     `json:"clears,omitempty"` // offsets of the clears in force, rising, at most MaxClears
	Hidden []int64     `json:"hidden,omitempty"` // offsets of messages hidden by hosts, rising, at most MaxHidden
	Floor  int64       `json:"floor,omitempty"`  // what is before it is not shown: there were too many hidden
	Deeds  []Done      `json:"deeds,omitempty"`  // the last of the hosts' deeds, at most MaxDone

	// Unknown is the offset of the first record that could be read, where those
	// before it were gone and no snapshot told what they had made of the room: what
	// hosts did before may be forgotten. 0: all is known.
	Unknown int64 `json:"unknown,omitempty"`
}

// Pinned is an announcement that stands.
type Pinned struct {
	Text   string `json:"text"`
	By     Person `json:"by"`
	Offset int64  `json:"offset"` // of the record that pinned it
}

// BootClock is when a boot began.
type BootClock struct {
	Boot   string `json:"boot"`
	Began  int64  `json:"began"`
	ByHost bool   `json:"by_host,omitempty"`
}

// Moment is when something happened to, or was said by, a person, in log time:
// milliseconds as package fold counts them.
type Moment struct {
	ID string `json:"id"`
	At int64  `json:"at"`
}

// maxMoment bounds log times, so that sums of two are numbers.
const maxMoment = 1 << 60

// Limits of a state. Over them, the oldest is forgotten; but of what is hidden
// nothing is: what is at or before the message that has no place any more is shown no more.
//
// All of it at its longest, with what Memory holds, has to fit into MaxSnapshot:
//
//	500 muted people    of 200 bytes (36 of id, 120 of name)   100 kB
//	500 kicked          of  70 bytes                            35 kB
//	5,000 hidden        of  11 bytes                            55 kB
//	200 words           of  65 bytes                            13 kB
//	100 clocks          of  90 bytes                             9 kB
//	50 deeds            of 900 bytes                            45 kB
const (
	MaxMuted  = 500  // more than the devices that one box serves
	MaxKicked = 500  // nearly one a second, for as long as a kick lasts
	MaxHidden = 5000 // a host who hides so many has a word list, a mute and a clear
	MaxClocks = 100  // boots: a season of evenings, each with a few starts
	MaxClears = 10   // as far as they can be undone
	MaxDone   = 50   // what a host reads through on a phone
)

// Empty reports whether s says nothing.
func (s *State) Empty() bool {
	return s.Title == "" && s.Pin == nil && s.Slow == 0 && !s.Locked && !s.Off && s.Notice == "" && !s.NoPictures && !s.Erased &&
		len(s.Clocks)+len(s.Muted)+len(s.Kicked)+len(s.Words)+len(s.Clears)+len(s.Hidden)+len(s.Deeds) == 0 && s.Floor == 0 && s.Unknown == 0
}

// Clean makes s one that this version understands: what cannot be so is left out,
// each by itself, and nothing else with it. It returns how much that was. A newer
// version's state is one of which some is not understood.
func (s *State) Clean() (dropped int) {
	drop := func(bad bool) bool {
		if bad {
			dropped++
		}
		return bad
	}
	text := func(field *string, clean func(string) (string, error)) {
		out, err := clean(*field)
		if drop(err != nil) {
			out = ""
		}
		*field = out
	}
	if s.Title != "" {
		text(&s.Title, CleanName)
	}
	text(&s.Notice, cleanNotice)
	if drop(s.Slow < 0 || s.Slow > MaxSlow) {
		s.Slow = min(max(s.Slow, 0), MaxSlow)
	}
	if s.Pin != nil {
		text(&s.Pin.Text, cleanNotice)
		if s.Pin.Text == "" || drop(s.Pin.By.check("by") != nil) {
			s.Pin = nil
		}
	}
	s.Clocks = kept(s.Clocks, MaxClocks, func(c *BootClock) bool { return !drop(checkClock(c.Boot, c.Began) != nil) })
	s.Muted = kept(s.Muted, MaxMuted, func(p *Person) bool {
		if p.check("muted") == nil {
			return true
		}
		// Whatever is wrong with the name: the person is muted.
		p.Name = SuggestName(p.ID)
		return !drop(!ValidID(p.ID))
	})
	s.Kicked = kept(s.Kicked, MaxKicked, func(m *Moment) bool { return !drop(!ValidID(m.ID) || m.At > maxMoment || m.At < -maxMoment) })
	s.Words = kept(s.Words, MaxWords, func(word *string) bool { return !drop(checkWords([]string{*word}) != nil) })
	s.Deeds = kept(s.Deeds, MaxDone, func(d *Done) bool { return !drop(d.check() != nil) })
	offset := func(o *int64) bool { return !drop(*o < 0) }
	s.Clears = kept(s.Clears, MaxClears, offset)
	s.Hidden = kept(s.Hidden, len(s.Hidden), offset)
	slices.Sort(s.Clears)
	slices.Sort(s.Hidden)
	s.Hidden = slices.Compact(s.Hidden)
	if over := len(s.Hidden) - MaxHidden; over > 0 {
		s.Floor = max(s.Floor, s.Hidden[over-1]+1)
		s.Hidden = s.Hidden[over:]
	}
	return dropped
}

// kept returns those of a list that are good, the last most of them.
func kept[T any](list []T, most int, good func(*T) bool) []T {
	var out []T
	for i := range list {
		if good(&list[i]) {
			out = append(out, list[i])
		}
	}
	return out[max(0, len(out)-most):]
}

// lenient reads a state field by field: one that is not what this version has
// under that name is left out, and counted.
func (s *State) lenient(raw []byte) (dropped int, err error) {
	return lenient(raw, map[string]any{
		"title": &s.Title, "pin": &s.Pin, "slow": &s.Slow, "locked": &s.Locked, "off": &s.Off, "notice": &s.Notice,
		"no_pictures": &s.NoPictures, "erased": &s.Erased, "clocks": &s.Clocks, "muted": &s.Muted, "kicked": &s.Kicked,
		"words": &s.Words, "clears": &s.Clears, "hidden": &s.Hidden, "floor": &s.Floor, "deeds": &s.Deeds, "unknown": &s.Unknown,
	})
}

// UnmarshalJSON implements json.Unmarshaler. It fails only if raw is no object.
func (s *State) UnmarshalJSON(raw []byte) error {
	*s = State{}
	_, err := s.lenient(raw)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}
