package gateway

import (
	"cmp"
	"fmt"

	"warren/chatd/chat"
)

// What phones do besides saying something: to messages, and, if they are a
// host's, to the room. package room knows what may be done.

// do puts a reaction, an edit or a deletion into the log. The error is a refusal.
// If it is in the log already, known is true and offset says where.
func (p *jsonPhone) do(f *clientFrame) (offset int64, known bool, err error) {
	me := p.me()
	if err := p.spend(me.ID); err != nil {
		return 0, false, err
	}
	if f.To == nil {
		return 0, false, missing("to", "the offset of a message")
	}
	var d chat.Deed
	switch f.Type {
	case "react":
		d = &chat.Reaction{From: me, To: *f.To, Emoji: f.Emoji, Undo: f.Undo}
	case "edit":
		d = &chat.Edit{From: me, To: *f.To, Text: f.Text}
	case "delete":
		d = &chat.Delete{From: me, To: *f.To}
	}
	if offset, known = p.gw.Room.Done(d, f.Ref); known {
		return offset, true, nil
	}
	return 0, false, refusalOf(p.gw.Room.Do(d, f.Ref, p.host))
}

// rule does what a host wants. The error is a refusal.
func (p *jsonPhone) rule(f *clientFrame) error {
	if !p.host {
		return &refusal{"not_host", "Only the host can do that: the page /host asks for the code.", 0}
	}
	d, err := p.deed(f)
	if err != nil {
		return err
	}
	return refusalOf(p.gw.Room.Do(d, f.Ref, true))
}

// deed returns the deed that a host's frame means. The error is a refusal; that
// all fields can be, Room.Do sees.
func (p *jsonPhone) deed(f *clientFrame) (chat.Deed, error) {
	by := p.me()
	switch f.Verb {
	case chat.TypeHide:
		if f.To == nil {
			return nil, missing("to", "the offset of a message")
		}
		return &chat.Hide{By: by, To: *f.To, Undo: f.Undo}, nil
	case chat.TypeClear:
		return &chat.Clear{By: by, Undo: f.Undo, Of: f.Of}, nil
	case chat.TypeMute:
		return &chat.Mute{By: by, Who: f.person(), Undo: f.Undo}, nil
	case chat.TypeKick:
		return &chat.Kick{By: by, Who: f.person()}, nil
	case chat.TypeSlow:
		if f.Seconds == nil {
			return nil, missing("seconds", fmt.Sprintf("0 (off) to %d", chat.MaxSlow))
		}
		return &chat.Slow{By: by, Seconds: *f.Seconds}, nil
	case chat.TypeLock:
		return &chat.Lock{By: by, Undo: f.Undo}, nil
	case chat.TypeOff:
		return &chat.Off{By: by, Notice: f.Text, Undo: f.Undo}, nil
	case chat.TypeWords:
		if f.Words == nil {
			return nil, missing("words", "the whole list, empty for none")
		}
		return &chat.Words{By: by, Words: *f.Words}, nil
	case chat.TypePin:
		return &chat.Pin{By: by, Text: f.Text}, nil
	case chat.TypeTitle:
		return &chat.Title{By: by, Title: f.Text}, nil
	case chat.TypePictures:
		return &chat.Pictures{By: by, Off: f.Off}, nil
	case chat.TypeErase:
		return &chat.Erase{By: by}, nil
	case chat.TypeClock:
		if f.At == nil {
			return nil, missing("at", "what time it is, in unix milliseconds")
		}
		now := p.gw.Clock()
		return &chat.Clock{Boot: now.Boot, Began: *f.At - now.UpMS, By: &by}, nil
	}
	return nil, &refusal{"bad_value", fmt.Sprintf("There is no verb %.40q: hide, clear, mute, kick, slow, lock, off, words, pin, title, pictures, erase and clock are known.", f.Verb), 0}
}

// person is whom a host means. A name that is not said is the one that the room
// suggests to that person.
func (f *clientFrame) person() chat.Person {
	return chat.Person{ID: f.Who, Name: cmp.Or(f.Name, chat.SuggestName(f.Who))}
}

func missing(field, right string) error {
	return &refusal{"bad_value", fmt.Sprintf("%s is missing: it must be %s.", field, right), 0}
}

// hostFrame is what hosts know of the room, as a frame; none for others.
func (p *jsonPhone) hostFrame() []byte {
	if !p.host {
		return nil
	}
	return frame(hostFrame{"host", *p.gw.Room.Host()})
}
