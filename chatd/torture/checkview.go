package main

import "warren/chatd/chat"

// A View is what somebody who comes in at the end is shown, and reads who scrolls up to the
// first message.
type View struct {
	Who    string // for people: at which chatd, as whom
	Person string // id
	Items  []Item
	Room   RoomView
	Host   *HostView // a host's
}

// maxDiffers is how many differences of a view are found: if one is there, most are.
const maxDiffers = 3

// checkView checks that somebody who comes in is shown what the log comes to, no more and no
// less. Edits are in the messages' texts.
func (c *checker) checkView(v View) {
	want := make(map[int64]Item)
	floor := c.floors[len(c.floors)-1].offset
	for _, r := range c.Records {
		if r.seenBy(v.Person) && r.Offset >= floor && r.Type != edit {
			want[r.Offset] = r.item()
		}
	}
	n, before := 0, int64(-1)
	find := func(kind FaultKind, what string, args ...any) {
		if n++; n <= maxDiffers || kind == Leaked {
			c.find(kind, v.Who, what, args...)
		}
	}
	for _, item := range v.Items {
		r := c.at[item.Offset]
		if item.Offset <= before {
			find(Swapped, "offset %d is shown after offset %d", item.Offset, before)
		}
		before = item.Offset
		w, wanted := want[item.Offset]
		delete(want, item.Offset)
		switch {
		case item.Type == edit && r != nil && r.seenBy(v.Person):
		case r == nil:
			find(Lost, "%v is shown, and is not in the log", item)
		case !wanted && r.Repeat:
			find(Twice, "%v is shown: it is a repeat", item)
		case !wanted && !r.seenBy(v.Person):
			find(Leaked, "%v is shown: it is %s", item, r.verdict())
		case !wanted:
			find(Differs, "%v is shown, and was cleared", item)
		case item != w:
			find(Differs, "%+v is shown: by the log it is %+v", item, w)
		}
	}
	for _, r := range c.Records {
		if w, missing := want[r.Offset]; missing {
			find(Differs, "%v at offset %d is not shown", w.id(), r.Offset)
		}
	}
	if n > maxDiffers {
		c.find(Differs, v.Who, "that is %d differences in all", n)
	}
	if v.Room != c.Room {
		c.find(Differs, v.Who, "the room is set up as %+v: by the log it is %+v", v.Room, c.Room)
	}
	if v.Host != nil {
		if last, _ := c.hostAfter(c.lastDeed(never)); !last.equal(v.Host) {
			c.find(Differs, v.Who, "hosts are told of %v: by the log it is %v", *v.Host, last)
		}
	}
}

// item is a record as it is shown at the end of the log.
func (r *Judged) item() Item {
	i := Item{Offset: r.Offset, Type: r.Type, Sender: r.Body.From.ID, Name: r.Body.From.Name, Ref: r.ID, To: r.Body.To, Undo: r.Body.Undo}
	switch r.Type {
	case message:
		v := r.last()
		i.Name, i.Text, i.Edited, i.Gone = v.name, v.text, v.edited, v.gone
		if v.gone != "" {
			i.Text, i.Edited = "", false
		}
		if v.hidden {
			i.Name = plainApp
			if i.Sender != "" {
				i.Name = chat.SuggestName(i.Sender)
			}
		}
	case reaction:
		i.Text = r.Body.Emoji
	case hide, wipe:
		i.Ref = "" // who did it is for hosts alone
	}
	return i
}
