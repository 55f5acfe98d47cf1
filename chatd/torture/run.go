package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options of a run.
type Options struct {
	Kills    int
	Seed     uint64
	Daemons  int
	Race     bool      // chatd is built with the race detector
	Progress io.Writer // a line for each burst
}

// wellTime is how long the room may take to be well after a burst. It takes
// seconds: chatd tries to reach RabbitMQ every 5 at least, and ten times that is
// for a machine that has other things to do.
const wellTime = time.Minute

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
	house, err := NewHouse(ctx, dir, o.Daemons, o.Race)
	if err != nil {
		return nil, err
	}
	defer house.Close()
	ctx, cancel := context.WithCancel(ctx)
	r := newRun(house, Plan(o.Seed, o.Kills, o.Daemons), o)
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

	writers   []*seat
	readers   []*seat
	sleeper   *seat // joins, leaves before the first burst, and resumes when all is over
	host      *seat
	moderator *Moderator
	bot       *Bot
	basic     *Basic

	mu     sync.Mutex
	guests []*Phone // who joined and left, or were sent out
	did    map[TroubleKind]int

	people sync.WaitGroup // who write, moderate, publish, or were sent out
}

func newRun(house *House, plan [][]Trouble, o Options) *run {
	r := &run{house: house, plan: plan, o: o, did: make(map[TroubleKind]int), bot: NewBot(house.broker.URL())}
	r.report = &Report{Seed: o.Seed, Daemons: o.Daemons, Kills: o.Kills, Did: r.did, Refusals: make(map[string]int)}
	host := r.newPhone("hal", false)
	r.host, r.moderator = &seat{phone: host}, &Moderator{phone: host}
	for _, name := range []string{"ada", "bob", "cid", "dan"} {
		p := r.newPhone(name, name > "bob")
		r.writers = append(r.writers, &seat{phone: p})
		r.moderator.guests = append(r.moderator.guests, p.history.Sender)
	}
	r.basic = NewBasic(house.addresses()...)
	r.moderator.guests = append(r.moderator.guests, r.basic.posts.Sender)
	r.readers = []*seat{{phone: r.newPhone("eve", false)}, {phone: NewWall("wall", house.addresses()...)}}
	r.sleeper = &seat{phone: r.newPhone("gus", false)}
	return r
}

func (r *run) newPhone(name string, eager bool) *Phone {
	return NewPhone(name, eager, r.house.addresses()...)
}

func (r *run) seats() []*seat {
	return append(append([]*seat{r.host}, r.writers...), r.readers...)
}

// wait returns when all phones have left. The context must have ended.
func (r *run) wait() {
	r.people.Wait()
	for _, s := range append(r.seats(), r.sleeper) {
		if s.leave != nil {
			s.leave()
		}
	}
}

func (r *run) run(ctx context.Context) (err error) {
	began := time.Now()
	if r.host.phone.cookie, err = becomeHost(ctx, r.house.doors[0].Addr); err != nil {
		return err
	}
	for _, s := range append(r.seats(), r.sleeper) {
		s.sit(ctx)
	}
	busy, stop := context.WithCancel(ctx)
	defer stop()
	people := &r.people
	for _, s := range r.writers {
		people.Go(func() { write(busy, s.phone) })
	}
	people.Go(func() { r.moderator.Moderate(busy) })
	people.Go(func() {
		r.bot.Talk(busy, func() int64 { _, to, _ := r.host.phone.recent(); return to })
	})
	people.Go(func() { r.basic.Browse(busy) })
	if err := r.well(ctx, append(r.seats(), r.sleeper)); err != nil {
		return fmt.Errorf("the room is not well at the beginning: %w", err)
	}
	r.sleeper.leave()
	for i, burst := range r.plan {
		if err := r.burst(ctx, busy, burst); err != nil {
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
	people.Wait()
	r.report.Took = time.Since(began)
	return r.judge(ctx)
}

// burst does what is planned, and returns when all of it is over; but who is sent out, tries to come
// back as long as people are busy.
func (r *run) burst(ctx, busy context.Context, burst []Trouble) error {
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
			switch t.Kind {
			case Leave:
				r.readers[t.Which%len(r.readers)].away(ctx, t.For)
			case Join:
				r.join(ctx, t.For)
			case Flood:
				r.bot.Flood()
			case SendOut:
				r.sendOut(busy)
			}
			return nil
		})
	}
	return g.Wait()
}

