package fold

import (
	"slices"
	"time"

	"warren/chatd/chat"
)

// Why is why a record is refused: a word of docs/protocol.md.
type Why string

// The reasons.
const (
	Kicked     Why = "kicked"
	Off        Why = "off"
	Locked     Why = "locked"
	NoPictures Why = "no_pictures"
	SlowDown   Why = "slow_down"
	Words      Why = "words"
	NoSuch     Why = "no_such"
	NotYours   Why = "not_yours"
	TooLate    Why = "too_late"
)

// reasons are all of them, in the order of their numbers in a snapshot.
var reasons = []Why{"", Kicked, Off, Locked, NoPictures, SlowDown, Words, NoSuch, NotYours, TooLate}

// number returns the number of a reason.
func number(why Why) uint8 { return uint8(slices.Index(reasons, why)) }

// SlowSlack is how much earlier than slow mode says a message may come: the clocks of two
// cards are compared by when their records came.
const SlowSlack = time.Second

// MaxSpoken is how many last messages and edits slow mode knows: as many as a hall of phones
// says in a minute. Over it, those who spoke longest ago may speak again.
const MaxSpoken = 500

// refusesMessage says why a message is refused at a time.
func (f *Fold) refusesMessage(m *chat.Message, host bool, at int64) Why {
	switch {
	case host:
		return ""
	case m.From.ID == "":
	case f.kicked(m.From.ID, at):
		return Kicked
	case f.state.Off:
		return Off
	case f.state.Locked:
		return Locked
	case m.Picture != nil && f.state.NoPictures:
		return NoPictures
	case f.wait(chat.TypeMessage, m.From.ID, at) > SlowSlack.Milliseconds():
		return SlowDown
	}
	if f.matcher.Match(m.Text) {
		return Words
	}
	return ""
}

// refusesReaction is refusesMessage for a reaction.
func (f *Fold) refusesReaction(d *chat.Reaction, at int64) Why {
	switch {
	case f.isHost(d.From.ID, d.Host):
	case f.kicked(d.From.ID, at):
		return Kicked
	case f.state.Off:
		return Off
	}
	return ""
}

func (f *Fold) react(step *Step, d *chat.Reaction, offset, at int64) {
	if step.Why = f.refusesReaction(d, at); step.Why != "" {
		step.Verdict = Refused
		return
	}
	step.Renamed = f.rename(&d.From, f.isHost(d.From.ID, d.Host))
	if d.To >= offset {
		return
	}
	step.Verdict = Shown
	if _, muted := f.muted[d.From.ID]; muted || d.Shadow {
		step.Person = d.From.ID
	}
}

// kicked reports whether a person is kept out at a time.
func (f *Fold) kicked(id string, at int64) bool {
	return slices.ContainsFunc(f.state.Kicked, func(k chat.Moment) bool {
		return k.ID == id && at-k.At < chat.KickTime.Milliseconds()
	})
}

// wait returns how long a person has to wait before a record of that kind, a message or an
// edit, in milliseconds.
func (f *Fold) wait(kind, person string, at int64) int64 {
	if f.state.Slow == 0 {
		return 0
	}
	id := kind + " " + person
	i := slices.IndexFunc(f.spoken, func(s chat.Moment) bool { return s.ID == id })
	if i < 0 {
		return 0
	}
	return f.spoken[i].At + int64(f.state.Slow)*1000 - at
}

// speak takes note of who said or edited something.
func (f *Fold) speak(kind, person string, at int64) {
	if f.state.Slow == 0 {
		return
	}
	id := kind + " " + person
	f.spoken = slices.DeleteFunc(f.spoken, func(s chat.Moment) bool { return s.ID == id })
	f.spoken = newest(append(f.spoken, chat.Moment{ID: id, At: at}), MaxSpoken)
}

// newest returns the last n of all at most.
func newest[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }
