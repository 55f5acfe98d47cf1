// Package load is a load client for chat servers. N clients connect, wait for
// the signal, each sends M messages, and all receive all: N×M×N deliveries,
// every one of which is checked. It is the last slide of the talk.
//
// The signal is itself a message, said by the first client: who has seen it is
// in the room, so that nothing is lost on the way in. Latency counts from the
// time at which a message was due, not from when it could be sent.
package load

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"warren/chatd/bench/clock"
)

// A Result is what a run has shown. Times are milliseconds, unless their name
// says otherwise.
type Result struct {
	Clients   int     `json:"clients"`
	Senders   int     `json:"senders"`
	Messages  int     `json:"messages"` // of each sender
	Size      int     `json:"size"`
	Rate      float64 `json:"rate"` // of each sender, a second; 0: flat out
	Window    int     `json:"window"`
	Processes int     `json:"processes"`

	Sent       int            `json:"sent"`
	Expected   int            `json:"expected"` // deliveries
	Received   int            `json:"received"` // of those, each counted once
	Reach      float64        `json:"reach"`    // received ÷ expected: 1 is right
	Duplicates int            `json:"duplicates"`
	OutOfOrder int            `json:"out_of_order"` // came after a later one of the same sender
	Alien      int            `json:"alien"`        // that nobody sent
	Refused    int            `json:"refused"`      // messages which the server did not take
	Closed     map[string]int `json:"closed,omitempty"`

	Wall      float64 `json:"wall_s"` // seconds, from when the first message was due to the last delivery
	PerSecond float64 `json:"deliveries_per_s"`
	P50       float64 `json:"p50_ms"` // latency, from when a message was due
	P95       float64 `json:"p95_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
	Spread    float64 `json:"spread"`             // latency of the last client ÷ that of the first, the median of messages
	SpreadMS  float64 `json:"spread_ms"`          // what is between them
	Bytes     float64 `json:"bytes_per_delivery"` // of WebSocket frames
	CPU       float64 `json:"client_cpu_s"`       // seconds, of all client processes
}

// Whole reports whether all came to all, once and in order.
func (r *Result) Whole() bool {
	return r.Received == r.Expected && r.Duplicates+r.OutOfOrder+r.Alien == 0
}

// lead is the time between the order to start and the start: so that it is in
// the future for all processes when they get it.
const lead = 50 * time.Millisecond

// Run makes a run, in processes of its own: the program must call Part first of
// all. Begin and end, which may be nil, are called right before the start and
// when all clients have everything. A server that loses, repeats or reorders is
// no error: the result says so.
func Run(ctx context.Context, o Options, begin, end func()) (*Result, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts, err := startParts(ctx, &o)
	defer func() {
		cancel()
		for _, p := range parts {
			p.cmd.Wait()
		}
	}()
	if err != nil {
		return nil, err
	}
	if err := expect(parts, "joined"); err != nil {
		return nil, err
	}
	parts[0].say("signal")
	if err := expect(parts, "in"); err != nil {
		return nil, err
	}
	if begin != nil {
		begin()
	}
	start := clock.Now() + int64(lead)
	for _, p := range parts {
		p.say(fmt.Sprintf("go %d", start))
	}
	err = expect(parts, "done")
	if end != nil {
		end()
	}
	if err != nil {
		return nil, err
	}
	return collect(parts, &o, start)
}

// process is a part, seen from Run.
type process struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// startParts starts all processes, and returns those that it started.
func startParts(ctx context.Context, o *Options) (parts []*process, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	run := newRun()
	for i := range o.Processes {
		text, err := json.Marshal(order{*o, run, i})
		if err != nil {
			return parts, err
		}
		cmd := exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), partEnv+"="+string(text))
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe() // closed when we end, and then the part ends
		if err != nil {
			return parts, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return parts, err
		}
		if err := cmd.Start(); err != nil {
			return parts, fmt.Errorf("start a client process: %w", err)
		}
		parts = append(parts, &process{cmd, in, bufio.NewReader(out)})
	}
	return parts, nil
}

// say tells a part something. If it has gone, the next expect says why.
func (p *process) say(line string) { fmt.Fprintln(p.in, line) }

// expect waits for that line from all parts.
func expect(parts []*process, want string) error {
	for _, p := range parts {
		line, err := p.line()
		if err != nil {
			return err
		}
		if line != want {
			return fmt.Errorf("a client process says %.100q where %q was to come", line, want)
		}
	}
	return nil
}

func (p *process) line() (string, error) {
	line, err := p.out.ReadString('\n')
	line = strings.TrimSuffix(line, "\n")
	if why, ok := strings.CutPrefix(line, "error "); ok {
		return "", errors.New(why)
	}
	if err != nil {
		return "", fmt.Errorf("a client process has ended: %w", err)
	}
	return line, nil
}

// collect makes the result of what the parts have seen.
func collect(parts []*process, o *Options, start int64) (*Result, error) {
	r := &Result{
		Clients: o.Clients, Senders: o.Senders, Messages: o.Messages, Size: o.Size, Rate: o.Rate, Window: o.Window, Processes: o.Processes,
		Expected: o.Clients * o.Senders * o.Messages, Closed: make(map[string]int),
	}
	delays := hdrhistogram.New(1, maxLatency, digitsKept)
	var first, final []int64
	var last, bytes int64
	for i, p := range parts {
		line, err := p.line()
		if err != nil {
			return nil, err
		}
		var part parted
		if err := json.Unmarshal([]byte(line), &part); err != nil {
			return nil, fmt.Errorf("a client process says %.100q: %w", line, err)
		}
		r.Sent += part.Sent
		r.Received += part.Received
		r.Duplicates += part.Duplicates
		r.OutOfOrder += part.Late
		r.Alien += part.Alien
		r.Refused += part.Refused
		r.CPU += part.CPU
		for why, n := range part.Closed {
			r.Closed[why] += n
		}
		last, bytes = max(last, part.Last), bytes+part.Bytes
		delays.Merge(hdrhistogram.Import(part.Delays))
		if i == 0 {
			first, final = part.First, part.Final
		} else {
			for j := range first {
				spread(&first[j], &final[j], part.First[j], part.Final[j], false)
			}
		}
	}
	r.Reach = float64(r.Received) / float64(r.Expected)
	if r.Received > 0 {
		r.Wall = float64(last-start) / 1e9
		r.PerSecond = float64(r.Received) / r.Wall
		r.Bytes = float64(bytes) / float64(r.Received)
	}
	ms := func(percent float64) float64 { return float64(delays.ValueAtPercentile(percent)) / 1000 }
	r.P50, r.P95, r.P99, r.Max = ms(50), ms(95), ms(99), float64(delays.Max())/1000
	r.Spread, r.SpreadMS = spreads(newSchedule(start, o), newSample(o.Senders*o.Messages).step, first, final)
	return r, nil
}

// spreads returns the median of what is between the first client that has a
// message and the last: as a ratio of their latencies, and in milliseconds.
func spreads(s *schedule, step int, first, final []int64) (ratio, ms float64) {
	var ratios, gaps []float64
	for i := range first {
		if first[i] > 0 {
			due := s.turn(i * step)
			ratios = append(ratios, float64(final[i]-due)/float64(first[i]-due))
			gaps = append(gaps, float64(final[i]-first[i])/1e6)
		}
	}
	return median(ratios), median(gaps)
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}
