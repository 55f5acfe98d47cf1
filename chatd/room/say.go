package room

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Refusal is the answer to something that cannot be done as the room is now.
type Refusal struct {
	Why   string        // a word of docs/protocol.md
	Text  string        // a sentence for people
	Retry time.Duration // when the same may be accepted; 0: nobody knows
}

func (r *Refusal) Error() string { return r.Text }

func refuse(why, text string) *Refusal { return &Refusal{Why: why, Text: text} }

// Say puts a message into the log under the sender's own id for it. It is sent
// once it comes back as an Entry. If it is in the log already, known is true
// and offset says where; also if it was in a log that was erased since. Whether its
// sender is muted is for Say to know.
//
// The errors are those of chat.CleanText, chat.ErrPicture, a *Refusal (locked,
// off, slow_down, words, no_pictures), and fanout.ErrFull.
func (r *Room) Say(m chat.Message, ref string, host bool) (offset int64, known bool, err error) {
	if err := m.Clean(); err != nil {
		return 0, false, err
	}
	r.mu.Lock()
	offset, known = r.seen.lookup(key{m.From.ID, ref})
	if !known && r.erased != nil {
		// Said before all was erased: it shall not come again.
		offset, known = r.erased.lookup(key{m.From.ID, ref})
	}
	s := r.state
	matcher := s.matcher
	var refusal *Refusal
	if !known && !host {
		refusal = s.closed()
		if refusal == nil && m.Picture != nil && s.kept.NoPictures {
			refusal = refuse("no_pictures", "The host does not want pictures here.")
		}
		if refusal == nil && s.kept.Slow > 0 {
			if wait := r.slow.wait(m.From.ID, ref, time.Duration(s.kept.Slow)*time.Second, time.Now()); wait > 0 {
				refusal = &Refusal{"slow_down", fmt.Sprintf("Slow mode: everybody may say one thing in %d seconds.", s.kept.Slow), wait}
			}
		}
	}
	m.Shadow = s.muted[m.From.ID]
	r.mu.Unlock()
	switch {
	case known:
		return offset, true, nil
	case refusal != nil:
		return 0, false, refusal
	case !host && matcher.Match(m.Text):
		return 0, false, refuseWords
	}
	if err := r.exchange.Publish(m.Record(ref, r.clock())); err != nil {
		return 0, false, err
	}
	if !host {
		r.mu.Lock()
		r.slow.said(m.From.ID, ref, time.Duration(r.state.kept.Slow)*time.Second, time.Now())
		r.mu.Unlock()
	}
	return 0, false, nil
}

var refuseWords = refuse("words", "The host does not want a word in it.")

// closed says why guests may not write, nil if they may.
func (s *state) closed() *Refusal {
	switch {
	case s.kept.Off:
		return refuse("off", "The chat is off.")
	case s.kept.Locked:
		return refuse("locked", "Only hosts may write now.")
	}
	return nil
}

// Do puts a deed into the log under the doer's own id for it. It has been done
// once it comes back: as an Entry, or in State and HostState. Done twice under
// one ref, it is done once. Do takes the deed: its fields may be changed.
//
// Fields that cannot be are a *Refusal, as is what the room's state forbids
// (bad_value, bad_emoji, not_host, no_such, not_yours, too_late, locked, off,
// words, away); a text that cannot be one is an error of chat.CleanText; else the error is
// fanout.ErrFull. An erase goes on after Do has returned.
func (r *Room) Do(d chat.Deed, ref string, host bool) error {
	if err := checkDeed(d); err != nil {
		return err
	}
	now := r.clock()
	r.mu.Lock()
	if k, ok := keyOfDeed(d, ref); ok {
		if _, known := r.seen.lookup(k); known {
			r.mu.Unlock()
			return nil
		}
	}
	matcher := r.state.matcher
	refusal := r.forbids(d, now, host)
	if erase, ok := d.(*chat.Erase); ok && refusal == nil {
		erase.State = r.state.carried()
		erase.State.Fit()
	}
	r.mu.Unlock()
	if refusal != nil {
		return refusal
	}
	switch d := d.(type) {
	case *chat.Edit:
		if !host && matcher.Match(d.Text) {
			return refuseWords
		}
	case *chat.Erase:
		select {
		case r.erasures <- erasure{d, ref}:
		default: // one is under way
		}
		return nil
	}
	return r.exchange.Publish(chat.RecordOf(d, ref, now))
}

