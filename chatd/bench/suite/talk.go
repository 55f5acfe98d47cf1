package suite

import (
	"context"
	"fmt"
	"time"

	"warren/chatd/bench/load"
	"warren/chatd/bench/report"
)

// theTalk is the talk's last slide: all connect, wait for the signal, send, and
// receive all. In each round the systems take turns, so that what happens to the
// machine meanwhile happens to all.
func (s *suite) theTalk(ctx context.Context) error {
	last := make(map[string]report.Cell) // the result with fewer clients
	for _, n := range s.talk {
		rounds := make(map[string][]report.Cell)
		for round := range s.rounds {
			for _, sys := range s.fleet.Systems {
				before, known := last[sys.Key]
				if known && before.Why != "" {
					rounds[sys.Key] = []report.Cell{before}
					continue
				}
				// The deliveries, and with them the time, grow with the square.
				foreseen := time.Duration(0)
				if known {
					foreseen = time.Duration(before.Wall * float64(n*n) / float64(before.Clients*before.Clients) * float64(time.Second))
				}
				if foreseen > s.Longest {
					rounds[sys.Key] = []report.Cell{{System: sys.Key, Title: sys.Title, Clients: n, Why: fmt.Sprintf("not done: it would take %s", foreseen.Round(10*time.Second))}}
					if round == 0 {
						s.say("%-30s %5d clients  %s", sys.Title, n, rounds[sys.Key][0].Why)
					}
					continue
				}
				if round > 0 && (rounds[sys.Key][0].Result == nil || took(rounds[sys.Key]) >= s.share) {
					continue
				}
				c, err := s.run(ctx, sys, load.Options{Clients: n, Senders: n, Messages: s.messages})
				if err != nil {
					return err
				}
				rounds[sys.Key] = append(rounds[sys.Key], c)
			}
		}
		for _, sys := range s.fleet.Systems {
			c := middle(rounds[sys.Key], func(c *report.Cell) float64 { return c.Wall })
			c.Clients = n
			s.report.Talk = append(s.report.Talk, c)
			last[sys.Key] = c
		}
	}
	return nil
}

// took returns how long some rounds have taken together.
func took(rounds []report.Cell) (d time.Duration) {
	for _, c := range rounds {
		if c.Result != nil {
			d += time.Duration(c.Wall * float64(time.Second))
		}
	}
	return d
}
