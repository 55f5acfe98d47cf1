package report

import "warren/chatd/bench/server"

// The targets, as ratios within one run on one machine. The sketch that showed
// what one consumer per node buys reached 43 times the queue per WebSocket,
// with no safety at all; Centrifugo, which is known for it, has published
// 10.9 kB for an idle connection.
const (
	atClients = 100
	atSpread  = 200
)

// Judge compares what was measured with the targets.
func (r *Report) Judge() {
	r.Targets = nil
	add := func(what string, aim float64, atMost bool, unit string, measured float64, known bool) {
		r.Targets = append(r.Targets, Target{what, aim, atMost, measured, known, unit})
	}
	ratio := func(what string, aim float64, atMost bool, of, to *Cell, value func(*Cell) float64) {
		if of == nil || to == nil || value(to) == 0 {
			add(what, aim, atMost, "×", 0, false)
			return
		}
		add(what, aim, atMost, "×", value(of)/value(to), true)
	}
	perSecond := func(c *Cell) float64 { return c.PerSecond }
	at := func(system string) *Cell { return find(r.Talk, system, atClients) }
	queue := at(server.PerQueue)

	ratio("deliveries/s on RabbitMQ ÷ a queue per WebSocket, text, 100 clients", 45, false, at(server.RabbitText), queue, perSecond)
	ratio("the same, JSON ÷ a queue per WebSocket in text", 45, false, at(server.RabbitJSON), queue, perSecond)
	ratio("deliveries/s in memory ÷ the floor, text, 100 clients", 0.5, false, at(server.MemoryText), at(server.FloorText), perSecond)
	ratio("the same, JSON", 0.5, false, at(server.MemoryJSON), at(server.FloorJSON), perSecond)
	ratio("CPU a delivery, chatd and RabbitMQ ÷ a queue per WebSocket, text, 100 clients", 1.0/40, true, at(server.RabbitText), queue, (*Cell).CPUPerDelivery)
	ratio("the same, JSON ÷ a queue per WebSocket in text", 1.0/40, true, at(server.RabbitJSON), queue, (*Cell).CPUPerDelivery)
	if s := r.Steady; s != nil && s.Chat.Result != nil && s.BrokerP99 > 0 {
		add("p99 at 1,000 messages/s to 50 clients ÷ the broker's own from publish to deliver", 3, true, "×", s.Chat.P99/s.BrokerP99, true)
	} else {
		add("p99 at 1,000 messages/s to 50 clients ÷ the broker's own from publish to deliver", 3, true, "×", 0, false)
	}
	for _, system := range []string{server.RabbitText, server.RabbitJSON} {
		what := "latency of the last client ÷ the first, RabbitMQ, 200 clients, text"
		if system == server.RabbitJSON {
			what = "the same, JSON"
		}
		if c := find(r.Talk, system, atSpread); c != nil {
			add(what, 2, true, "×", c.Spread, true)
		} else {
			add(what, 2, true, "×", 0, false)
		}
	}
	if r.Idle != nil {
		add("memory of an idle connection in chatd, with a small heap", 10.9, true, "kB", r.Idle.Lean/1000, true)
	} else {
		add("memory of an idle connection in chatd, with a small heap", 10.9, true, "kB", 0, false)
	}
}
