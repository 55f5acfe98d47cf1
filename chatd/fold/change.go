package fold

import (
	"warren/chatd/chat"
)

// What people do to their own messages.

func (f *Fold) edit(step *Step, d *chat.Edit, offset, at int64) {
	why, target := f.refusesEdit(d, offset, at)
	host := f.isHost(d.From.ID, d.Host)
	step.Renamed = f.rename(&d.From, host)
	if why != "" {
		step.Verdict, step.Why = Refused, why
		return
	}
	if !host {
		f.speak(chat.TypeEdit, d.From.ID, at)
	}
	step.Verdict = Shown
	_, muted := f.muted[d.From.ID]
	if target.shadow || muted || d.Shadow {
		step.Person = d.From.ID
	}
	if target.shadow || step.Person == "" {
		step.Target = d.To
	}
}

// refusesEdit says why an edit is refused, or of which message it is one.
func (f *Fold) refusesEdit(d *chat.Edit, offset, at int64) (Why, *remembered) {
	if !f.isHost(d.From.ID, d.Host) {
		switch {
		case f.kicked(d.From.ID, at):
			return Kicked, nil
		case f.state.Off:
			return Off, nil
		case f.state.Locked:
			return Locked, nil
		case f.wait(chat.TypeEdit, d.From.ID, at) > SlowSlack.Milliseconds():
			return SlowDown, nil
		case f.matcher.Match(d.Text):
			return Words, nil
		}
	}
	if f.Hidden(d.To) {
		return NoSuch, nil
	}
	return f.own(d.To, d.From.ID, offset, at)
}

func (f *Fold) delete(step *Step, d *chat.Delete, offset, at int64) {
	why, target := f.own(d.To, d.From.ID, offset, at)
	step.Renamed = f.rename(&d.From, f.isHost(d.From.ID, false))
	if why != "" {
		step.Verdict, step.Why = Refused, why
		return
	}
	target.deleted = true
	step.Verdict, step.Target = Shown, d.To
	if target.shadow {
		step.Person = d.From.ID
	}
}

// own returns the message at an offset, which a person may change at a time, or why
// not. The record that would is at offset.
func (f *Fold) own(to int64, person string, offset, at int64) (Why, *remembered) {
	m := f.recent.find(to)
	switch {
	case m == nil, to >= offset, offset-to > Horizon, !m.message, !m.shown, m.deleted, to < f.Floor():
		return NoSuch, nil
	case m.author == 0 || m.author != hashID(person):
		return NotYours, nil
	case at-m.time > chat.EditTime.Milliseconds():
		return TooLate, nil
	}
	return "", m
}
