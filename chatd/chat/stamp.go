package chat

import (
	"math"
	"time"
)

// Stamp is a reading of a clock that needs no clock: which boot of the machine
// it was, and how long that boot had been up. A Pi has neither a battery clock
// nor a network time; a phone that is told the stamp of "now" computes the
// local time of any other stamp of the same boot by itself.
type Stamp struct {
	Boot string `json:"boot,omitempty"` // the kernel's boot id; empty: unknown
	UpMS int64  `json:"up_ms"`          // milliseconds since boot, sleep included (CLOCK_BOOTTIME)
}

// Known reports whether s says anything.
func (s Stamp) Known() bool { return s.Boot != "" }

// maxUpMS is the longest that a time.Duration holds: 292 years.
const maxUpMS = int64(math.MaxInt64 / time.Millisecond)

// Possible reports whether s can have been read from a clock: anybody who
// reaches the exchange may write anything. Boot must be as ValidID wants it.
func (s Stamp) Possible() bool { return ValidID(s.Boot) && 0 <= s.UpMS && s.UpMS <= maxUpMS }

// Before returns how long before t the stamp s was read. It is known only for
// two stamps of one boot.
func (s Stamp) Before(t Stamp) (time.Duration, bool) {
	if !s.Known() || s.Boot != t.Boot {
		return 0, false
	}
	return time.Duration(t.UpMS-s.UpMS) * time.Millisecond, true
}
