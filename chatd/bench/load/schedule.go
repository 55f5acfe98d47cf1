package load

import (
	"context"

	"warren/chatd/bench/clock"
)

// A schedule is when each message is due: a latency counts from then, whether
// or not the client could say it at that time (Gil Tene's "coordinated
// omission"). Flat out, all are due at once; else the senders take turns, so
// that the load is even.
type schedule struct {
	start   int64
	senders int
	every   float64 // nanoseconds between two messages, whoever says them; 0: flat out
}

func newSchedule(start int64, o *Options) *schedule {
	s := &schedule{start: start, senders: o.Senders}
	if o.Rate > 0 {
		s.every = 1e9 / (o.Rate * float64(o.Senders))
	}
	return s
}

// at returns when a message is due, in whole microseconds.
func (s *schedule) at(sender, seq int) int64 { return s.turn(seq*s.senders + sender) }

func (s *schedule) turn(i int) int64 {
	return (s.start + int64(float64(i)*s.every)) / 1000 * 1000
}

// last returns when the last of n messages of each sender is due.
func (s *schedule) last(n int) int64 { return s.turn(n*s.senders - 1) }

// run lets the senders of this process speak as their messages become due,
// until all are or ctx ends. Speakers are by number; nil: of another process.
func (s *schedule) run(ctx context.Context, speakers []*client, n int) {
	if s.every == 0 {
		clock.SleepUntil(s.start)
		for _, c := range speakers {
			if c != nil {
				c.due.Store(int64(n))
				c.prod()
			}
		}
		return
	}
	for i := range n * s.senders {
		c := speakers[i%s.senders]
		if c == nil {
			continue
		}
		// A second at most, so as to see the end of ctx.
		for at := s.turn(i); clock.Now() < at && ctx.Err() == nil; {
			clock.SleepUntil(min(at, clock.Now()+1e9))
		}
		if ctx.Err() != nil {
			return
		}
		c.due.Add(1)
		c.prod()
	}
}
