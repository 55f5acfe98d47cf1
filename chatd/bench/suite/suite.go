// Package suite is the whole benchmark: it starts all systems, puts the same
// loads on them in turn, and reports.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"warren/chatd/bench/load"
	"warren/chatd/bench/report"
	"warren/chatd/bench/server"
)

// Options of a suite.
type Options struct {
	Quick    bool          // a look, in two minutes
	Longest  time.Duration // no run is begun that would take longer; 0: two minutes, or ten seconds
	Progress io.Writer     // a line for each run
	Version  string
}

// plan is how much is done.
type plan struct {
	talk   []int // clients
	growth []int
	rates  []float64 // messages a second

	messages int           // of each client, in talk
	rounds   int           // at most
	share    time.Duration // no further round once those of a system have taken as long
	pace     time.Duration // of a run at a rate
	idle     int           // clients
}

func planOf(o *Options) plan {
	if o.Longest == 0 {
		o.Longest = 2 * time.Minute
		if o.Quick {
			o.Longest = 10 * time.Second
		}
	}
	if o.Quick {
		return plan{
			talk: []int{1, 10, 50}, growth: []int{10, 200, 1000}, rates: []float64{300, 3000, 10000},
			messages: 100, rounds: 1, pace: 2 * time.Second, idle: 500,
		}
	}
	return plan{
		talk:     []int{1, 2, 5, 10, 20, 50, 100, 200},
		growth:   []int{10, 30, 100, 300, 1000, 2000, 5000},
		rates:    []float64{100, 300, 1000, 2000, 5000, 10000, 20000, 40000},
		messages: 100, rounds: 5, share: 15 * time.Second, pace: 4 * time.Second, idle: 2000,
	}
}

// size is what a message has: a short sentence.
const size = 100

// suite is one run of it.
type suite struct {
	Options
	plan
	fleet  *server.Fleet
	report *report.Report
	others []float64 // cores that others used, by run
}

// Run runs the suite. What a system does wrong is no error: the report says it.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	s := &suite{Options: o, report: &report.Report{
		Begun: time.Now().UTC().Truncate(time.Second), Version: o.Version, Quick: o.Quick, Machine: report.ThisMachine()}}
	s.plan = planOf(&s.Options)
	dir, err := os.MkdirTemp("", "warren-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	s.say("building")
	if err := server.Build(ctx, dir); err != nil {
		return nil, err
	}
	s.say("measuring idle connections")
	if s.report.Idle, err = idle(ctx, dir, s.idle, s.rounds); err != nil {
		return nil, err
	}
	s.say("starting the servers")
	if s.fleet, err = server.Start(ctx, dir); err != nil {
		return nil, err
	}
	defer s.fleet.Stop()
	for _, step := range []func(context.Context) error{s.aboutBroker, s.theTalk, s.steady, s.grow, s.hurry} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if len(s.others) > 0 {
		slices.Sort(s.others)
		s.report.Others = s.others[len(s.others)/2]
	}
	s.report.Took = time.Since(s.report.Begun).Round(time.Second).Seconds()
	s.report.Judge()
	return s.report, nil
}

func (s *suite) say(format string, args ...any) {
	fmt.Fprintf(s.Progress, "%s  %s\n", time.Since(s.report.Begun).Round(time.Second), fmt.Sprintf(format, args...))
}

// run puts a load on a system once.
func (s *suite) run(ctx context.Context, sys *server.System, o load.Options) (c report.Cell, err error) {
	o.URLs, o.Protocol, o.Size = sys.URLs, sys.Protocol, size
	o.Limit = s.Longest + s.Longest/2 // it was foreseen to be shorter
	c = report.Cell{System: sys.Key, Title: sys.Title, Clients: o.Clients, PerSec: o.Rate * float64(o.Senders)}
	var chat, broker [2]server.Usage
	var busy [2]float64
	var at [2]time.Time
	var errs [2]error
	look := func(i int) {
		at[i], busy[i] = time.Now(), busyCPU()
		chat[i], broker[i], errs[i] = sys.Usage()
	}
	if err := sys.ResetPeak(); err != nil {
		return c, err
	}
	r, runErr := load.Run(ctx, o, func() { look(0) }, func() { look(1) })
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	if err := errors.Join(errs[:]...); err != nil {
		return c, err
	}
	if runErr != nil {
		c.Why = "it could not be done: " + runErr.Error()
		s.say("%-30s %5d clients  %s", sys.Title, o.Clients, c.Why)
		return c, nil
	}
	c.Rounds, c.Result = 1, r
	c.Chat, c.Broker = chat[1].Since(chat[0]), broker[1].Since(broker[0])
	if wall := at[1].Sub(at[0]).Seconds(); wall > 0.5 { // below, a tick of the clock is too much of it
		c.Others = max(0, (busy[1]-busy[0]-r.CPU-c.Chat.CPU-c.Broker.CPU)/wall)
		s.others = append(s.others, c.Others)
	}
	pace := ""
	if o.Rate > 0 {
		pace = fmt.Sprintf("  %6.0f messages/s", c.PerSec)
	}
	s.say("%-30s %5d clients%s  reach %.3f  %7.3f s  %9.0f deliveries/s  p99 %8.1f ms  CPU: client %.2f, chat %.2f, broker %.2f s",
		sys.Title, o.Clients, pace, r.Reach, r.Wall, r.PerSecond, r.P99, r.CPU, c.Chat.CPU, c.Broker.CPU)
	if !r.Whole() {
		breach := fmt.Sprintf("%s, %d clients%s: %d of %d deliveries, %d twice, %d out of order, %d refused; %d of %d connections were closed",
			sys.Title, o.Clients, pace, r.Received, r.Expected, r.Duplicates, r.OutOfOrder, r.Refused, sum(r.Closed), o.Clients)
		for why := range r.Closed {
			breach += ": " + why
			break
		}
		s.report.Breaches = append(s.report.Breaches, breach)
		s.say("  not whole: %s", breach)
	}
	return c, nil
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

// middle returns the median of rounds by what is measured, with the worst reach
// and the faults of all.
func middle(rounds []report.Cell, by func(*report.Cell) float64) report.Cell {
	if i := slices.IndexFunc(rounds, func(c report.Cell) bool { return c.Result == nil }); i >= 0 {
		return rounds[i]
	}
	slices.SortStableFunc(rounds, func(a, b report.Cell) int {
		if by(&a) < by(&b) {
			return -1
		}
		return 1
	})
	c := rounds[len(rounds)/2]
	c.Rounds = len(rounds)
	r := *c.Result // the original stays as it is
	for _, other := range rounds {
		if other.Reach < r.Reach {
			r.Reach, r.Received = other.Reach, other.Received
		}
		r.Duplicates = max(r.Duplicates, other.Duplicates)
		r.OutOfOrder = max(r.OutOfOrder, other.OutOfOrder)
	}
	c.Result = &r
	return c
}
