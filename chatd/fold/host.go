package fold

import (
	"slices"

	"warren/chatd/chat"
)

// host does what a host wants, and a daemon's clock. What it puts into the state
// is not changed any more: whoever has asked for the state shares it.
func (f *Fold) host(step *Step, rec chat.Record, at int64) {
	s, offset := &f.state, rec.Offset
	switch d := step.Deed.(type) {
	case *chat.Hide:
		if d.To < offset {
			step.Verdict, step.Target = Shown, d.To
			step.All = f.hide(d.To, !d.Undo)
		}
	case *chat.Clear:
		step.Verdict, step.All = Shown, true
		f.clear(d, offset)
	case *chat.Mute:
		s.Muted = slices.DeleteFunc(slices.Clone(s.Muted), func(p chat.Person) bool { return p.ID == d.Who.ID })
		if !d.Undo {
			s.Muted = newest(append(s.Muted, d.Who), chat.MaxMuted)
		}
		f.indexMuted()
	case *chat.Kick:
		s.Kicked = slices.DeleteFunc(slices.Clone(s.Kicked), func(k chat.Moment) bool {
			return k.ID == d.Who.ID || f.clock.now-k.At >= chat.KickTime.Milliseconds()
		})
		s.Kicked = newest(append(s.Kicked, chat.Moment{ID: d.Who.ID, At: at}), chat.MaxKicked)
		step.Kick = d.Who.ID
	case *chat.Slow:
		s.Slow, step.Changed = d.Seconds, true
		if d.Seconds == 0 {
			f.spoken = nil
		}
	case *chat.Lock:
		s.Locked, step.Changed = !d.Undo, true
	case *chat.Off:
		s.Off, s.Notice, step.Changed = !d.Undo, d.Notice, true
		if d.Undo {
			s.Notice = ""
		}
	case *chat.Words:
		s.Words = d.Words
		f.index()
	case *chat.Pin:
		s.Pin, step.Changed = nil, true
		if d.Text != "" {
			s.Pin = &chat.Pinned{Text: d.Text, By: d.By, Offset: offset}
		}
	case *chat.Title:
		s.Title, step.Changed = d.Title, true
	case *chat.Pictures:
		s.NoPictures, step.Changed = d.Off, true
	case *chat.Clock:
		step.Changed = f.setClock(d)
	case *chat.Erase:
		f.erase(d)
		step.Changed, step.All = true, true
	}
	if done, ok := chat.DoneOf(step.Deed, offset, rec.ID, rec.Stamp); ok {
		s.Deeds = newest(append(slices.Clone(s.Deeds), done), chat.MaxDone)
		step.Hosts = true
	}
}

// hide hides the message at an offset, or shows it again. It reports whether others
// are hidden by that: those that have no place in the list any more, and all before.
func (f *Fold) hide(offset int64, in bool) (floor bool) {
	s := &f.state
	i, there := slices.BinarySearch(s.Hidden, offset)
	switch {
	case in == there:
		return false
	case !in:
		s.Hidden = slices.Delete(slices.Clone(s.Hidden), i, i+1)
		return false
	}
	s.Hidden = slices.Insert(slices.Clone(s.Hidden), i, offset)
	if len(s.Hidden) <= chat.MaxHidden {
		return false
	}
	s.Floor = max(s.Floor, s.Hidden[0]+1)
	s.Hidden = s.Hidden[1:]
	return true
}

// clear clears all before an offset, or lifts a clear.
func (f *Fold) clear(d *chat.Clear, offset int64) {
	s := &f.state
	if !d.Undo {
		if s.Clears = append(slices.Clone(s.Clears), offset); len(s.Clears) > chat.MaxClears {
			s.Floor = max(s.Floor, s.Clears[0]) // it cannot be lifted any more
			s.Clears = s.Clears[1:]
		}
		return
	}
	i := len(s.Clears) - 1
	if d.Of != nil {
		i = slices.Index(s.Clears, *d.Of)
	}
	if i >= 0 {
		s.Clears = slices.Delete(slices.Clone(s.Clears), i, i+1)
	}
}

// setClock takes note of when a boot began. What a host says stands against what
// phones say.
func (f *Fold) setClock(c *chat.Clock) (changed bool) {
	said := chat.BootClock{Boot: c.Boot, Began: c.Began, ByHost: c.By != nil}
	clocks := f.state.Clocks
	i := slices.IndexFunc(clocks, func(b chat.BootClock) bool { return b.Boot == c.Boot })
	if i >= 0 && (clocks[i] == said || clocks[i].ByHost && !said.ByHost) {
		return false
	}
	clocks = slices.Clone(clocks)
	if i >= 0 {
		clocks[i] = said
	} else {
		clocks = newest(append(clocks, said), chat.MaxClocks)
	}
	f.state.Clocks = clocks
	return true
}

// erase makes the state what a record that begins a log says. Offsets of the old
// log mean nothing here; what another daemon may have put into this one before
// stays as it was.
func (f *Fold) erase(d *chat.Erase) {
	var state chat.State
	if d.State != nil {
		state = *d.State
	}
	state.Erased = true
	state.Clears, state.Hidden, state.Floor = f.state.Clears, f.state.Hidden, f.state.Floor
	state.Kicked = slices.Clone(state.Kicked)
	for i := range state.Kicked {
		state.Kicked[i].At += f.clock.now
	}
	f.state, f.spoken = state, nil
	f.index()
}

// Carried returns what of the state stays when the log is erased: how the room is
// set up, and nothing that was said.
func (f *Fold) Carried() chat.State {
	state := f.state
	state.Clears, state.Hidden, state.Floor = nil, nil, 0
	state.Pin, state.Deeds, state.Unknown = nil, nil, 0
	state.Kicked = slices.Clone(state.Kicked)
	for i := range state.Kicked {
		state.Kicked[i].At -= f.clock.now
	}
	return state
}
