package rabbitmq

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout/rabbitmq/node"
)

// TestCluster has three daemons talk on a cluster of three nodes, each with its
// own node first, while nodes are killed and frozen. What any daemon read is in
// the log, once and in one order, whatever dies; docs/cluster.md has the times.
func TestCluster(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.well("started")
	for i := range h.cluster.Nodes {
		h.settleNode(i)
	}

	leader := h.leader()
	other := (leader + 1) % 3
	h.measure("another node killed", func() { h.cluster.Nodes[other].Kill() })
	h.measure("it is back", func() { h.restart(other) })

	h.measure("the stream's leader killed", func() { h.cluster.Nodes[leader].Kill() })
	next := h.leader()
	if next == leader {
		t.Fatalf("node %d leads the stream, and is dead", leader+1)
	}

	// Of the two that are left another dies: there is no majority.
	begin := time.Now()
	h.cluster.Nodes[next].Kill()
	for _, e := range h.ears {
		e.Wait("away", func() bool { return !e.up() })
	}
	t.Logf("a second one killed: all daemons know after %v", time.Since(begin).Round(time.Millisecond))
	seen := h.read()
	for _, e := range h.ears {
		// While each of them knocks at each door, and people talk.
		watch, end := context.WithTimeout(t.Context(), 3*time.Second)
		<-watch.Done()
		end()
		e.Mu.Lock()
		if e.up() {
			t.Error("a daemon is up without a majority")
		}
		e.Mu.Unlock()
	}
	if now := h.read(); !slices.Equal(now, seen) {
		t.Errorf("without a majority the daemons have read %v records, then %v", seen, now)
	}
	h.measure("one of the two is back", func() { h.restart(next) })
	h.measure("the other one is back", func() { h.restart(leader) })

	h.measure("all killed and started", func() {
		h.cluster.Kill()
		for _, e := range h.ears {
			e.Wait("away", func() bool { return !e.up() })
		}
		h.restart(0, 1, 2)
	})

	// A machine that hangs, and then goes on as if nothing had happened: as one
	// whose network was cut.
	leader = h.leader()
	h.measure("the leader hangs", h.cluster.Nodes[leader].Pause)
	h.measure("it goes on", h.cluster.Nodes[leader].Resume)
	// RabbitMQ 3.10 then has a replica there that cannot be read: daemons go
	// elsewhere, until the node is started again.
	h.measure("it is started again", func() { h.restart(leader) })

	h.check()
}

// house is a cluster with three daemons on it, in which people talk.
type house struct {
	t       *testing.T
	cluster *node.Cluster
	names   names
	xs      []*Exchange
	ears    []*ear
	hush    func()
	blinks  atomic.Int64 // records that a lamp has seen

	mu   sync.Mutex
	said []int // by each daemon
}

func newHouse(t *testing.T) *house {
	begin := time.Now()
	h := &house{t: t, cluster: node.ClusterForTest(t), names: namesWith(""), said: make([]int, 3)}
	t.Logf("the cluster has started in %v", time.Since(begin).Round(time.Millisecond))
	for i := range h.cluster.Nodes {
		x := open(t, h.cluster.URLs(i), Options{})
		e, _ := run(t, x, 10)
		h.xs, h.ears = append(h.xs, x), append(h.ears, e)
	}
	for _, e := range h.ears {
		e.WaitUp()
	}
	ctx, cancel := context.WithCancel(context.Background())
	var talk sync.WaitGroup
	talk.Go(func() {
		log := slog.New(slog.DiscardHandler)
		Tap(ctx, h.cluster.URLs(0), log, func(bool) {}, func(chat.Record) { h.blinks.Add(1) })
	})
	for d, x := range h.xs {
		talk.Go(func() {
			// A busy room: 150 messages a second.
			for each := time.NewTicker(20 * time.Millisecond); ; {
				select {
				case <-ctx.Done():
					each.Stop()
					return
				case <-each.C:
				}
				h.mu.Lock()
				publish(t, x, say(fmt.Sprint(d), fmt.Sprintf("%d/%d", d, h.said[d])))
				h.said[d]++
				h.mu.Unlock()
			}
		})
	}
	h.hush = sync.OnceFunc(func() { cancel(); talk.Wait() })
	t.Cleanup(h.hush)
	return h
}

