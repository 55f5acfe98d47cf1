package room

import (
	"warren/chatd/chat"
	"warren/chatd/fold"
)

// What was said stands in the log as it was said. What is shown of it is made
// here.

// show returns raw, an entry as the log has it, as it is shown now: raw itself if there
// is nothing to say. At returns the entry at an offset as the log has it, nil if it is
// not at hand. r.mu is held.
func (r *Room) show(raw *Entry, at func(offset int64) *Entry) *Entry {
	switch d := raw.Deed.(type) {
	case nil:
		return r.showMessage(raw, at)
	case *chat.Edit:
		if r.index.editOf(d.To) > raw.Offset || r.gone(d.To) != "" {
			e := raw.copy()
			e.Audience.nobody = true
			return e
		}
	case *chat.Hide:
		if !d.Undo || r.gone(d.To) != "" {
			break
		}
		if m := at(d.To); m != nil && m.Deed == nil && m.Audience == (Audience{}) {
			e := raw.copy()
			e.Again = r.showMessage(m, at)
			return e
		}
	}
	return raw
}

// gone says why the message at an offset is not shown any more, "" if it is.
func (r *Room) gone(offset int64) string {
	switch {
	case r.index.of(offset)&deleted != 0:
		return Deleted
	case r.fold.Hidden(offset):
		return Hidden
	}
	return ""
}

func (r *Room) showMessage(raw *Entry, at func(offset int64) *Entry) *Entry {
	gone, edit := r.gone(raw.Offset), r.index.editOf(raw.Offset)
	if gone == "" && edit == 0 {
		return raw
	}
	e := raw.copy()
	if gone != "" {
		e.Gone, e.Message.Text, e.Message.Picture = gone, "", nil
		if r.fold.Hidden(raw.Offset) { // also if it is taken back: that shows no name again
			e.Message.From.Name = fold.NeutralName(e.Message.From.ID)
		}
	} else if by := at(edit); by != nil {
		e.Message.Text, e.Edited = by.Deed.(*chat.Edit).Text, true
	}
	return e
}

// held returns the entry at an offset as the log has it, nil if it is not in memory.
// r.mu is held.
func (r *Room) held(offset int64) *Entry {
	for _, w := range []*window{&r.window, &r.shadows} {
		if e, ok := w.find(offset); ok {
			return e.said()
		}
	}
	return nil
}

// reshow shows again the message at an offset, and the deeds done to it; all entries
// if offset is negative. The deed that changes them is in its window. r.mu is held.
func (r *Room) reshow(offset int64) {
	for _, w := range []*window{&r.window, &r.shadows} {
		w.show(offset, func(raw *Entry) *Entry { return r.show(raw, r.held) })
	}
}

// copy returns a copy of e, without its encodings, to be changed.
func (e *Entry) copy() *Entry {
	return &Entry{
		Offset: e.Offset, Ref: e.Ref, Stamp: e.Stamp, Message: e.Message, Deed: e.Deed,
		Edited: e.Edited, Gone: e.Gone, Again: e.Again, Audience: e.Audience, raw: e.said(),
	}
}

// logged returns the ref and the stamp that the log has for e.
func (e *Entry) logged() (ref string, stamp chat.Stamp) {
	if e.said().stamped {
		return e.Ref, chat.Stamp{}
	}
	return e.Ref, e.Stamp
}

// said returns e as the log has it.
func (e *Entry) said() *Entry {
	if e.raw != nil {
		return e.raw
	}
	return e
}
