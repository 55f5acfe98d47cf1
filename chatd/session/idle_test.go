package session

import (
	"runtime"
	"testing"
	"time"
)

// A phone that does nothing is one goroutine, also after it was told something:
// the second one would be a fifth of all its memory.
func TestIdlePhoneIsOneGoroutine(t *testing.T) {
	const phones, others = 100, 10 // the server, the registry, the test
	before := runtime.NumGoroutine()
	h := newHall(t, phones)
	h.say(t, 16)
	got := 0
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); runtime.Gosched() {
		if got = runtime.NumGoroutine() - before; got <= phones+others {
			break // those that wrote have ended
		}
	}
	if got < phones || got > phones+others {
		t.Errorf("%d idle phones are %d goroutines", phones, got)
	}
}
