package main

import "math"

// never is later than all that happens.
const never = math.MaxInt64

// checkShown checks what one phone was shown: a run of what it may see of the log,
// without a hole, that begins anywhere, and begins anew only where the phone was told
// of a gap. No phone may be told of a gap, for that log is whole. And each record is as it was
// at some moment from when the chatd knew as much as its welcome says, or that record, to
// when the phone had it.
func (c *checker) checkShown(p History) {
	const unknown = -1
	at := unknown // where in the log the phone is
	head := int64(unknown)
	shown := make(map[int64]bool) // since the last gap
	for _, e := range p.Events {
		switch e.Kind {
		case Welcomed:
			head = e.Head
		case Gap:
			if at != unknown {
				c.find(Needless, p.Phone, "it was told of a gap after offset %d, and the log has %d records from there on", c.Records[at].Offset, len(c.Records)-at-1)
			}
			at = unknown
			clear(shown)
		case Shown:
			here, there := c.place[e.Item.Offset]
			if shown[e.Item.Offset] {
				c.find(Twice, p.Phone, "%v was shown again, at offset %d", e.Item.id(), e.Item.Offset)
				continue
			}
			shown[e.Item.Offset] = true
			if !there {
				c.mustHave(p.Phone, e.Item.id(), "was shown")
				continue
			}
			c.checkItem(p, e, c.Records[here], head)
			if at != unknown && here < at {
				c.find(Swapped, p.Phone, "%v at offset %d was shown after offset %d", e.Item.id(), e.Item.Offset, c.Records[at].Offset)
			} else if at != unknown {
				c.checkHole(p, at+1, here, head, e.At, Silent)
			}
			at = max(at, here)
		}
	}
	if p.Stayed {
		c.checkHole(p, at+1, len(c.Records), head, never, Behind)
	}
}

// checkItem checks one thing that was shown.
func (c *checker) checkItem(p History, e Event, r *Judged, head int64) {
	key, item := e.Item.id(), e.Item
	switch since := max(head, r.Offset); {
	case r.Repeat:
		c.find(Twice, p.Phone, "%v was shown at offset %d: it is a repeat", key, r.Offset)
	case !r.seenBy(p.Sender):
		if !c.leaked[r.Offset] {
			c.leaked[r.Offset] = true // once: what one phone is shown, most are
			c.find(Leaked, p.Phone, "%v at offset %d was shown, %.60q: it is %s", key, r.Offset, item.Text, r.verdict())
		}
	case item.Type != r.Type || item.Sender != r.Body.From.ID || r.Type != hide && r.Type != wipe && item.Ref != r.ID && r.Body.From.ID != "":
		c.find(Invented, p.Phone, "offset %d was shown as %v: in the log it is %v", r.Offset, key, id{r.Type, r.Body.From.ID, r.ID})
	case !c.isAbove(r, since, e.At):
		c.find(Stale, p.Phone, "%v at offset %d was shown, and was cleared", key, r.Offset)
	case r.Type == edit && !c.editStands(r, since, e.At):
		c.find(Stale, p.Phone, "%v at offset %d was shown, and its message had another text, or none", key, r.Offset)
	case r.Type == message && !r.isShownAs(item, since, e.At):
		c.find(Stale, p.Phone, "%v at offset %d was shown as %.60q (edited %v, gone %q), and was so at no moment after offset %d", key, r.Offset, item.Text, item.Edited, item.Gone, since)
	case r.Type != message && item.Text != textOf(r) || item.Undo != r.Body.Undo || item.To != r.Body.To:
		c.find(Invented, p.Phone, "%v at offset %d was shown as %.60q: in the log it is %.60q", key, r.Offset, item.Text, textOf(r))
	}
}

// verdict says what a record comes to.
func (r *Judged) verdict() string {
	switch {
	case r.Refused != "":
		return "refused, " + r.Refused
	case r.For != "":
		return "for its sender alone, who is muted"
	case r.Shown:
		return "for all"
	}
	return "nothing"
}

// checkHole checks that the phone may not see any of the records that it was not shown, or not any more.
func (c *checker) checkHole(p History, from, to int, head, at int64, kind FaultKind) {
	n, first := 0, (*Judged)(nil)
	for _, r := range c.Records[from:max(from, to)] {
		if !r.seenBy(p.Sender) || c.maybeCleared(r, max(head, r.Offset), at) || r.Type == edit && c.maybeOvertaken(r, max(head, r.Offset), at) {
			continue
		}
		if n++; first == nil {
			first = r
		}
	}
	if n > 0 {
		c.find(kind, p.Phone, "%d records were left out, the first is %v at offset %d", n, id{first.Type, first.sender(), first.ID}, first.Offset)
	}
}

// mustHave finds something lost, once, if it is not in the log.
func (c *checker) mustHave(phone string, key id, how string) {
	if c.entered[key] == nil && !c.lost[key] {
		c.lost[key] = true
		c.find(Lost, phone, "%v %s and is not in the log", key, how)
	}
}