// newcomer returns a new guest's phone.
func (r *run) newcomer(name string) *Phone {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.newPhone(fmt.Sprintf("%s-%d", name, len(r.guests)), false)
	r.guests = append(r.guests, p)
	return p
}

// join has a new reader come for a while.
func (r *run) join(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	r.newcomer("new").Online(ctx)
}

// sendOut has a guest come, talk and be sent out, who tries to come back for the rest of the run.
func (r *run) sendOut(busy context.Context) {
	p := r.newcomer("imp")
	r.people.Go(func() { p.Online(busy) })
	r.people.Go(func() { write(busy, p) })
	pause(busy, time.Second)
	r.moderator.SendOut(p)
}

// well waits until all chatd are ready, all that was said up to now is in the log or refused, and
// everybody who has a seat is in the room and has been shown all of that.
func (r *run) well(ctx context.Context, seats []*seat) error {
	host := r.host.phone
	proof := host.Write("Is all well?") // nobody refuses it, and a clear or later shows the way
	said := make([]int, len(seats))
	for i, s := range seats {
		said[i] = s.phone.Said()
	}
	newest := int64(-1)
	var waits string
	err := until(ctx, wellTime, func(ctx context.Context) bool {
		if host.Waiting(proof) > 0 {
			waits = "for the host's phone"
			return false
		}
		for i, s := range seats {
			if s.phone.Waiting(said[i]) > 0 {
				waits = "for an answer to " + s.phone.name
				return false
			}
		}
		for _, s := range seats {
			if newest < 0 {
				newest = host.Shown()
			}
			if shown := s.phone.Shown(); newest < 0 || shown < newest {
				waits = "for " + s.phone.name + " to be shown all"
				return false
			}
		}
		waits = "for a chatd to be ready"
		return r.house.ready(ctx)
	})
	if err != nil {
		return fmt.Errorf("%w: it waits %s", err, waits)
	}
	return nil
}

// judge waits until everybody has everything, has newcomers look, reads the log and checks what all
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
	views := r.look(ctx)
	log, err := readStream(ctx, r.house.broker.URL())
	if err == nil {
		err = keep(log, filepath.Join(r.house.dir, "records.jsonl"))
	}
	if err != nil {
		return err
	}
	histories := append(r.bot.Recorded(), r.basic.Recorded()...)
	r.report.Glimpsed = len(r.basic.Recorded()[1].Events)
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
	r.report.judge(Judge(log), views)
	r.find(Check(histories, views, log)...)
	r.find(r.house.faults()...)
	return nil
}

// look has newcomers come in at all chatd: a host, a guest, and the guest who is muted.
func (r *run) look(ctx context.Context) (views []View) {
	viewers := []viewer{
		{as: "a guest", device: "the-phone-of-somebody-new"},
		{as: "a host", device: "the-phone-of-another-host", cookie: r.host.phone.cookie},
		{as: "the guest who is muted", device: r.writers[0].phone.device},
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for n, d := range r.house.daemons {
		for _, v := range viewers {
			wg.Go(func() {
				view, err := v.look(ctx, d.Addr, n)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					r.find(Fault{Differs, view.Who, err.Error()})
					return
				}
				views = append(views, view)
			})
		}
	}
	wg.Wait()
	return views
}

func (r *run) find(faults ...Fault) { r.report.Faults = append(r.report.Faults, faults...) }
