package trial

import (
	"fmt"
	"time"
)

// Step is what is to be done when the system has started.
type Step int

const (
	Run    Step = iota // nothing: this is the system that starts by itself
	Try                // it is on trial: see Judge
	GoBack             // it was, and has failed: start the other one
)

// Begin says what a start means: r is the record as it was kept, running the
// root that runs, and own the one that starts by itself. It returns the record
// as it is now.
//
// What counts is whether they are the same: the record only says why. So a
// record that is lost, or that of a disk that the new system cannot read, does
// not keep a system that has not proved itself.
func Begin(r Record, running, own Root) (Record, Step) {
	if running == own {
		if !r.open() {
			return r, Run
		}
		if r.Root == running {
			// Between the moment when it became the one that starts
			// by itself and that when this was noted.
			r.State = Kept
			return r, Run
		}
		if r.State == Sent {
			r.Why = "it did not start"
		} else {
			r.Why = "it started, and ended before it had proved itself"
		}
		r.Why += ": it broke down, or the power was cut meanwhile"
		r.State = Back
		return r, Run
	}
	if r.Root != running || r.State == Kept || r.State == "" {
		r = Record{Root: running} // of another update: this one's is lost
	}
	if r.State == Back {
		return r, GoBack
	}
	r.State = Trying
	return r, Try
}

// WellFor is how long the room must be well in a row. RabbitMQ may be up and
// fall again when chatd reads the log, which takes it a second or two.
const WellFor = 10 * time.Second

// Verdict is what a Judge says.
type Verdict int

const (
	Wait Verdict = iota // it is too early to say
	Keep                // the new system has proved itself
	Fail                // it has not, in its time
)

// Judge decides whether a system on trial is kept.
type Judge struct {
	// Time is that of the trial, since the start of the system: so a daemon
	// that is started again gives it no more of it.
	Time time.Duration

	well  bool
	since time.Duration // when it became well, if it is
}

// See takes how the room is: nil if it is well, or a sentence that says what is
// not. now is the time since the system's start. With Fail comes a sentence that
// says why.
func (j *Judge) See(now time.Duration, wrong error) (v Verdict, why string) {
	switch {
	case wrong != nil:
		j.well = false
	case !j.well:
		j.well, j.since = true, now
	}
	if j.well && now-j.since >= WellFor {
		return Keep, ""
	}
	if now < j.Time {
		return Wait, ""
	}
	if wrong == nil {
		wrong = fmt.Errorf("the room was well for %v only, and %v in a row are wanted", (now - j.since).Round(time.Second), WellFor)
	}
	return Fail, fmt.Sprintf("it had not proved itself %v after its start: %v", j.Time, wrong)
}
