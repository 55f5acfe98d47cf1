package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/process"
)

// patience is how long chatd may take for what must happen. Reaching it is a
// failure, so it costs no time when all is well.
const patience = 2 * time.Minute

// A Daemon is a chatd process, which dies with this one.
type Daemon struct {
	Addr string // host:port

	proc   *process.Process
	client *http.Client
}

// StartDaemon starts chatd with these flags, on a port of its own, and returns
// once it has reached its exchange.
func StartDaemon(ctx context.Context, bin string, log io.Writer, flags ...string) (*Daemon, error) {
	port, err := node.FreePort()
	if err != nil {
		return nil, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	cmd := exec.Command(bin, append([]string{"-listen", addr}, flags...)...)
	cmd.Env = append(os.Environ(), "GOGC=100") // what Size takes for granted
	cmd.Stderr = log
	proc, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	d := &Daemon{Addr: addr, proc: proc, client: &http.Client{Timeout: patience}}
	err = until(ctx, func() bool { return d.Ended() || process.Ready(ctx, addr) })
	if d.Ended() {
		return nil, errors.New("chatd ended while it started")
	}
	if err != nil {
		d.Stop()
		return nil, fmt.Errorf("chatd does not reach its exchange: %w", err)
	}
	return d, nil
}

// Stop ends the process, and waits for its end.
func (d *Daemon) Stop() {
	d.client.CloseIdleConnections()
	d.proc.Stop(10 * time.Second) // it gives itself six
}

// Ended reports whether the process has ended, by itself or not.
func (d *Daemon) Ended() bool { return !d.proc.Running() }

// Metrics returns what chatd counts: the sum over all labels of each metric.
func (d *Daemon) Metrics() (map[string]float64, error) {
	resp, err := d.client.Get("http://" + d.Addr + "/metrics")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/metrics says %s", resp.Status)
	}
	m := make(map[string]float64)
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if i := strings.IndexByte(name, '{'); i >= 0 {
			name = name[:i]
			value = lines.Text()[strings.LastIndexByte(lines.Text(), ' ')+1:]
		}
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(name, "#") {
			m[name] += v
		}
	}
	return m, lines.Err()
}

// Size is how large a chatd is.
type Size struct {
	Goroutines, Files float64 // open file descriptors
	Heap, Resident    float64 // bytes: live at the last collection; of the process
	Connections       float64
	People            float64 // in the room
}

// collections of garbage are what a measurement waits for. The second one frees
// what the first found unused in pools. What is allocated while one runs counts
// as live: the least heap of several is nearest to the truth.
const collections = 5

// Size measures chatd. Pages are the garbage that brings a collection about:
// many, and one by one when the next collection is near, so that little is
// allocated while it runs.
func (d *Daemon) Size(ctx context.Context) (size Size, err error) {
	seen, cycle, pages := 0, -1.0, 1
	err = until(ctx, func() bool {
		for range pages {
			resp, err := d.client.Get("http://" + d.Addr + "/basic")
			if err != nil {
				return false
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		m, err := d.Metrics()
		if err != nil {
			return false
		}
		goal := m["go_memstats_next_gc_bytes"]
		if pages = 20; m["go_memstats_heap_alloc_bytes"] > 0.6*goal {
			pages = 1
		}
		if m["go_gc_duration_seconds_count"] == cycle {
			return false
		}
		cycle = m["go_gc_duration_seconds_count"]
		heap := goal / 2 // what was live: at GOGC=100, the next collection is due when it has doubled
		if seen > 2 {
			heap = min(heap, size.Heap)
		}
		seen++
		size = Size{m["go_goroutines"], m["process_open_fds"], heap, m["process_resident_memory_bytes"], m["warren_connections"], m["warren_people"]}
		return seen > collections
	})
	if err != nil {
		return Size{}, fmt.Errorf("measure chatd: %w", err)
	}
	return size, nil
}

// Empty waits until all guests have gone.
func (d *Daemon) Empty(ctx context.Context) error {
	err := until(ctx, func() bool {
		m, err := d.Metrics()
		return err == nil && m["warren_sessions"] == 0 && m["warren_connections"] == 1 && m["warren_people"] == 0 // the connection is this one
	})
	if err != nil {
		m, _ := d.Metrics()
		err = fmt.Errorf("the room does not get empty: %v sessions, %v connections, %v people: %w", m["warren_sessions"], m["warren_connections"], m["warren_people"], err)
	}
	return err
}

// checkLog returns an error for what must not be in the log at path.
func checkLog(path string) error {
	log, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if line := process.Mishap(string(log)); line != "" {
		return fmt.Errorf("chatd says: %s (%s)", line, path)
	}
	return nil
}

var errSlow = errors.New("not within " + patience.String())

// until waits until what holds.
func until(ctx context.Context, what func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !what() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}
