// Package trial decides what becomes of an update. It is pure: it knows the
// record of the last update, which of the two root file systems runs, which one
// starts by itself, and how the room is, and nothing of cards and networks.
//
// An update goes through these steps, and a power cut between any two of them
// leaves a card that starts:
//
//	sent    the new system is in the other root, checked; the next start, and
//	        that one only, is its trial
//	trying  it has started, and has to prove itself
//	kept    it has, and is the one that starts by itself from now on
//	back    it has not, and the old one runs again
package trial

import (
	"fmt"
	"time"
)

// Root is one of the two root file systems on a card. The zero value is neither.
type Root int

// The roots, by the number of their partition.
const (
	A Root = 2
	B Root = 3
)

// Other returns the other root.
func (r Root) Other() Root { return A + B - r }

// String returns "A" or "B".
func (r Root) String() string {
	switch r {
	case A:
		return "A"
	case B:
		return "B"
	}
	return "neither"
}

// MarshalText implements encoding.TextMarshaler.
func (r Root) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Root) UnmarshalText(text []byte) error {
	for _, known := range []Root{A, B} {
		if string(text) == known.String() {
			*r = known
			return nil
		}
	}
	return fmt.Errorf("the root is %.20q: it must be A or B", text)
}

// State is how far an update has come.
type State string

// The states of an update.
const (
	Sent   State = "sent"
	Trying State = "trying"
	Kept   State = "kept"
	Back   State = "back"
)

// Record is what is known of the last update.
type Record struct {
	State   State  `json:"state"`
	Root    Root   `json:"root"`              // where it was written to
	Version string `json:"version,omitempty"` // what it says it is
	SHA256  string `json:"sha256,omitempty"`  // of what was sent, in hex
	Seconds int    `json:"seconds,omitempty"` // the time of its trial
	Why     string `json:"why,omitempty"`     // a sentence for the host, if it is Back
}

// The time of a trial: from the start of the new system until it must have
// proved itself. RabbitMQ takes up to a minute on a slow card, and was seen to
// take two and a half in an emulator; a host waits as long when it fails.
const (
	LeastTime   = 30 * time.Second
	DefaultTime = 5 * time.Minute
	MostTime    = 30 * time.Minute
)

// Time returns the time of the trial, from LeastTime to MostTime.
func (r Record) Time() time.Duration {
	if r.Seconds == 0 {
		return DefaultTime
	}
	const least, most = int(LeastTime / time.Second), int(MostTime / time.Second)
	return time.Duration(min(max(r.Seconds, least), most)) * time.Second
}

// open tells whether it is not known yet what became of the update.
func (r Record) open() bool { return r.State == Sent || r.State == Trying }
