package suite

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"warren/chatd/bench/clock"
	"warren/chatd/bench/load"
	"warren/chatd/bench/report"
	"warren/chatd/bench/server"
)

// TestMain lets the test's own program be the client processes.
func TestMain(m *testing.M) {
	load.Part()
	os.Exit(m.Run())
}

func cellOf(wall, reach float64, late int) report.Cell {
	return report.Cell{Result: &load.Result{Wall: wall, Reach: reach, OutOfOrder: late}}
}

func TestTheMedianHidesNoFault(t *testing.T) {
	wall := func(c *report.Cell) float64 { return c.Wall }
	c := middle([]report.Cell{cellOf(3, 1, 0), cellOf(1, 0.5, 0), cellOf(2, 1, 7)}, wall)
	if c.Wall != 2 || c.Rounds != 3 || c.Reach != 0.5 || c.OutOfOrder != 7 {
		t.Errorf("the median is %+v of %d rounds", c.Result, c.Rounds)
	}
	c = middle([]report.Cell{cellOf(3, 1, 0), {Why: "it could not be done"}}, wall)
	if c.Result != nil || c.Why == "" {
		t.Errorf("a round that failed is hidden by %+v", c)
	}
}

func TestWhatSaturates(t *testing.T) {
	busy := func(client, chat, broker float64) *report.Cell {
		c := cellOf(1, 1, 0)
		c.P99 = 2 * tooLate
		c.CPU, c.Chat.CPU, c.Broker.CPU = client, chat, broker
		return &c
	}
	others := busy(0.1, 0.1, 0.1)
	others.Others = 100
	for want, c := range map[string]*report.Cell{
		"RabbitMQ: its one scheduler": busy(0.1, 0.2, 0.97),
		"most with the chat server":   busy(0.1, 100, 0),
		"most with the client":        busy(100, 0.1, 0),
		"something waits":             busy(0.1, 0.1, 0.1),
		"which others use":            others,
		"no way in":                   {Why: "no way in"},
	} {
		if got := limit(c); !saturated(c) || !strings.Contains(got, want) {
			t.Errorf("limit %q, want %q", got, want)
		}
	}
}

// TestAMomentsTroubleIsNoLimit: a run that is late once and not twice.
func TestAMomentsTroubleIsNoLimit(t *testing.T) {
	s := &suite{Options: Options{Progress: t.Output()}, report: &report.Report{Begun: time.Now()}}
	runs := 0
	c, err := s.twice(func() (report.Cell, error) {
		runs++
		c := cellOf(1, 1, 0)
		if runs == 1 {
			c.P99 = 2 * tooLate
		}
		return c, nil
	})
	if err != nil || runs != 2 || c.P99 != 0 || c.Limit != "" {
		t.Errorf("after %d runs: %+v, %v", runs, c, err)
	}
	if c, _ = s.twice(func() (report.Cell, error) { return cellOf(1, 0.9, 0), nil }); c.Limit == "" {
		t.Error("a system that loses is not saturated")
	}
}

// TestEverySystem puts a small load on each of the real systems.
func TestEverySystem(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	dir := t.TempDir()
	if err := server.Build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	fleet, err := server.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fleet.Stop()
	s := &suite{Options: Options{Progress: t.Output(), Longest: 10 * time.Second}, fleet: fleet, report: &report.Report{Begun: time.Now()}}
	for _, sys := range fleet.Systems {
		c, err := s.run(t.Context(), sys, load.Options{Clients: 3, Senders: 3, Messages: 5})
		if err != nil {
			t.Fatal(err)
		}
		if c.Result == nil || !c.Whole() || c.Received != 3*3*5 {
			t.Errorf("%s: %s %+v", sys.Title, c.Why, c.Result)
			continue
		}
		// A message goes out in at least one write, to each of three.
		if c.WritesPerDelivery() <= 0 || c.Bytes < size || c.Chat.Peak+c.Broker.Peak < 1<<20 {
			t.Errorf("%s: figures that cannot be: %+v, %+v, %+v", sys.Title, c.Result, c.Chat, c.Broker)
		}
	}
	broker := fleet.System(server.RabbitJSON).Broker()
	for range 2 { // the second finds the stream of the first
		b, err := brokerAlone(t.Context(), broker, 200, 500*time.Millisecond)
		if err != nil || b.sent != 100 || b.p50 <= 0 || b.p99 < b.p50 {
			t.Errorf("the broker alone: %+v, %v", b, err)
		}
	}
	if err := s.aboutBroker(t.Context()); err != nil || s.report.Machine.RabbitMQ == "" {
		t.Errorf("RabbitMQ %q, %v", s.report.Machine.RabbitMQ, err)
	}
}

// TestUsage compares what /proc says with what this process knows of itself.
func TestUsage(t *testing.T) {
	before, err := server.UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := f.Write(make([]byte, 50)); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	for x, begun := 1.0, clock.CPU(); clock.CPU() < begun+0.05; x = math.Sqrt(x + 1) {
	}
	after, err := server.UsageOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	used := after.Since(before)
	if used.Writes < 100 || used.Written < 5000 || used.CPU <= 0 || used.RSS < 1<<20 || used.Peak < used.RSS/2 {
		t.Errorf("used: %+v", used)
	}
}
