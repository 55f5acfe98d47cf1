package room

import "warren/chatd/chat"

// What was said stands in the log as it was said. What is shown of it is made
// here.

// show returns raw, an entry as the log has it, as it is shown after all that s
// knows: raw itself if there is nothing to say. Message returns the message at an
// offset as it was said, nil if it is not in memory. Also are changes that s may
// not know.
func (s *state) show(raw *Entry, message func(offset int64) *Entry, also *changes) *Entry {
	switch d := raw.Deed.(type) {
	case nil:
		return s.showMessage(raw, also)
	case *chat.Edit:
		c, known := s.lastChange(d.To, d.From.ID, also)
		if s.deleted[d.To] || s.hidden[d.To] || known && c.offset > raw.Offset {
			e := raw.copy()
			e.Audience.nobody = true
			return e
		}
	case *chat.Hide:
		if !d.Undo || s.hidden[d.To] || s.deleted[d.To] {
			break
		}
		if m := message(d.To); m != nil && m.Audience == (Audience{}) {
			e := raw.copy()
			e.Again = s.showMessage(m, also)
			return e
		}
	}
	return raw
}

func (s *state) showMessage(raw *Entry, also *changes) *Entry {
	gone := ""
	switch {
	case s.deleted[raw.Offset]:
		gone = Deleted
	case s.hidden[raw.Offset]:
		gone = Hidden
	}
	c, changed := s.lastChange(raw.Offset, raw.Message.From.ID, also)
	changed = changed && c.allowed(raw) && (!c.shadow || raw.Audience.Person == c.from)
	if changed && c.deleted {
		gone = Deleted
	}
	if gone == "" && !changed {
		return raw
	}
	e := raw.copy()
	if gone != "" {
		e.Gone, e.Message.Text, e.Message.Picture = gone, "", nil
	} else {
		e.Message.Text, e.Edited = c.text, true
	}
	return e
}

func (s *state) lastChange(to int64, from string, also *changes) (change, bool) {
	c, ok := s.changes.of(to, from)
	if also != nil {
		if a, there := also.of(to, from); there && (!ok || a.offset > c.offset) {
			return a, true
		}
	}
	return c, ok
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
