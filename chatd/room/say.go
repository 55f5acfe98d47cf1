package room

import (
	"context"
	"errors"
	"fmt"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fold"
)

// Refusal is the answer to something that cannot be done as the room is now.
type Refusal struct {
	Why   string        // a word of docs/protocol.md
	Text  string        // a sentence for people
	Retry time.Duration // when the same may be accepted; 0: nobody knows
}

func (r *Refusal) Error() string { return r.Text }

func refuse(why, text string) *Refusal { return &Refusal{Why: why, Text: text} }

// refusal is what people are told of why a record is refused. Wait is of slow mode. r.mu is
// held.
func (r *Room) refusal(why fold.Why, wait time.Duration) *Refusal {
	text := map[fold.Why]string{
		fold.Kicked:     "The host has sent you out.",
		fold.Off:        "The chat is off.",
		fold.Locked:     "Only hosts may write now.",
		fold.NoPictures: "The host does not want pictures here.",
		fold.SlowDown:   fmt.Sprintf("Slow mode: everybody may say one thing, and change one, in %d seconds.", r.state.Slow),
		fold.Words:      "The host does not want a word in it.",
		fold.NoSuch:     "There is no such message here any more.",
		fold.NotYours:   "That is not your message.",
		fold.TooLate:    fmt.Sprintf("That was said more than %.0f minutes ago.", chat.EditTime.Minutes()),
	}[why]
	return &Refusal{string(why), text, wait}
}

// loadRetry is when to try again what is said or done before the log has been read:
// on a card that starts RabbitMQ is there half a minute after chatd.
const loadRetry = 2 * time.Second

var errLoading = &Refusal{"away", "The room is being read. Try again in a moment.", loadRetry}

// Made is what a client knew of the log when it made an id for what it says. The zero
// value says nothing.
type Made struct {
	Epoch string
	Since int64 // the newest offset that it had seen, -1 if none
}

// Say puts a message into the log under the sender's own id for it. It is sent
// once it comes back as an Entry. If it is in the log already, known is true
// and offset says where; also if it was in a log that was erased since. What Say
// accepts may still be refused: by what the log says when it gets there, of which an event
// with Refused set tells.
//
// The errors are those of chat.CleanText, chat.ErrPicture, a *Refusal (away, kicked, locked,
// off, slow_down, words, no_pictures, erased, too_late), and fanout.ErrFull. Say may read the
// log, until ctx ends.
func (r *Room) Say(ctx context.Context, m chat.Message, ref string, made Made, host bool) (offset int64, known bool, err error) {
	if err := m.Clean(); err != nil {
		return 0, false, err
	}
	m.Host = host
	stamp := r.clock()
	r.mu.Lock()
	offset, known, refusal := r.said(m.From.ID, ref, made)
	oldest, epoch := r.fold.Oldest(), r.epoch
	r.mu.Unlock()
	switch {
	case known || refusal != nil:
		return offset, known, orNil(refusal)
	case made.Epoch == epoch && made.Since < oldest:
		// Older than what is remembered.
		offset, known, err = r.find(ctx, m.From.ID, ref, made.Since, oldest)
		if known && !r.isShown(offset) {
			return 0, false, refuse("too_late", "This was refused when it was said first. Send it again if it still matters.")
		}
		if known || err != nil {
			return offset, known, err
		}
	}

	r.mu.Lock()
	if _, known, refusal = r.said(m.From.ID, ref, made); !known && refusal == nil {
		refusal = r.mayBeSaid(&m, ref, stamp)
	}
	_, m.Shadow = r.fold.Muted(m.From.ID)
	r.mu.Unlock()
	if known || refusal != nil {
		return offset, known, orNil(refusal)
	}
	if err := r.exchange.Publish(m.Record(ref, stamp)); err != nil {
		r.mu.Lock()
		r.slow.undo(m.From.ID, ref)
		r.mu.Unlock()
		return 0, false, err
	}
	return 0, false, nil
}

func orNil(r *Refusal) error {
	if r == nil {
		return nil
	}
	return r
}

// said returns where the log has what somebody said under ref, as far as that is
// remembered; or why it is refused whatever is in it. r.mu is held.
func (r *Room) said(person, ref string, made Made) (offset int64, known bool, refusal *Refusal) {
	if r.loading {
		return 0, false, errLoading
	}
	offset, why, known := r.fold.Known(person, ref)
	switch {
	case why != "":
		return 0, false, r.refusal(why, 0)
	case known:
		return offset, true, nil
	case made.Epoch != "" && made.Epoch != r.epoch && r.fold.State().Erased:
		return 0, false, refuse("erased", "The host has erased all that was said, and this with it.")
	case r.erased != nil:
		// Said before all was erased: it shall not come again.
		offset, _, known = r.erased.Known(person, ref)
	}
	return offset, known, nil
}

// mayBeSaid says why a message is refused as the room is now, and takes note of it for slow mode if
// it is not. r.mu is held.
func (r *Room) mayBeSaid(m *chat.Message, ref string, now chat.Stamp) *Refusal {
	if why, wait := r.fold.WouldRefuse(m, now); why != "" {
		return r.refusal(why, wait)
	}
	pause := time.Duration(r.state.Slow) * time.Second
	if pause == 0 {
		clear(r.slow)
		return nil
	}
	if m.Host {
		return nil
	}
	if wait := r.slow.take(m.From.ID, ref, pause, time.Now()); wait > 0 {
		return r.refusal(fold.SlowDown, wait)
	}
	return nil
}

