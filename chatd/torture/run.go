package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options of a run.
type Options struct {
	Kills    int
	Seed     uint64
	Race     bool      // chatd is built with the race detector
	Progress io.Writer // a line for each burst
}

// wellTime is how long the room may take to be well after a burst. It takes
// seconds: chatd tries to reach RabbitMQ every 5 at least, and ten times that is
// for a machine that has other things to do.
const wellTime = time.Minute

// The time between two messages of a writer is at random up to these. Together
// they say some 35 a second, as many as a hundred busy people: so there is always
// something on its way when something dies, and a phone that was away for a
// minute has missed more than a chatd holds in memory.
const (
	patientPace = 400 * time.Millisecond
	eagerPace   = 150 * time.Millisecond
	maxPending  = 1000 // of one writer; over it, it writes nothing
)

// Run tortures a room of its own, and returns what came of it. The error says
// that it could not be done; what was found is in the report.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	dir, err := os.MkdirTemp("", "warren-torture-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err == nil && len(report.Faults) == 0 {
			os.RemoveAll(dir)
		} else {
			fmt.Fprintf(o.Progress, "the logs are in %s\n", dir)
		}
	}()
	house, err := NewHouse(ctx, dir, o.Race)
	if err != nil {
		return nil, err
	}
	defer house.Close()
	ctx, cancel := context.WithCancel(ctx)
	r := newRun(house, Plan(o.Seed, o.Kills), o)
	defer r.wait()
	defer cancel()
	return r.report, r.run(ctx)
}

// run is one run.
type run struct {
	house  *House
	plan   [][]Trouble
	o      Options
	report *Report

	writers []*seat
	readers []*seat
	sleeper *seat // joins, leaves before the first burst, and resumes when all is over

	mu     sync.Mutex
	guests []*Phone // who joined and left
	did    map[TroubleKind]int

	wg sync.WaitGroup
}

func newRun(house *House, plan [][]Trouble, o Options) *run {
	r := &run{house: house, plan: plan, o: o, did: make(map[TroubleKind]int)}
	r.report = &Report{Seed: o.Seed, Kills: o.Kills, Did: r.did}
	for _, name := range []string{"ada", "bob", "cid", "dan"} {
		r.writers = append(r.writers, &seat{phone: r.newPhone(name, name > "bob")})
	}
	for _, name := range []string{"eve", "fay"} {
		r.readers = append(r.readers, &seat{phone: r.newPhone(name, false)})
	}
	r.sleeper = &seat{phone: r.newPhone("gus", false)}
	return r
}

func (r *run) newPhone(name string, eager bool) *Phone {
	return NewPhone(name, eager, r.house.doors[0].Addr, r.house.doors[1].Addr)
}

func (r *run) seats() []*seat {
	return append(append([]*seat{}, r.writers...), r.readers...)
}

// wait returns when all phones have left. The context must have ended.
func (r *run) wait() {
	r.wg.Wait()
	for _, s := range append(r.seats(), r.sleeper) {
		if s.leave != nil {
			s.leave()
		}
	}
}

func (r *run) run(ctx context.Context) error {
	began := time.Now()
	for _, s := range append(r.seats(), r.sleeper) {
		s.sit(ctx)
	}
	writing, stop := context.WithCancel(ctx)
	defer stop()
	for _, s := range r.writers {
		r.wg.Go(func() { write(writing, s.phone) })
	}
	if err := r.well(ctx, append(r.seats(), r.sleeper)); err != nil {
		return fmt.Errorf("the room is not well at the beginning: %w", err)
	}
	r.sleeper.leave()
	for i, burst := range r.plan {
		if err := r.burst(ctx, burst); err != nil {
			return err
		}
		ended := time.Now()
		if err := r.well(ctx, r.seats()); err != nil {
			if ctx.Err() != nil {
				return err
			}
			r.find(Fault{Unwell, "the room", fmt.Sprintf("%v after burst %d: %v", err, i+1, burst)})
			break
		}
		took := time.Since(ended)
		r.report.Recoveries = append(r.report.Recoveries, took)
		fmt.Fprintf(r.o.Progress, "burst %d of %d: %d troubles, well again after %.1f s\n", i+1, len(r.plan), len(burst), took.Seconds())
	}
	stop()
	r.report.Took = time.Since(began)
	return r.judge(ctx)
}

// write has a phone's owner write until ctx ends.
func write(ctx context.Context, p *Phone) {
	pace := patientPace
	if p.eager {
		pace = eagerPace
	}
	for pause(ctx, rand.N(pace)) == nil {
		if p.Waiting() < maxPending {
			p.Say()
		}
	}
}

// burst does what is planned, and returns when all of it is over.
func (r *run) burst(ctx context.Context, burst []Trouble) error {
	var g errgroup.Group
	for _, t := range burst {
		g.Go(func() error {
			if err := pause(ctx, t.After); err != nil {
				return err
			}
			r.mu.Lock()
			r.did[t.Kind]++
			r.mu.Unlock()
			if ours, err := r.house.Do(ctx, t); ours {
				return err
			}
			if t.Kind == Leave {
				r.readers[t.Which].away(ctx, t.For)
			} else {
				r.join(ctx, t.For)
			}
			return nil
		})
	}
	return g.Wait()
}

// join has a new reader come for a while.
func (r *run) join(ctx context.Context, d time.Duration) {
	r.mu.Lock()
	p := r.newPhone(fmt.Sprintf("new-%d", len(r.guests)), false)
	r.guests = append(r.guests, p)
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	p.Online(ctx)
}

// well waits until both chatd are ready, and everybody who has a seat is in the
// room and has been shown all that was said up to now.
func (r *run) well(ctx context.Context, seats []*seat) error {
	counts := make(map[string]int)
	for _, s := range r.writers {
		counts[s.phone.history.Sender] = s.phone.Count()
	}
	return until(ctx, wellTime, func(ctx context.Context) bool {
		for _, s := range seats {
			if !s.phone.Has(counts) {
				return false
			}
		}
		return r.house.ready(ctx)
	})
}

// judge waits until everybody has everything, reads the log and checks what all
// phones have seen.
func (r *run) judge(ctx context.Context) error {
	r.sleeper.sit(ctx)
	all := append(r.seats(), r.sleeper)
	if err := r.well(ctx, all); err != nil {
		if ctx.Err() != nil {
			return err
		}
		r.find(Fault{Unwell, "the room", fmt.Sprintf("at the end: %v", err)})
	}
	var logs [][]Message
	for _, d := range r.house.daemons {
		log, err := readAll(ctx, d.Addr)
		if err != nil {
			return errors.Join(err, fmt.Errorf("faults so far: %v", r.report.Faults))
		}
		logs = append(logs, log)
	}
	var histories []History
	count := func(p *Phone, stayed bool) {
		h := p.Recorded(stayed)
		histories = append(histories, h)
		r.report.count(p, h)
	}
	for _, s := range all {
		count(s.phone, true)
	}
	for _, p := range r.guests {
		count(p, false)
	}
	r.report.Logged = len(logs[0])
	r.find(Check(histories, logs...)...)
	r.find(r.house.faults()...)
	return nil
}

func (r *run) find(faults ...Fault) { r.report.Faults = append(r.report.Faults, faults...) }
