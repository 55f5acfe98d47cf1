// Package report is what the benchmark has measured, and how it is shown: as
// JSON, as Markdown tables and as SVG charts.
package report

import (
	"time"

	"warren/chatd/bench/load"
	"warren/chatd/bench/server"
)

// A Report is one run of the whole suite.
type Report struct {
	Begun   time.Time `json:"begun"`
	Took    float64   `json:"took_s"`
	Version string    `json:"version"` // the commit
	Quick   bool      `json:"quick"`   // fewer clients and rounds
	Machine Machine   `json:"machine"`

	// Others is how much of the machine others used meanwhile, in cores. Where
	// it is not next to nothing, ratios are good for something and times are not.
	Others float64 `json:"others_cores"`

	Talk     []Cell   `json:"talk"`    // N clients send 100 messages each, flat out
	Growth   []Cell   `json:"growth"`  // more and more clients, the same messages a second
	Rates    []Cell   `json:"rates"`   // 50 clients, more and more messages a second
	Steady   *Steady  `json:"steady"`  // 50 clients at 1,000 messages a second, beside the broker alone
	Idle     *Idle    `json:"idle"`    // connections that do nothing
	Targets  []Target `json:"targets"` // what was aimed at
	Breaches []string `json:"breaches,omitempty"`
}

// A Cell is one system under one load: the median of some rounds.
type Cell struct {
	System  string  `json:"system"`
	Title   string  `json:"title"`
	Clients int     `json:"clients"`
	PerSec  float64 `json:"messages_per_s,omitempty"` // of all senders; 0: flat out
	Rounds  int     `json:"rounds"`                   // 0: none
	Why     string  `json:"why,omitempty"`            // there is none

	// The median round by wall time, or by p99 if the rate is given. Reach,
	// duplicates and what is out of order are those of the worst round.
	*load.Result `json:"result,omitempty"`
	Chat         server.Usage `json:"chat"`         // the chat server's own processes
	Broker       server.Usage `json:"broker"`       // its RabbitMQ
	Others       float64      `json:"others_cores"` // how much of the machine others used, in cores
	Limit        string       `json:"limit,omitempty"`
}

// CPUPerDelivery returns the processor time of chat server and broker, in
// microseconds a delivery.
func (c *Cell) CPUPerDelivery() float64 {
	return (c.Chat.CPU + c.Broker.CPU) * 1e6 / float64(max(c.Received, 1))
}

// WritesPerDelivery returns the write system calls of what serves the
// WebSockets, a delivery.
func (c *Cell) WritesPerDelivery() float64 {
	writes := c.Chat.Writes
	if c.Chat.RSS == 0 { // the broker serves them
		writes = c.Broker.Writes
	}
	return float64(writes) / float64(max(c.Received, 1))
}

// find returns the cell of a system with so many clients, nil if there is no
// result.
func find(cells []Cell, system string, clients int) *Cell {
	for i, c := range cells {
		if c.System == system && c.Clients == clients && c.Result != nil {
			return &cells[i]
		}
	}
	return nil
}

// Steady is chatd at a steady rate, and its broker with nothing else.
type Steady struct {
	Clients    int     `json:"clients"`
	PerSec     float64 `json:"messages_per_s"`
	Chat       Cell    `json:"chat"`
	BrokerP50  float64 `json:"broker_p50_ms"` // from publish to deliver
	BrokerP99  float64 `json:"broker_p99_ms"`
	BrokerMax  float64 `json:"broker_max_ms"`
	BrokerSent int     `json:"broker_messages"`
}

// Idle is what connections take that do nothing.
type Idle struct {
	Clients int     `json:"clients"`
	Rounds  int     `json:"rounds"`             // each with a chatd of its own; the rest are medians
	RSS     float64 `json:"rss_bytes"`          // of chatd, a connection; with the garbage of its beginning
	Lean    float64 `json:"rss_lean_bytes"`     // the same, when the collector is made to keep the heap small
	Kernel  float64 `json:"kernel_bytes"`       // of the kernel's memory, a connection: the server's end
	CPU     float64 `json:"cpu_s_a_connection"` // seconds of chatd's to let one in
}

// A Target is what was aimed at, and what came out.
type Target struct {
	What     string  `json:"what"`
	Aim      float64 `json:"aim"`
	AtMost   bool    `json:"at_most"` // less is better
	Measured float64 `json:"measured"`
	Known    bool    `json:"known"` // it could be measured
	Unit     string  `json:"unit,omitempty"`
}

// Met reports whether the target was met.
func (t *Target) Met() bool {
	return t.Known && (t.AtMost && t.Measured <= t.Aim || !t.AtMost && t.Measured >= t.Aim)
}
