package fold

import (
	"errors"
	"slices"

	"warren/chatd/chat"
)

// Fold is what the records of a log have come to so far. Its methods must not be
// called concurrently. What State returns is not changed any more.
type Fold struct {
	state   chat.State
	matcher *chat.Matcher
	muted   map[string]string // the name under which each is muted, by id

	clock  clock
	spoken []chat.Moment // in slow mode, by kind and person, in the order in which they spoke
	recent recent

	begun, sure bool
	oldest      int64 // offset from which on records are remembered

	read chat.Message // the one of the last step
}

// Step is what one record came to. It holds until the next Add.
type Step struct {
	Verdict Verdict
	Message *chat.Message // nil if the record is none; with the name that is shown
	Deed    chat.Deed     // nil if the record is none
	Person  string        // to whom alone it is shown; empty: to everyone
	Renamed bool          // its sender's name is not shown: it has NeutralName instead
	Why     Why           // why it is refused
	From    string        // who said or did it: a person's id, or empty
	Err     error         // why it cannot be read, chat.ErrUnknownType included

	Target  int64 // offset of the message that is another now, -1: of none
	Changed bool  // the state that everyone is told is another
	Hosts   bool  // what hosts are told is another
	All     bool  // any message may be shown otherwise now: the floor is another, or all
	Kick    string
}

// Verdict says what becomes of a record.
type Verdict uint8

// Verdicts.
const (
	Nothing  Verdict = iota // it is shown to nobody: what it did, if anything, is in the other fields
	Shown                   // to everyone, or to Step.Person
	Repeated                // it was in the log before
	Refused
)

// New returns the fold of a log of which nothing has been read.
func New() *Fold {
	f := &Fold{recent: newRecent()}
	f.index()
	return f
}

// index makes what is looked up in of what the state says.
func (f *Fold) index() {
	f.indexMuted()
	f.matcher = chat.NewMatcher(f.state.Words)
}

func (f *Fold) indexMuted() {
	f.muted = make(map[string]string, len(f.state.Muted))
	for _, p := range f.state.Muted {
		f.muted[p.ID] = p.Name
	}
}

// State returns how the room is set up.
func (f *Fold) State() chat.State { return f.state }

// Sure reports whether all is known that the log has made of the room: f began with
// the log's first record, or with a snapshot, or Settle was called.
func (f *Fold) Sure() bool { return f.sure }

// Settle says that the log has been read to its end, and held no snapshot: what it
// holds counts from now on.
func (f *Fold) Settle() { f.sure = true }

// Floor returns the offset before which nothing is shown.
func (f *Fold) Floor() int64 {
	floor := f.state.Floor
	if n := len(f.state.Clears); n > 0 {
		floor = max(floor, f.state.Clears[n-1])
	}
	return floor
}

// Hidden reports whether a host has hidden the message at an offset.
func (f *Fold) Hidden(offset int64) bool {
	_, hidden := slices.BinarySearch(f.state.Hidden, offset)
	return hidden
}

// Muted reports whether a person is muted, and under which name.
func (f *Fold) Muted(id string) (name string, muted bool) {
	name, muted = f.muted[id]
	return name, muted
}

// Unwanted reports whether a text has a word that the hosts do not want.
func (f *Fold) Unwanted(text string) bool { return f.matcher.Match(text) }

// KnowsBoot reports whether a record of that boot has come lately.
func (f *Fold) KnowsBoot(boot string) bool { return f.clock.knows(boot) }

// Kicked reports whether a person is kept out at a moment.
func (f *Fold) Kicked(id string, at chat.Stamp) bool { return f.kicked(id, f.clock.of(at)) }

// Add takes the next record of the log. Offsets rise.
func (f *Fold) Add(rec chat.Record) Step {
	if !f.begun {
		f.begun = true
		if rec.Offset == 0 {
			f.sure = true
		} else if !f.sure {
			f.state.Unknown = rec.Offset
		}
		f.oldest = rec.Offset
	}
	f.clock.add(rec.Stamp)
	at := f.clock.now
	f.oldest = max(f.oldest, f.recent.forget(rec.Offset))
	switch rec.Type {
	case chat.TypeEpoch:
		return Step{Target: -1}
	case chat.TypeSnapshot:
		return f.begin(rec)
	}
	var err error
	if f.read, err = chat.MessageOf(rec); err == nil {
		return f.message(rec, &f.read, at)
	}
	if errors.Is(err, chat.ErrUnknownType) {
		d, err := chat.DeedOf(rec)
		if err == nil {
			return f.deed(rec, d, at)
		}
		return Step{Target: -1, Err: err}
	}
	return Step{Target: -1, Err: err}
}

// message judges a message.
func (f *Fold) message(rec chat.Record, m *chat.Message, at int64) Step {
	step := Step{Message: m, From: m.From.ID, Target: -1}
	entry := remembered{offset: rec.Offset, time: at, message: true, author: hashID(m.From.ID)}
	if rec.ID != "" {
		entry.key = keyOf(chat.TypeMessage, m.From.ID, rec.App, rec.ID)
		if f.recent.repeated(entry.key, rec.Offset) {
			step.Verdict = Repeated
			return step
		}
	}
	host := f.isHost(m.From.ID, m.Host)
	step.Why = f.refusesMessage(m, host, at)
	step.Renamed = f.rename(&m.From, host)
	if step.Why != "" {
		step.Verdict, entry.reason = Refused, number(step.Why)
		f.recent.add(entry)
		return step
	}
	if _, muted := f.muted[m.From.ID]; muted || m.Shadow {
		step.Person, entry.shadow = m.From.ID, true
	}
	if !host && m.From.ID != "" {
		f.speak(chat.TypeMessage, m.From.ID, at)
	}
	step.Verdict, entry.shown = Shown, true
	f.recent.add(entry)
	return step
}

// deed judges a deed, and does it.
func (f *Fold) deed(rec chat.Record, d chat.Deed, at int64) Step {
	step := Step{Deed: d, From: d.Doer().ID, Target: -1}
	entry := remembered{offset: rec.Offset, time: at}
	if rec.ID != "" {
		entry.key = keyOf(d.Kind(), step.From, rec.App, rec.ID)
		if f.recent.repeated(entry.key, rec.Offset) {
			step.Verdict = Repeated
			return step
		}
	}
	switch d := d.(type) {
	case *chat.Reaction:
		f.react(&step, d, rec.Offset, at)
	case *chat.Edit:
		f.edit(&step, d, rec.Offset, at)
	case *chat.Delete:
		f.delete(&step, d, rec.Offset, at)
	default:
		f.host(&step, rec, at)
	}
	if step.Verdict == Refused {
		entry.reason = number(step.Why)
	}
	f.recent.add(entry)
	return step
}

// isHost reports whether a person's record is a host's. Older versions have not
// said so: whoever has done a host's deed lately is one.
func (f *Fold) isHost(id string, flag bool) bool {
	return flag || id != "" && slices.ContainsFunc(f.state.Deeds, func(d chat.Done) bool { return d.By.ID == id })
}

// rename gives a person another name if the hosts do not want theirs.
func (f *Fold) rename(p *chat.Person, host bool) bool {
	if host || !f.matcher.Match(p.Name) {
		return false
	}
	p.Name = NeutralName(p.ID)
	return true
}

// NeutralName returns a name that says nothing, for a person whose own is not shown.
func NeutralName(id string) string {
	if id == "" {
		return chat.PlainName
	}
	return chat.SuggestName(id)
}

// Miss says that records of the log before an offset are gone that were not added:
// what hosts did there is unknown.
func (f *Fold) Miss(offset int64) { f.state.Unknown = offset }
