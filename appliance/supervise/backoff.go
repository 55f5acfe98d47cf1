package supervise

import (
	"cmp"
	"time"
)

// A program that ends is started again after a pause that doubles from
// minPause to maxPause. RabbitMQ takes 40 s to start on a small Pi: more
// patience than maxPause would only keep people waiting.
const (
	minPause = time.Second
	maxPause = 30 * time.Second
)

// Backoff counts failures in a row. The zero value is ready.
type Backoff struct {
	Min, Max time.Duration // minPause and maxPause if 0
	last     time.Duration
}

// Pause returns how long to wait now.
func (b *Backoff) Pause() time.Duration {
	b.last = min(max(2*b.last, cmp.Or(b.Min, minPause)), cmp.Or(b.Max, maxPause))
	return b.last
}

// Reset begins again with the shortest pause: it has worked.
func (b *Backoff) Reset() { b.last = 0 }
