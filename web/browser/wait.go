package browser

import (
	"testing"
	"time"
)

// Patience is how long a guest waits for what should happen at once, on a busy
// machine.
const Patience = 20 * time.Second

// Eventually returns when cond is true. If that takes longer than patience the
// test ends with what saw says.
func Eventually(t testing.TB, patience time.Duration, cond func() bool, saw func() string) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(patience); !cond(); <-poll.C {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %s", patience, saw())
		}
	}
}
