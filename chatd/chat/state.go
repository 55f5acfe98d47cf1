package chat

import (
	"fmt"
)

// State is all of a room that must be remembered when the records which made it
// so are read no more. It is folded by package room.
type State struct {
	Title      string  `json:"title,omitempty"`
	Pin        *Pinned `json:"pin,omitempty"`
	Slow       int     `json:"slow,omitempty"`
	Locked     bool    `json:"locked,omitempty"`
	Off        bool    `json:"off,omitempty"`
	Notice     string  `json:"notice,omitempty"`
	NoPictures bool    `json:"no_pictures,omitempty"`
	Erased     bool    `json:"erased,omitempty"`

	Clocks  []BootClock `json:"clocks,omitempty"`  // at most MaxClocks, oldest first
	Muted   []Person    `json:"muted,omitempty"`   // at most MaxMuted, oldest first
	Words   []string    `json:"words,omitempty"`   // at most MaxWords
	Clears  []int64     `json:"clears,omitempty"`  // offsets of the clears in force, at most MaxClears
	Hidden  []int64     `json:"hidden,omitempty"`  // offsets of messages hidden by hosts, at most MaxHidden, oldest deed first
	Deleted []int64     `json:"deleted,omitempty"` // offsets of messages taken back, at most MaxHidden, oldest deed first
	Deeds   []Done      `json:"deeds,omitempty"`   // the last of the hosts' deeds, at most MaxDone
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

// Limits of a state. Over them, the oldest is forgotten. A snapshot is a record
// and has at most MaxBody = 100,352 bytes; 48 kB of it are for usual contents:
//
//	500 muted people    of 60 bytes (16 of id, 12 of name)   30 kB
//	2,000 hidden        of 8 bytes                           16 kB
//	2,000 taken back    of 8 bytes                           16 kB
//	200 words           of 12 bytes                           2 kB
//	100 clocks          of 75 bytes                           8 kB
//	50 deeds            of 300 bytes                         15 kB
//
// Longest names and words in all of it would not fit: then Fit leaves out what
// is least missed.
const (
	MaxMuted  = 500  // more than the devices that one box serves
	MaxHidden = 2000 // as many as the room's window has messages
	MaxClocks = 100  // boots: a season of evenings, each with a few starts
	MaxClears = 10   // as far as they can be undone
	MaxDone   = 50   // what a host reads through on a phone
)

// Empty reports whether s says nothing.
func (s *State) Empty() bool {
	return s.Title == "" && s.Pin == nil && s.Slow == 0 && !s.Locked && !s.Off && s.Notice == "" && !s.NoPictures && !s.Erased &&
		len(s.Clocks)+len(s.Muted)+len(s.Words)+len(s.Clears)+len(s.Hidden)+len(s.Deleted)+len(s.Deeds) == 0
}

func (s *State) check() (err error) {
	switch {
	case s.Slow < 0 || s.Slow > MaxSlow:
		return fmt.Errorf("slow is %d: it must be 0 to %d", s.Slow, MaxSlow)
	case len(s.Clocks) > MaxClocks, len(s.Muted) > MaxMuted, len(s.Clears) > MaxClears,
		len(s.Hidden) > MaxHidden, len(s.Deleted) > MaxHidden, len(s.Deeds) > MaxDone:
		return fmt.Errorf("one of the lists is too long")
	}
	if s.Title != "" {
		if s.Title, err = CleanName(s.Title); err != nil {
			return fmt.Errorf("title: %w", err)
		}
	}
	if s.Notice, err = cleanNotice(s.Notice); err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	if s.Pin != nil {
		if s.Pin.Text, err = cleanNotice(s.Pin.Text); err != nil {
			return fmt.Errorf("pin: %w", err)
		}
		if err := s.Pin.By.check("pin.by"); err != nil {
			return err
		}
	}
	for _, c := range s.Clocks {
		if err := checkClock(c.Boot, c.Began); err != nil {
			return err
		}
	}
	for i := range s.Muted {
		if err := s.Muted[i].check("muted"); err != nil {
			return err
		}
	}
	for i := range s.Deeds {
		if err := s.Deeds[i].check(); err != nil {
			return fmt.Errorf("deeds: %w", err)
		}
	}
	return checkWords(s.Words)
}

// Fit makes s fit into a record, with room for what stands around it: it leaves out
// the older half of its longest list until it does.
func (s *State) Fit() {
	const around = 1 << 10
	for len(RecordOf(&Snapshot{State: *s}, "", Stamp{}).Body) > MaxBody-around {
		switch n := max(len(s.Deeds), len(s.Hidden), len(s.Deleted), len(s.Muted), len(s.Words), len(s.Clocks)); n {
		case 0:
			return // the rest is some 8 kB at most
		case len(s.Hidden):
			s.Hidden = s.Hidden[(n+1)/2:]
		case len(s.Deleted):
			s.Deleted = s.Deleted[(n+1)/2:]
		case len(s.Muted):
			s.Muted = s.Muted[(n+1)/2:]
		case len(s.Words):
			s.Words = s.Words[(n+1)/2:]
		case len(s.Clocks):
			s.Clocks = s.Clocks[(n+1)/2:]
		default:
			s.Deeds = s.Deeds[(n+1)/2:]
		}
	}
}
