package reference

import (
	"slices"

	"warren/chatd/chat"
)

// hosts does what hosts do to the room.
func (r *Room) hosts(rec chat.Record, e *Entry, d chat.Deed, t int64) {
	s := &r.State
	switch d := d.(type) {
	case *chat.Hide:
		if d.To < rec.Offset {
			s.Hidden = slices.DeleteFunc(s.Hidden, func(o int64) bool { return o == d.To })
			if !d.Undo {
				s.Hidden = append(s.Hidden, d.To)
				slices.Sort(s.Hidden)
			}
			if len(s.Hidden) > chat.MaxHidden {
				s.Floor = max(s.Floor, s.Hidden[0]+1)
				s.Hidden = s.Hidden[1:]
			}
			e.To, e.Undo = d.To, d.Undo
			r.done = append(r.done, e)
		}
	case *chat.Clear:
		switch n := len(s.Clears); {
		case !d.Undo:
			if s.Clears = append(s.Clears, rec.Offset); len(s.Clears) > chat.MaxClears {
				s.Floor = max(s.Floor, s.Clears[0])
				s.Clears = s.Clears[1:]
			}
		case d.Of != nil:
			s.Clears = slices.DeleteFunc(s.Clears, func(o int64) bool { return o == *d.Of })
		case n > 0:
			s.Clears = s.Clears[:n-1]
		}
		e.Undo = d.Undo
		r.done = append(r.done, e)
	case *chat.Mute:
		s.Muted = slices.DeleteFunc(s.Muted, func(p chat.Person) bool { return p.ID == d.Who.ID })
		if !d.Undo {
			s.Muted = last(append(s.Muted, d.Who), chat.MaxMuted)
		}
	case *chat.Kick:
		s.Kicked = slices.DeleteFunc(without(s.Kicked, d.Who.ID), func(k chat.Moment) bool { return r.time-k.At >= chat.KickTime.Milliseconds() })
		s.Kicked = last(append(s.Kicked, chat.Moment{ID: d.Who.ID, At: t}), chat.MaxKicked)
	case *chat.Slow:
		s.Slow = d.Seconds
		if d.Seconds == 0 {
			r.spoke = nil
		}
	case *chat.Lock:
		s.Locked = !d.Undo
	case *chat.Off:
		s.Off, s.Notice = !d.Undo, d.Notice
		if d.Undo {
			s.Notice = ""
		}
	case *chat.Words:
		s.Words = d.Words
	case *chat.Pin:
		s.Pin = nil
		if d.Text != "" {
			s.Pin = &chat.Pinned{Text: d.Text, By: d.By, Offset: rec.Offset}
		}
	case *chat.Title:
		s.Title = d.Title
	case *chat.Pictures:
		s.NoPictures = d.Off
	case *chat.Clock:
		c := chat.BootClock{Boot: d.Boot, Began: d.Began, ByHost: d.By != nil}
		i := slices.IndexFunc(s.Clocks, func(b chat.BootClock) bool { return b.Boot == d.Boot })
		if i < 0 {
			s.Clocks = last(append(s.Clocks, c), chat.MaxClocks)
		} else if c.ByHost || !s.Clocks[i].ByHost {
			s.Clocks[i] = c
		}
	case *chat.Erase:
		old := *s
		*s = chat.State{}
		if d.State != nil {
			*s = *d.State
		}
		s.Erased, s.Hidden, s.Clears, s.Floor = true, old.Hidden, old.Clears, old.Floor
		for i := range s.Kicked {
			s.Kicked[i].At += r.time
		}
		r.spoke = nil
	}
	if done, ok := chat.DoneOf(d, rec.Offset, rec.ID, rec.Stamp); ok {
		s.Deeds = last(append(s.Deeds, done), chat.MaxDone)
	}
}
