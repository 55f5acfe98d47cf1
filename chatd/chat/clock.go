package chat

import "fmt"

// Clock says when a boot of a machine without a clock began, as phones or the
// host have it.
type Clock struct {
	Boot  string  `json:"boot"`         // as in Stamp
	Began int64   `json:"began"`        // unix milliseconds
	By    *Person `json:"by,omitempty"` // the host; nil: the phones' clocks say so
}

// Times that a boot can have begun at: Warren is younger than 2020, and a clock
// that is beyond 2100 is wrong.
const (
	minBegan = 1_577_836_800_000 // 2020-01-01T00:00:00Z
	maxBegan = 4_102_444_800_000 // 2100-01-01T00:00:00Z
)

// Kind implements Deed.
func (c *Clock) Kind() string { return TypeClock }

// Doer implements Deed.
func (c *Clock) Doer() Person {
	if c.By == nil {
		return Person{}
	}
	return *c.By
}

func (c *Clock) check() error {
	if err := checkClock(c.Boot, c.Began); err != nil {
		return err
	}
	if c.By != nil {
		return c.By.check("by")
	}
	return nil
}

func checkClock(boot string, began int64) error {
	if !ValidID(boot) {
		return fmt.Errorf("boot %.50q: not the id of a boot", boot)
	}
	if began < minBegan || began >= maxBegan {
		return fmt.Errorf("began is %d: it must be unix milliseconds, from 2020 to 2099", began)
	}
	return nil
}
