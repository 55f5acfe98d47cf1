package gateway

import (
	"testing"
	"time"
)

// What is refused for the moment is not overtaken by what was sent behind it.
func TestOrderAfterARefusal(t *testing.T) {
	now := time.Now()
	away, locked := &refusal{"away", "Later.", time.Second}, &refusal{"locked", "No.", 0}
	var o order
	say := func(ref string, answer error) (came error) {
		if came = o.behind(ref, now); came == nil {
			came = answer
		}
		o.came(ref, came, now)
		return came
	}
	for i, step := range []struct {
		ref     string
		answer  error
		refused bool
	}{
		{"1", nil, false}, {"2", locked, true}, {"3", nil, false}, // what is refused for good holds nothing back
		{"4", away, true}, {"5", nil, true}, {"6", nil, true}, {"5", nil, true},
		{"4", away, true}, {"5", nil, true}, {"4", nil, false}, {"5", nil, false}, {"6", nil, false},
		{"7", away, true}, {"8", nil, true}, {"7", locked, true}, {"8", nil, false}, // it will never be said
	} {
		if came := say(step.ref, step.answer); (came != nil) != step.refused {
			t.Errorf("step %d, %s: %v", i, step.ref, came)
		}
	}
	say("9", away)
	now = now.Add(orderTime + time.Millisecond)
	if came := say("10", nil); came != nil {
		t.Errorf("who never says it again is held back for ever: %v", came)
	}
}
