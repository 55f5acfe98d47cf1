package chat

import "fmt"

// Slow is a host's: each device may say one message in so many seconds.
type Slow struct {
	By      Person `json:"by"`
	Seconds int    `json:"seconds"` // 0 (off) to MaxSlow
}

// MaxSlow is the slowest slow mode, in seconds: an hour. Slower is a lock.
const MaxSlow = 3600

// Kind implements Deed.
func (s *Slow) Kind() string { return TypeSlow }

// Doer implements Deed.
func (s *Slow) Doer() Person { return s.By }

func (s *Slow) check() error {
	if s.Seconds < 0 || s.Seconds > MaxSlow {
		return fmt.Errorf("seconds is %d: it must be 0 (off) to %d", s.Seconds, MaxSlow)
	}
	return s.By.check("by")
}
