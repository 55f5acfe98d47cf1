package blink

import "time"

// State is what the lamp has to say when nobody speaks. The zero value is
// Starting.
type State int

// The states, in the order of the table below.
const (
	Starting State = iota // the exchange has not been tried yet
	NoBroker              // the exchange cannot be reached
	OK                    // all is well: dark, and a blink per message
)

// pattern is how a state looks: how long the lamp is on, off, on, off, …; then
// it begins again. A state without steps is dark and blinks for messages; in
// any other a blink in between could not be told from the pattern.
type pattern struct {
	name  string
	steps []time.Duration
}

// patterns has a line for each state. They are told apart from across a room:
// even and slow, or counted flashes with a long dark. A flash of 100 ms, like
// the dark of 200 ms between two, is several times what the eye needs.
var patterns = [...]pattern{
	Starting: {"starting", ms(500, 500)},
	NoBroker: {"no broker", ms(100, 200, 100, 1600)}, // two flashes every 2 s
	OK:       {"ok", nil},
}

// String returns the state in words, for logs and captions.
func (s State) String() string { return patterns[s].name }

func ms(n ...int) []time.Duration {
	steps := make([]time.Duration, len(n))
	for i := range n {
		steps[i] = time.Duration(n[i]) * time.Millisecond
	}
	return steps
}
