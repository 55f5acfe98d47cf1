package suite

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"warren/chatd/bench/load"
	"warren/chatd/bench/report"
	"warren/chatd/bench/server"
)

// idle measures what connections take that are in the room and do nothing: with
// chatd as it is, and with a collector that leaves little garbage, which is as
// near as can be to what is left after a collection.
//
// How much garbage is left of their coming in is a matter of luck, and of some
// kilobytes for each: what is returned are medians.
func idle(ctx context.Context, dir string, clients, rounds int) (*report.Idle, error) {
	var usual, lean, kernel, cpu []float64
	for range rounds {
		rss, slabs, seconds, err := idleBytes(ctx, dir, clients)
		if err != nil {
			return nil, err
		}
		usual, kernel, cpu = append(usual, rss), append(kernel, slabs), append(cpu, seconds)
		if rss, _, _, err = idleBytes(ctx, dir, clients, "GOGC=5"); err != nil {
			return nil, err
		}
		lean = append(lean, rss)
	}
	return &report.Idle{Clients: clients, Rounds: rounds, RSS: median(usual), Lean: median(lean), Kernel: median(kernel), CPU: median(cpu)}, nil
}

// median returns the one in the middle, of an even number the lower one of two.
func median(a []float64) float64 {
	slices.Sort(a)
	return a[(len(a)-1)/2]
}

// idleBytes returns what a connection takes of a chatd with that environment.
func idleBytes(ctx context.Context, dir string, clients int, env ...string) (rss, kernel, cpu float64, err error) {
	url, pid, stop, err := server.Chatd(ctx, dir, env...)
	if err != nil {
		return 0, 0, 0, err
	}
	defer stop()
	run := func(clients int, begin func()) error {
		r, err := load.Run(ctx, load.Options{URLs: []string{url}, Protocol: "warren", Clients: clients, Senders: 1, Messages: 1, Size: size}, begin, nil)
		if err == nil && !r.Whole() {
			err = fmt.Errorf("one message to %d idle connections: %d came", clients, r.Received)
		}
		return err
	}
	// One run before: what chatd needs for any connection at all is there then.
	if err := run(1, nil); err != nil {
		return 0, 0, 0, err
	}
	before, err := server.UsageOf(pid)
	if err != nil {
		return 0, 0, 0, err
	}
	slabs := kernelSlabs()
	var after server.Usage
	var lookErr error
	if err := run(clients, func() {
		after, lookErr = rested(ctx, pid)
		kernel = float64(kernelSlabs()-slabs) / 2 // the clients' ends are in it
	}); err != nil {
		return 0, 0, 0, err
	}
	n := float64(clients)
	return float64(after.RSS-before.RSS) / n, kernel / n, (after.CPU - before.CPU) / n, lookErr
}

// rested returns the usage of a process once its memory does not shrink any
// more: Go gives back what it does not need bit by bit.
func rested(ctx context.Context, pid int) (u server.Usage, err error) {
	const still, most = 4, 60 // looks; it has 15 s
	look := time.NewTicker(250 * time.Millisecond)
	defer look.Stop()
	u, err = server.UsageOf(pid)
	for i, same := 0, 0; err == nil && i < most && same < still; i++ {
		select {
		case <-ctx.Done():
			return u, ctx.Err()
		case <-look.C:
		}
		before := u.RSS
		if u, err = server.UsageOf(pid); u.RSS < before {
			same = 0
		} else {
			same++
		}
	}
	return u, err
}

// kernelSlabs returns the bytes of small things that the kernel holds, sockets
// among them, of the whole machine; 0 if it does not say.
func kernelSlabs() int64 {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0
	}
	m, err := fs.Meminfo()
	if err != nil || m.Slab == nil {
		return 0
	}
	return int64(*m.Slab) << 10
}

// busyCPU returns the processor time that the whole machine has used, in
// seconds, or 0 if the kernel does not say.
func busyCPU() float64 {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	var user, nice, system, idle, wait, irq, softirq float64
	if _, err := fmt.Sscanf(line, "cpu %g %g %g %g %g %g %g", &user, &nice, &system, &idle, &wait, &irq, &softirq); err != nil {
		return 0
	}
	return (user + nice + system + irq + softirq) / 100
}