// settleNode waits until a node can be killed: see settle.
func (h *house) settleNode(i int) { settleIn(h.t, h.cluster.Nodes[i].Dir()) }

func (h *house) leader() int {
	h.t.Helper()
	i, err := h.cluster.Leader(h.t.Context(), h.names.stream)
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

func (h *house) restart(nodes ...int) {
	h.t.Helper()
	var wg sync.WaitGroup
	for _, i := range nodes {
		wg.Go(func() {
			if err := h.cluster.Nodes[i].Restart(h.t.Context()); err != nil {
				h.t.Error(err)
			}
		})
	}
	wg.Wait()
}

// measure tells how long it takes from the beginning of do until all is well.
func (h *house) measure(what string, do func()) {
	h.t.Helper()
	begin := time.Now()
	do()
	done := time.Since(begin)
	h.well(what)
	h.t.Logf("%s (%v): all is well after %v", what, done.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
	h.besides(what)
}

// besides returns when what has no log works again, too: whispers between all
// daemons, and a lamp.
func (h *house) besides(what string) {
	h.t.Helper()
	timeout := time.After(patience)
	seen := h.blinks.Load()
	for every := time.NewTicker(50 * time.Millisecond); ; {
		missing := 0
		for d, x := range h.xs {
			text := fmt.Sprintf("%d after: %s", d, what)
			x.Whisper([]byte(text)) // again and again, as the room does
			for _, e := range h.ears {
				e.Mu.Lock()
				if !slices.Contains(e.Whispers, text) {
					missing++
				}
				e.Mu.Unlock()
			}
		}
		if missing == 0 && h.blinks.Load() > seen {
			every.Stop()
			return
		}
		select {
		case <-every.C:
		case <-timeout:
			h.t.Fatalf("%s: %d whispers are not heard, and the lamp has seen %d messages since", what, missing, h.blinks.Load()-seen)
		}
	}
}

// well returns when everybody has read what everybody has said until now.
func (h *house) well(what string) {
	h.t.Helper()
	h.mu.Lock()
	said := slices.Clone(h.said)
	h.mu.Unlock()
	for d := range h.xs {
		publish(h.t, h.xs[d], say("well", fmt.Sprintf("well %d %s", d, what)))
	}
	for d := range h.xs {
		last, well := fmt.Sprintf("%d/%d", d, said[d]-1), fmt.Sprintf("well %d %s", d, what)
		for _, e := range h.ears {
			e.Wait(what+": "+well, func() bool { return (said[d] == 0 || e.has(last)) && e.has(well) })
		}
	}
}

// has reports whether a text was read. e.Mu is held.
func (e *ear) has(text string) bool {
	return slices.ContainsFunc(e.All, func(r chat.Record) bool { return string(r.Body) == text })
}

// read returns how many records each daemon has read.
func (h *house) read() []int {
	var all []int
	for _, e := range h.ears {
		e.Mu.Lock()
		all = append(all, len(e.All))
		e.Mu.Unlock()
	}
	return all
}

// check compares what the daemons have read with the log, as a new one finds it
// at each of the nodes.
func (h *house) check() {
	h.t.Helper()
	h.hush()
	h.well("the end")
	var want []string
	for i, n := range h.cluster.Nodes {
		f, stop := run(h.t, open(h.t, n.URL(), Options{}), 1<<30)
		f.WaitUp()
		got := f.texts()
		stop()
		if i == 0 {
			want = got
			checkEach(h.t, got, h.said)
			h.t.Logf("%d messages said, %d records in the log", len(got), len(f.Records()))
		}
		equal(h.t, fmt.Sprintf("the log at node %d", i+1), got, want)
		files, err := filepath.Glob(filepath.Join(n.Dir(), "data", "*", "stream", "*", "*.segment"))
		if err != nil || len(files) == 0 {
			h.t.Errorf("node %d has no replica of the stream: %v", i+1, err)
		}
	}
	for i, e := range h.ears {
		equal(h.t, fmt.Sprintf("what daemon %d read", i+1), e.texts(), want)
		if len(e.Resets) != 1 {
			h.t.Errorf("daemon %d took it for another log: resets %v", i+1, e.Resets)
		}
		if n := h.xs[i].outbox.len(); n != 0 {
			h.t.Errorf("daemon %d: %d left in the outbox", i+1, n)
		}
	}
}