// Do puts a deed into the log under the doer's own id for it. It has been done once it comes
// back: as an Entry, or in State and HostState; or it is refused after all, as in Say. Done
// twice under one ref, it is done once. Do takes the deed: its fields may be changed.
//
// Fields that cannot be are a *Refusal, as is what the room's state forbids
// (bad_value, bad_emoji, not_host, no_such, not_yours, too_late, kicked, locked, off,
// words, away, busy); a text that cannot be one is an error of chat.CleanText; else the error is
// fanout.ErrFull. An erase goes on after Do has returned.
func (r *Room) Do(d chat.Deed, ref string, host bool) error {
	if err := checkDeed(d); err != nil {
		return err
	}
	now := r.clock()
	r.mu.Lock()
	known, refusal := r.forbids(d, ref, now, host)
	r.mu.Unlock()
	if known || refusal != nil {
		return orNil(refusal)
	}
	if _, erase := d.(*chat.Erase); erase {
		return nil // is under way
	}
	return r.exchange.Publish(chat.RecordOf(d, ref, now))
}

// Done returns where the log has a deed that was done under its doer's own id for it, and false if it
// has not, as far as that is remembered.
func (r *Room) Done(d chat.Deed, ref string) (offset int64, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loading {
		return 0, false
	}
	offset, why, known := r.fold.KnownDeed(d, ref)
	return offset, known && why == ""
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
		return refuse("bad_emoji", chat.Sentence(err))
	case edit:
		for _, bad := range []error{chat.ErrTextEmpty, chat.ErrTextLong, chat.ErrTextUTF8, chat.ErrTextZalgo} {
			if errors.Is(err, bad) {
				return bad
			}
		}
	}
	return refuse("bad_value", chat.Sentence(err))
}

// forbids says why a deed cannot be done now, and completes it if it can be. Known: it was done
// already. r.mu is held.
func (r *Room) forbids(d chat.Deed, ref string, now chat.Stamp, host bool) (known bool, refusal *Refusal) {
	if r.loading {
		return false, errLoading
	}
	person := d.Doer().ID
	if _, why, known := r.fold.KnownDeed(d, ref); known {
		if why != "" {
			return false, r.refusal(why, 0)
		}
		return true, nil
	}
	_, muted := r.fold.Muted(person)
	guests := true
	switch d := d.(type) {
	case *chat.Reaction:
		d.Shadow, d.Host = muted, host
		if no := r.missing(d.To); no != nil {
			return false, no
		}
	case *chat.Edit:
		d.Shadow, d.Host = muted, host
	case *chat.Delete:
	case *chat.Clock:
		guests = d.By == nil // a daemon's own
	default:
		guests = false
	}
	if guests {
		if !host && person != "" && r.fold.Kicked(person, now) {
			return false, r.refusal(fold.Kicked, 0)
		}
		if why, wait := r.fold.WouldRefuseDeed(d, now); why != "" {
			return false, r.refusal(why, wait)
		}
		return false, nil
	}
	if !host {
		return false, refuse("not_host", "Only hosts can do that.")
	}
	switch d := d.(type) {
	case *chat.Hide:
		if no := r.missing(d.To); no != nil {
			return false, no
		}
		if m := r.held(d.To); m != nil && m.Deed == nil && r.index.of(d.To)&deleted == 0 {
			d.Text = chat.Excerpt(m.Message.Text)
			if m.Message.From.ID != "" {
				d.Who = &chat.Person{ID: m.Message.From.ID, Name: m.Message.From.Name}
			}
		}
	case *chat.Clear:
		if clears := r.fold.State().Clears; d.Undo && d.Of == nil && len(clears) > 0 {
			d.Of = &clears[len(clears)-1]
		}
	case *chat.Erase:
		return false, r.startErase(d, ref)
	}
	return false, nil
}

// missing says that there can be no message at an offset, as far as that is known; nil if
// there may be one. r.mu is held.
func (r *Room) missing(offset int64) *Refusal {
	e := r.held(offset)
	if offset < r.fold.Floor() || offset > r.read || e != nil && e.Deed != nil || offset >= r.begin && r.index.of(offset)&(shown|shadow) == 0 {
		return refuse("no_such", "There is no such message here.")
	}
	return nil
}

// isShown reports whether the record at an offset is shown to anybody, or nobody knows yet.
func (r *Room) isShown(offset int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return offset < r.begin || r.index.of(offset)&(shown|shadow) != 0
}

// findTime bounds how long the log is looked through for an old message. One is looked for at a
// time: whoever says that all they say is old makes the others wait who do the same, and nobody else.
const findTime = 5 * time.Second

var errFinding = &Refusal{"away", "It cannot be looked up now whether this was said already. Try again in a moment.", loadRetry}

// find looks through the log for what somebody said under ref, from the newest record on that its
// sender had seen up to an offset.
func (r *Room) find(ctx context.Context, person, ref string, since, before int64) (offset int64, known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	select {
	case r.finding <- struct{}{}:
		defer func() { <-r.finding }()
	case <-ctx.Done():
		return 0, false, errFinding
	}
	first := true
	for from := max(since, 0); from < before; {
		recs, err := r.readLog(ctx, from, before, page)
		if err != nil {
			return 0, false, errFinding
		}
		if first && (len(recs) == 0 || recs[0].Offset > max(since, 0)) {
			return 0, false, refuse("too_late", "This was written too long ago: nobody can tell whether it was said. Send it again if you do not see it.")
		}
		if first = false; len(recs) == 0 {
			return 0, false, nil
		}
		for _, rec := range recs {
			if rec.ID != ref {
				continue
			}
			if m, err := chat.MessageOf(rec); err == nil && m.From.ID == person {
				return rec.Offset, true, nil
			}
		}
		from = recs[len(recs)-1].Offset + 1
	}
	return 0, false, nil
}
