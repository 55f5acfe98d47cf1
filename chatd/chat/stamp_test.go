package chat

import (
	"math"
	"strings"
	"testing"
	"time"
)

// Whatever a stamp is said to be, what is possible of it can be counted with.
func TestStamps(t *testing.T) {
	const boot = "5f0c1d7e-8a55-4c0f-9a5e-3b1f0a5d7c11"
	for _, test := range []struct {
		s        Stamp
		possible bool
	}{
		{Stamp{boot, 0}, true},
		{Stamp{boot, 123456}, true},
		{Stamp{boot, maxUpMS}, true},
		{Stamp{boot, maxUpMS + 1}, false},
		{Stamp{boot, -1}, false},
		{Stamp{boot, math.MaxInt64}, false},
		{Stamp{boot, math.MinInt64}, false},
		{Stamp{"", 1}, false},
		{Stamp{"<b>", 1}, false},
		{Stamp{strings.Repeat("a", 100_000), 1}, false},
	} {
		if test.s.Possible() != test.possible {
			t.Errorf("%.50v is possible: %v", test.s, !test.possible)
		}
		now := Stamp{boot, 1000}
		if d, ok := test.s.Before(now); test.possible && (!ok || d != time.Duration(1000-test.s.UpMS)*time.Millisecond || d > time.Second) {
			t.Errorf("%v was %v before %v", test.s, d, now)
		}
	}
}
