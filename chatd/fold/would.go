package fold

import (
	"time"

	"warren/chatd/chat"
)

// What would come of something that is said or done now. It is a courtesy to who
// says it: the records that are on their way may change it.

// WouldRefuse says why a message that is stamped so would be refused, and how long
// to wait if that is why.
func (f *Fold) WouldRefuse(m *chat.Message, at chat.Stamp) (Why, time.Duration) {
	now := f.clock.of(at)
	why := f.refusesMessage(m, m.Host, now)
	if why != SlowDown {
		// The slack is for others' clocks.
		if wait := f.wait(chat.TypeMessage, m.From.ID, now); why == "" && !m.Host && wait > 0 {
			return SlowDown, time.Duration(wait) * time.Millisecond
		}
		return why, 0
	}
	return why, time.Duration(f.wait(chat.TypeMessage, m.From.ID, now)) * time.Millisecond
}

// WouldRefuseDeed is WouldRefuse for a reaction, an edit or a deletion; nothing else
// is ever refused.
func (f *Fold) WouldRefuseDeed(d chat.Deed, at chat.Stamp) (Why, time.Duration) {
	now := f.clock.of(at)
	switch d := d.(type) {
	case *chat.Reaction:
		return f.refusesReaction(d, now), 0
	case *chat.Edit:
		why, _ := f.refusesEdit(d, f.next(d.To), now)
		if why == SlowDown {
			return why, time.Duration(f.wait(chat.TypeEdit, d.From.ID, now)) * time.Millisecond
		}
		return why, 0
	case *chat.Delete:
		why, _ := f.own(d.To, d.From.ID, f.next(d.To), now)
		return why, 0
	}
	return "", 0
}

// next returns the least offset that the next record can have, behind to.
func (f *Fold) next(to int64) int64 {
	if n := len(f.recent.all); n > 0 {
		return max(f.recent.all[n-1].offset, to) + 1
	}
	return to + 1
}

// Known returns where the record is that somebody's message with that id would
// repeat, and why it was refused if it was.
func (f *Fold) Known(sender, id string) (offset int64, why Why, known bool) {
	return f.known(keyOf(chat.TypeMessage, sender, "", id))
}

// KnownDeed is Known for a deed.
func (f *Fold) KnownDeed(d chat.Deed, id string) (offset int64, why Why, known bool) {
	return f.known(keyOf(d.Kind(), d.Doer().ID, "", id))
}

func (f *Fold) known(key uint64) (offset int64, why Why, known bool) {
	at, ok := f.recent.at[key]
	if !ok {
		return 0, "", false
	}
	if m := f.recent.find(at); m != nil {
		why = reasons[m.reason]
	}
	return at, why, true
}

// Oldest returns the offset from which on all records are remembered that Known
// knows.
func (f *Fold) Oldest() int64 {
	return f.oldest
}
