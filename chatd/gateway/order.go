package gateway

import (
	"errors"
	"time"
)

// orderTime is how long what was refused for the moment holds back what is said after it on its
// connection: a client that wants it said says it again within two seconds (retry_ms).
const orderTime = 5 * time.Second

// order keeps the order of what is said on one connection: what was refused because the
// exchange could not take it at the moment is said again by its sender, and what was sent behind it, before
// the refusal had arrived, must not overtake it. One goroutine uses it.
type order struct {
	ref string // of what was refused; empty: nothing
	at  time.Time
}

// behind returns the refusal of what stands behind what was refused, nil if nothing does.
func (o *order) behind(ref string, now time.Time) error {
	if o.ref == "" || o.ref == ref || now.Sub(o.at) > orderTime {
		return nil
	}
	return &refusal{"away", "What you have said before this waits, too. Say both again, in their order.", retryFull}
}

// came takes note of what came of what was said under ref.
func (o *order) came(ref string, err error, now time.Time) {
	var no *refusal
	if errors.As(err, &no) && (no.why == "away" || no.why == "full") {
		if o.ref == "" || o.ref == ref || now.Sub(o.at) > orderTime {
			o.ref, o.at = ref, now
		}
		return
	}
	if o.ref == ref {
		o.ref = ""
	}
}