// checkDeed checks the fields of what is to be done.
func checkDeed(d chat.Deed) error {
	err := chat.CheckDeed(d)
	_, edit := d.(*chat.Edit)
	_, snapshot := d.(*chat.Snapshot)
	switch {
	case snapshot:
		return refuse("bad_value", "Snapshots are made by the room.")
	case err == nil:
		return nil
	case errors.Is(err, chat.ErrEmoji):
		return refuse("bad_emoji", sentence(err))
	case edit:
		for _, bad := range []error{chat.ErrTextEmpty, chat.ErrTextLong, chat.ErrTextUTF8, chat.ErrTextZalgo} {
			if errors.Is(err, bad) {
				return bad
			}
		}
	}
	return refuse("bad_value", sentence(err))
}

// forbids says why a deed cannot be done now, nil if it can; and marks what a
// muted person does. r.mu is held.
func (r *Room) forbids(d chat.Deed, now chat.Stamp, host bool) *Refusal {
	muted := r.state.muted[d.Doer().ID]
	switch d := d.(type) {
	case *chat.Reaction:
		d.Shadow = muted
		if r.state.kept.Off && !host {
			return r.state.closed()
		}
		_, refusal := r.message(d.To)
		return refusal
	case *chat.Edit:
		if !host {
			if refusal := r.state.closed(); refusal != nil {
				return refusal
			}
		}
		d.Shadow = muted
		_, refusal := r.own(d, d.To, now)
		return refusal
	case *chat.Delete:
		// What a muted one said before, all may forget.
		m, refusal := r.own(d, d.To, now)
		d.Shadow = refusal == nil && m.Audience.Person != ""
		return refusal
	case *chat.Hide:
		if !host {
			break
		}
		_, refusal := r.message(d.To)
		return refusal
	case *chat.Clock:
		if d.By == nil {
			return nil // a daemon's own
		}
	case *chat.Erase:
		if host && r.broker == fanout.Away {
			return &Refusal{"away", "The exchange cannot be reached now, so that nothing can be erased.", erasePause}
		}
	}
	if !host {
		return refuse("not_host", "Only hosts can do that.")
	}
	return nil
}

// message returns the message at an offset as it was said, nil if it is not in
// memory; or says why there can be none. r.mu is held.
func (r *Room) message(offset int64) (*Entry, *Refusal) {
	e, held := r.window.find(offset)
	switch {
	case offset >= r.state.floor() && held && e.Deed == nil:
		return e.said(), nil
	case held, offset > r.read, offset < r.state.floor(), len(r.window.entries) > 0 && offset > r.window.entries[0].Offset:
		return nil, refuse("no_such", "There is no such message here.")
	}
	return nil, nil // older than what is in memory
}

// own returns the message at an offset, which its sender may change; or says why
// not. r.mu is held.
func (r *Room) own(d chat.Deed, to int64, now chat.Stamp) (*Entry, *Refusal) {
	m, refusal := r.message(to)
	switch {
	case refusal != nil:
		return nil, refusal
	case m == nil || r.state.deleted[to] || r.state.hidden[to]:
		return nil, refuse("no_such", "There is no such message here any more.")
	case m.Message.From.ID != d.Doer().ID:
		return nil, refuse("not_yours", "That is not your message.")
	}
	c := change{from: d.Doer().ID, at: now}
	if !c.allowed(m) {
		return nil, refuse("too_late", fmt.Sprintf("That was said more than %.0f minutes ago.", chat.EditTime.Minutes()))
	}
	return m, nil
}

// sentence makes an error text a sentence.
func sentence(err error) string {
	first, size := utf8.DecodeRuneInString(err.Error())
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(err.Error()[size:], ".") + "."
}
