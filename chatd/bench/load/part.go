package load

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"warren/chatd/bench/clock"
)

// A run is done by processes of their own, so that their processor time is
// theirs alone. What is said between Run and a part, a line each:
//
//	part: joined                  all its clients have said hello
//	Run:  signal                  to one part, when all have joined
//	part: in                      all its clients have seen the signal
//	Run:  go NANOSECONDS          when it starts (CLOCK_MONOTONIC)
//	part: done                    all its clients have all messages, or it gave up
//	part: {…}                     what its clients have seen
//	part: error …                 at any time: it cannot go on

// partEnv holds a part's order, and makes a process one.
const partEnv = "WARREN_BENCH_PART"

// order is what a part shall do.
type order struct {
	Options Options
	Run     string
	Part    int // its clients are those whose number, modulo Options.Processes, is that
}

// parted is what a part has seen.
type parted struct {
	Sent, Received, Duplicates, Late, Alien, Refused int
	Closed                                           map[string]int
	Last                                             int64 // nanoseconds of CLOCK_MONOTONIC
	Bytes                                            int64
	CPU                                              float64 // seconds
	Delays                                           *hdrhistogram.Snapshot
	First, Final                                     []int64 // of the sampled messages, 0: not all have it
}

// Part does what this process was started for, if it was started by Run. Call
// it first in main: it does not return then.
func Part() {
	text := os.Getenv(partEnv)
	if text == "" {
		return
	}
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = runPart(&o, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Printf("error %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
	os.Exit(0)
}

// part is one process's share of a run.
type part struct {
	*order
	mine   []*client
	byNum  []*client // nil: another part's
	events chan event
	out    io.Writer
	lines  <-chan string // closed when Run has gone
}

func runPart(o *order, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	lines := make(chan string)
	go func() {
		defer cancel() // whoever asked for this has gone
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	// Three events of each client at most: nobody waits to tell one.
	p := &part{order: o, byNum: make([]*client, o.Options.Clients), events: make(chan event, 3*o.Options.Clients), out: out, lines: lines}
	if err := p.join(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "joined")
	start, err := p.await(ctx)
	if err != nil {
		return err
	}
	before := clock.CPU()
	used := p.talk(ctx, start) - before
	fmt.Fprintln(out, "done")
	p.leave()
	result := p.result()
	result.CPU = used
	return json.NewEncoder(out).Encode(result)
}

// joinAtOnce is how many clients knock at the same time: fewer than a server
// keeps waiting for accept (net.core.somaxconn is 128 on old systems).
const joinAtOnce = 64

// join lets all clients of the part in.
func (p *part) join(ctx context.Context) error {
	protocol, err := protocolOf(p.Options.Protocol, p.Options.Destination)
	if err != nil {
		return err
	}
	var urls []*url.URL
	for _, text := range p.Options.URLs {
		u, err := url.Parse(text)
		if err != nil {
			return err
		}
		urls = append(urls, u)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(joinAtOnce)
	for i := p.Part; i < p.Options.Clients; i += p.Options.Processes {
		g.Go(func() error {
			c, err := join(ctx, protocol, urls[i%len(urls)], p.Run, i, &p.Options, p.events)
			if err != nil {
				return fmt.Errorf("client %d of %d cannot join %s: %w", i+1, p.Options.Clients, urls[i%len(urls)].Redacted(), err)
			}
			p.byNum[i] = c
			go c.read()
			return nil
		})
	}
	err = g.Wait()
	for _, c := range p.byNum {
		if c != nil {
			p.mine = append(p.mine, c)
		}
	}
	return err
}

const (
	// signalEvery is when the signal is said again: a client whose way into the
	// room took longer than the first one's has missed it.
	signalEvery = 250 * time.Millisecond

	// signalTime is how long all may take to hear it.
	signalTime = 30 * time.Second
)

// await waits until all have seen the signal and Run says when to start, and
// says the signal if this part is asked to.
func (p *part) await(ctx context.Context) (start int64, err error) {
	seen := 0
	speaker := p.mine[0]
	again := time.NewTicker(signalEvery)
	defer again.Stop()
	asked := false
	limit := time.NewTimer(signalTime + handshakeTime) // others still join
	defer limit.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-limit.C:
			return 0, fmt.Errorf("only %d of %d clients have seen the signal, which the first of them said: does what one says come to all, and to itself?", seen, len(p.mine))
		case e := <-p.events:
			if e == ended {
				return 0, fmt.Errorf("the server closed a connection before the start")
			}
			if seen++; seen == len(p.mine) {
				fmt.Fprintln(p.out, "in")
			}
		case <-again.C:
			if asked {
				if err := speaker.signal(p.Options.Size); err != nil {
					return 0, err
				}
			}
		case line, ok := <-p.lines:
			if !ok {
				return 0, context.Canceled
			}
			if line == "signal" {
				asked = true
				if err := speaker.signal(p.Options.Size); err != nil {
					return 0, err
				}
			} else if at, ok := strings.CutPrefix(line, "go "); ok {
				return strconv.ParseInt(at, 10, 64)
			}
		}
	}
}

// talk lets the clients speak and returns the processor time when all have
// everything, or when there is no more hope of it.
func (p *part) talk(ctx context.Context, start int64) (used float64) {
	ctx, cancel := context.WithCancel(ctx)
	var g errgroup.Group
	defer func() {
		cancel()
		g.Wait()
	}()
	s := newSchedule(start, &p.Options)
	speakers := make([]*client, p.Options.Senders)
	copy(speakers, p.byNum)
	for _, c := range speakers {
		if c != nil {
			g.Go(func() error { c.speak(ctx, &p.Options, s); return nil })
		}
	}
	g.Go(func() error { s.run(ctx, speakers, p.Options.Messages); return nil })

	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	var got int64
	changed, scheduled := clock.Now(), s.last(p.Options.Messages)
	for left := len(p.mine); left > 0; {
		select {
		case <-ctx.Done():
			return clock.CPU()
		case e := <-p.events:
			if e == finished {
				left--
			}
		case <-look.C:
			sum := int64(0)
			for _, c := range p.mine {
				sum += c.got.Load()
			}
			at := clock.Now()
			if sum != got || at < scheduled {
				got, changed = sum, at
			}
			if at-changed > int64(p.Options.Quiet) || at-start > int64(p.Options.Limit) {
				return clock.CPU()
			}
		}
	}
	return clock.CPU()
}

// settle is how long is waited for what should not come.
const settle = 200 * time.Millisecond

// leave waits for duplicates, then closes all connections.
func (p *part) leave() {
	time.Sleep(settle)
	bye := appendFrame(nil, opClose, []byte{1000 >> 8, 1000 & 0xff})
	for _, c := range p.mine {
		c.leaving.Store(true)
		c.conn.SetDeadline(time.Now().Add(time.Second)) // for a server that hangs
		c.conn.Write(bye)
		c.conn.Close()
	}
	for _, c := range p.mine {
		<-c.over
	}
}

// result adds up what the clients have seen.
func (p *part) result() *parted {
	r := &parted{Closed: make(map[string]int)}
	delays := hdrhistogram.New(1, maxLatency, digitsKept)
	sample := newSample(p.Options.Senders * p.Options.Messages)
	r.First, r.Final = make([]int64, len(sample.times)), make([]int64, len(sample.times))
	for n, c := range p.mine {
		r.Sent += int(c.sent.Load())
		r.Received += c.ledger.received
		r.Duplicates += c.ledger.duplicates
		r.Late += c.ledger.late
		r.Alien += c.ledger.alien
		r.Refused += c.refused
		r.Bytes += c.bytes
		r.Last = max(r.Last, c.last)
		if c.closed != "" {
			r.Closed[c.closed]++
		}
		delays.Merge(c.delays)
		for i, t := range c.sample.times {
			spread(&r.First[i], &r.Final[i], t, t, n == 0)
		}
	}
	r.Delays = delays.Export()
	return r
}

// spread widens first and final by another's; a message that one of them does
// not have is in no spread.
func spread(first, final *int64, otherFirst, otherFinal int64, fresh bool) {
	switch {
	case fresh:
		*first, *final = otherFirst, otherFinal
	case *first == 0 || otherFirst == 0:
		*first, *final = 0, 0
	default:
		*first, *final = min(*first, otherFirst), max(*final, otherFinal)
	}
}
