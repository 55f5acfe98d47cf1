package rabbitmq

import (
	"slices"
	"time"
)

// forgetTime is how long a broker that failed comes after the others. Then the
// order of the address counts again: a host who writes the nearest broker
// first gets it back at the next life. Until then a dead one costs nothing,
// and afterwards connectTime once a minute, if lives end that often.
const forgetTime = time.Minute

// brokers are those of one address, and which of them to try next. While one
// serves there is no going back to an earlier one: that would be an
// interruption for guests, and gain them nothing. One goroutine uses it.
type brokers struct {
	address string               // as CheckURL takes it
	failed  map[string]time.Time // URL: when it last did
}

func newBrokers(address string) *brokers {
	return &brokers{address: address, failed: make(map[string]time.Time)}
}

// next returns the broker to try now, and how many there are: the first of the
// address that has not failed lately, or else the one that failed longest ago.
func (b *brokers) next(now time.Time) (t target, n int, err error) {
	all, err := resolve(b.address)
	if err != nil {
		return target{name: b.address}, 1, err
	}
	for url, at := range b.failed { // a file may name ever more of them
		if now.Sub(at) > forgetTime {
			delete(b.failed, url)
		}
	}
	return slices.MinFunc(all, func(x, y target) int {
		return b.failed[x.url].Compare(b.failed[y.url])
	}), len(all), nil
}

// fail says that a life on t has ended.
func (b *brokers) fail(t target, now time.Time) { b.failed[t.url] = now }
