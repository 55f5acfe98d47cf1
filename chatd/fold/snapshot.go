package fold

import (
	"slices"

	"warren/chatd/chat"
)

// Snapshot returns all that f knows after the record at an offset, which is the last
// that Add was given.
func (f *Fold) Snapshot(upto int64) chat.Snapshot {
	return chat.Snapshot{Upto: upto, State: f.state, Memory: &chat.Memory{
		Time: f.clock.now, Boots: f.clock.boots, Spoken: slices.Clone(f.spoken), Recent: f.recent.digest(upto),
	}}
}

// From returns the fold that a snapshot was made of: what follows on its place is
// to be added. The error says what of it could not be understood; it is understood all the
// same, as far as that goes.
func From(s chat.Snapshot) (*Fold, error) {
	f := &Fold{state: s.State, recent: newRecent(), begun: true, sure: true}
	f.oldest = s.Upto + 1
	var err error
	if m := s.Memory; m != nil {
		f.oldest = max(0, s.Upto-Horizon)
		f.clock = clock{now: min(max(m.Time, -maxTime), maxTime), boots: newest(m.Boots, MaxBoots)}
		f.spoken = newest(slices.Clone(m.Spoken), MaxSpoken)
		f.recent, err = recentOf(m.Recent)
	}
	f.index()
	return f, err
}

// begin takes a snapshot in the log. It is nothing but as the log's first record: then it is
// what the log began with, if it says so. An erasure that broke off could not say it by a
// record of its own.
func (f *Fold) begin(rec chat.Record) Step {
	step := Step{Target: -1}
	if rec.Offset != 0 {
		return step
	}
	d, err := chat.DeedOf(rec)
	if err != nil {
		step.Err = err
		return step
	}
	if s := d.(*chat.Snapshot); s.Upto < 0 {
		f.erase(&chat.Erase{State: &s.State})
		step.Changed, step.Hosts, step.All = true, true, true
	}
	return step
}
