package blink

import "time"

// State is what the lamp has to say when nobody speaks. The zero value is
// Starting.
type State int

// The states, in the order of the table below.
const (
	Starting     State = iota // the exchange has not been tried yet
	NoBroker                  // the exchange cannot be reached
	NoWiFi                    // the hotspot's radio does not work
	UnderVoltage              // the power supply is too weak
	BadSettings               // all else is well, but there are mistakes in the settings
	OK                        // all is well: dark, and a blink per message
)

// pattern is how a state looks.
type pattern struct {
	name string

	// steps is how long the lamp is on, off, on, off, …; then it begins again.
	// A state without steps is dark and blinks for messages; in any other a
	// blink in between could not be told from the pattern.
	steps []time.Duration

	// aside is what a state without steps shows at once, and then every
	// asideEvery: steps, and asideDark before them. Messages that come
	// meanwhile share a blink after it.
	aside []time.Duration
}

// patterns has a line for each state. They are told apart from across a room:
// even and slow, counted flashes with a long dark, or one or two that are long
// themselves. A flash of 100 ms, like the dark of 200 ms between two, is several times what
// the eye needs.
var patterns = [...]pattern{
	Starting:     {name: "starting", steps: ms(500, 500)},
	NoBroker:     {name: "no broker", steps: ms(100, 200, 100, 1600)}, // two flashes every 2 s
	NoWiFi:       {name: "no Wi-Fi", aside: append(ms(1000), asideDark)},
	UnderVoltage: {name: "weak power supply", aside: append(ms(800, 400, 800), asideDark)},
	BadSettings:  {name: "bad settings", aside: append(ms(100, 200, 100, 200, 100), asideDark)},
	OK:           {name: "ok"},
}

// An aside is at most two seconds, dark before and after so that the blinks of
// messages are not counted among its flashes. Every ten seconds: who looks
// at the lamp sees it, and four fifths of the time are left for messages.
const (
	asideEvery = 10 * time.Second
	asideDark  = 600 * time.Millisecond
)

// String returns the state in words, for logs and captions.
func (s State) String() string { return patterns[s].name }

func ms(n ...int) []time.Duration {
	steps := make([]time.Duration, len(n))
	for i := range n {
		steps[i] = time.Duration(n[i]) * time.Millisecond
	}
	return steps
}
