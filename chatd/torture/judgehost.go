package main

import (
	"maps"
	"slices"

	"warren/chatd/chat"
)

// host judges what hosts do.
func (j *judge) host(r *Judged) {
	b, room := r.Body, &j.Room
	switch r.Type {
	case hide:
		if b.To >= r.Offset {
			break
		}
		r.Shown = true
		j.hidden[b.To] = !b.Undo
		if m := j.at[b.To]; m != nil && m.Type == message && m.Shown {
			v := m.last()
			v.cause, v.hidden = r.cause(), !b.Undo
			if v.gone != "deleted" {
				v.gone = ""
				if !b.Undo {
					v.gone = "hidden"
				}
			}
			m.versions = append(m.versions, v)
		}
	case wipe:
		r.Shown = true
		j.clear(r)
	case "mute":
		if j.muted = slices.DeleteFunc(slices.Clone(j.muted), func(id string) bool { return id == b.Who.ID }); !b.Undo {
			j.muted = append(j.muted, b.Who.ID)
		}
	case "kick":
		maps.DeleteFunc(j.kicked, func(_ string, at int64) bool { return j.now-at >= chat.KickTime.Milliseconds() })
		j.kicked[b.Who.ID] = r.time
	case "slow":
		if room.Slow = b.Seconds; b.Seconds == 0 {
			clear(j.spoke)
		}
	case "lock":
		room.Locked = !b.Undo
	case "off":
		if room.Off, room.Notice = !b.Undo, b.Notice; b.Undo {
			room.Notice = ""
		}
	case "words":
		j.words = b.Words
	case "pin":
		room.Pin, room.PinOffset = b.Text, r.Offset
		if b.Text == "" {
			room.PinOffset = 0
		}
	case "title":
		room.Title = b.Title
	case "pictures":
	case "clock":
		if b.By.ID == "" {
			return
		}
	default:
		return
	}
	ref := r.ID
	if !chat.ValidID(ref) {
		ref = ""
	}
	d := Deed{Offset: r.Offset, Ref: ref, Verb: r.Type, By: b.By.ID, Undo: b.Undo, Who: b.Who.ID}
	if r.Type == hide {
		d.To, d.Who = b.To, ""
	}
	j.deeds = append(slices.Clone(j.deeds[max(0, len(j.deeds)+1-maxDeeds):]), d)
	j.hosts = append(j.hosts, HostView{j.muted, j.words, j.deeds})
}

func (j *judge) clear(r *Judged) {
	defer j.setFloor(r)
	if !r.Body.Undo {
		if j.clears = append(j.clears, r.Offset); len(j.clears) > maxClears {
			j.forGood, j.clears = j.clears[0], j.clears[1:]
		}
		return
	}
	i := len(j.clears) - 1
	if of := r.Body.Of; of != nil {
		i = slices.Index(j.clears, *of)
	}
	if i >= 0 {
		j.clears = slices.Delete(slices.Clone(j.clears), i, i+1)
	}
}

// hostAfter returns what hosts are told after a deed, and whether that deed is in the log. Before the
// first, offset -1, it is nothing.
func (j *Judgement) hostAfter(offset int64) (view HostView, known bool) {
	if offset < 0 {
		return HostView{}, true
	}
	i := slices.IndexFunc(j.hosts, func(v HostView) bool { return v.Deeds[len(v.Deeds)-1].Offset == offset })
	if i < 0 {
		return HostView{}, false
	}
	return j.hosts[i], true
}

// lastDeed returns the offset of the last deed up to an offset, -1 if there is none.
func (j *Judgement) lastDeed(upto int64) int64 {
	last := int64(-1)
	for _, v := range j.hosts {
		if o := v.Deeds[len(v.Deeds)-1].Offset; o <= upto {
			last = o
		}
	}
	return last
}
