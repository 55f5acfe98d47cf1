package suite

import (
	"context"
	"fmt"
	"runtime"

	"warren/chatd/bench/load"
	"warren/chatd/bench/report"
	"warren/chatd/bench/server"
)

// paced are the systems that are looked at with given rates.
var paced = []string{server.MemoryJSON, server.RabbitJSON, server.FloorJSON, server.PerQueue}

const (
	// growthRate is messages a second while clients become more: a busy room.
	growthRate    = 20.0
	growthSenders = 10

	// rateClients is how many there are while messages become more.
	rateClients = 50

	// tooLate is the p99, in milliseconds, over which a system is taken to be
	// saturated: what is said is no conversation any more.
	tooLate = 1000
)

// at makes one run at a rate, in messages a second of all senders.
func (s *suite) at(ctx context.Context, sys *server.System, clients, senders int, rate float64) (report.Cell, error) {
	each := rate / float64(senders)
	return s.run(ctx, sys, load.Options{Clients: clients, Senders: senders,
		Messages: max(1, int(each*s.pace.Seconds())), Rate: each})
}

// grow adds clients at the same rate, until a system is saturated.
func (s *suite) grow(ctx context.Context) error {
	over := make(map[string]string)
	for _, n := range s.growth {
		for _, key := range paced {
			if over[key] != "" {
				continue
			}
			c, err := s.twice(func() (report.Cell, error) {
				return s.at(ctx, s.fleet.System(key), n, min(n, growthSenders), growthRate)
			})
			if err != nil {
				return err
			}
			over[key] = c.Limit
			s.report.Growth = append(s.report.Growth, c)
		}
	}
	return nil
}

// hurry adds messages for the same clients, until a system is saturated.
func (s *suite) hurry(ctx context.Context) error {
	over := make(map[string]string)
	for _, rate := range s.rates {
		for _, key := range paced {
			if over[key] != "" {
				continue
			}
			c, err := s.twice(func() (report.Cell, error) {
				return s.at(ctx, s.fleet.System(key), rateClients, rateClients, rate)
			})
			if err != nil {
				return err
			}
			over[key] = c.Limit
			s.report.Rates = append(s.report.Rates, c)
		}
	}
	return nil
}

// twice makes a run, and another one if it looks as if the system were saturated:
// a moment's trouble of the machine looks the same. It returns the better one,
// with its limit.
func (s *suite) twice(run func() (report.Cell, error)) (report.Cell, error) {
	c, err := run()
	if err != nil || !saturated(&c) {
		return c, err
	}
	again, err := run()
	if err != nil {
		return c, err
	}
	if again.Result != nil && (c.Result == nil || again.Reach > c.Reach || again.Reach == c.Reach && again.P99 < c.P99) {
		c = again
	}
	if saturated(&c) {
		c.Limit = limit(&c)
		s.say("  saturated: %s", c.Limit)
	}
	return c, nil
}

// saturated reports whether a system cannot keep up.
func saturated(c *report.Cell) bool { return c.Result == nil || c.Reach < 1 || c.P99 > tooLate }

// limit says what has saturated a system.
func limit(c *report.Cell) string {
	if c.Result == nil {
		return c.Why
	}
	// A RabbitMQ of ours has one scheduler: one core is all it can use.
	client, chat, broker := c.CPU/c.Wall, c.Chat.CPU/c.Wall, c.Broker.CPU/c.Wall
	cores := float64(runtime.NumCPU())
	used := fmt.Sprintf("cores in use: client %.2f, chat server %.2f, RabbitMQ %.2f, others %.2f of %g", client, chat, broker, c.Others, cores)
	switch {
	case broker > 0.9:
		return "RabbitMQ: its one scheduler is busy (" + used + ")"
	case client+chat+broker > 0.9*cores:
		return "the machine: all cores are busy, most with the " + most(client, chat, broker) + " (" + used + ")"
	case client+chat+broker+c.Others > 0.9*cores:
		return "the machine, which others use: all cores are busy (" + used + ")"
	}
	return "no processor: something waits (" + used + ")"
}

func most(client, chat, broker float64) string {
	switch {
	case client >= max(chat, broker):
		return "client"
	case chat >= broker:
		return "chat server"
	}
	return "broker"
}

// Steady load: a hall of fifty who all type as fast as people can.
const (
	steadyClients = 50
	steadyRate    = 1000.0
)

// steady compares chatd's latency with that of the broker alone, in turns.
func (s *suite) steady(ctx context.Context) error {
	sys := s.fleet.System(server.RabbitJSON)
	var cells []report.Cell
	var alone []brokerRun
	for range s.rounds {
		b, err := brokerAlone(ctx, sys.Broker(), steadyRate, s.pace)
		if err != nil {
			return fmt.Errorf("measure the broker alone: %w", err)
		}
		s.say("%-30s %5d consumer  %6.0f messages/s  p50 %.2f ms  p99 %.2f ms", "RabbitMQ alone", 1, steadyRate, b.p50, b.p99)
		alone = append(alone, b)
		c, err := s.at(ctx, sys, steadyClients, steadyClients, steadyRate)
		if err != nil {
			return err
		}
		cells = append(cells, c)
	}
	b := middleBroker(alone)
	s.report.Steady = &report.Steady{Clients: steadyClients, PerSec: steadyRate,
		Chat:      middle(cells, func(c *report.Cell) float64 { return c.P99 }),
		BrokerP50: b.p50, BrokerP99: b.p99, BrokerMax: b.max, BrokerSent: b.sent}
	return nil
}
