package report

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Markdown writes the report's tables.
func (r *Report) Markdown(w io.Writer) {
	r.head(w)
	r.targetTable(w)
	r.talkSummary(w)
	r.talkTables(w)
	r.growthTable(w)
	r.rateTable(w)
	r.idleTable(w)
}

func (r *Report) head(w io.Writer) {
	kind := "The whole suite"
	if r.Quick {
		kind = "**The quick form**: few clients, one round each; for a look, not for figures"
	}
	m := r.Machine
	fmt.Fprintf(w, "%s, at %s (commit %s), in %s. The machine: %s, %d cores, %.1f GiB, %s; %s; RabbitMQ %s on %s.\n\n",
		kind, r.Begun.Format("2006-01-02 15:04 MST"), r.Version, seconds(r.Took), m.Processor, m.Cores, float64(m.Memory)/(1<<30), m.Kernel, m.Go, m.RabbitMQ, m.Erlang)
	if r.Others > 0.1 {
		fmt.Fprintf(w, "**The machine was not quiet**: others used %.1f of its %d cores in the median run. Ratios are good for something, times are not.\n\n", r.Others, m.Cores)
	}
	if len(r.Breaches) > 0 {
		fmt.Fprintf(w, "Not everything came to all, once and in order:\n\n")
		for _, b := range r.Breaches {
			fmt.Fprintf(w, "* %s\n", b)
		}
		fmt.Fprintln(w)
	}
}

func (r *Report) targetTable(w io.Writer) {
	fmt.Fprintf(w, "### What was aimed at\n\n| target | aim | measured | |\n|---|--:|--:|---|\n")
	for _, t := range r.Targets {
		sign, verdict, measured := "≥", "missed", figure(t.Measured)+" "+t.Unit
		if t.AtMost {
			sign = "≤"
		}
		switch {
		case !t.Known:
			verdict, measured = "not measured", ""
		case t.Met():
			verdict = "met"
		}
		fmt.Fprintf(w, "| %s | %s %s %s | %s | %s |\n", t.What, sign, figure(t.Aim), t.Unit, measured, verdict)
	}
	if s := r.Steady; s != nil && s.Chat.Result != nil {
		fmt.Fprintf(w, "\nAt %s messages a second to %d clients, a message is delivered after %s ms (p50) and %s ms (p99). From publish to deliver, RabbitMQ alone takes %s ms (p50) and %s ms (p99).\n",
			figure(s.PerSec), s.Clients, figure(s.Chat.P50), figure(s.Chat.P99), figure(s.BrokerP50), figure(s.BrokerP99))
	}
	fmt.Fprintln(w)
}

// talkSummary is the one table that says it: deliveries a second.
func (r *Report) talkSummary(w io.Writer) {
	fmt.Fprintf(w, "### The talk's benchmark: deliveries a second\n\n")
	clients := r.talkClients()
	fmt.Fprint(w, "| clients |")
	for _, n := range clients {
		fmt.Fprintf(w, " %d |", n)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("--:|", len(clients)))
	for _, key := range systems(r.Talk) {
		for i, n := range clients {
			c := cell(r.Talk, key, n)
			if i == 0 {
				fmt.Fprintf(w, "| %s |", c.Title)
			}
			switch {
			case c.Result == nil:
				fmt.Fprint(w, " – |")
			case !c.Whole():
				fmt.Fprintf(w, " %s (reach %.3f) |", thousands(c.PerSecond), c.Reach)
			default:
				fmt.Fprintf(w, " %s |", thousands(c.PerSecond))
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

func (r *Report) talkTables(w io.Writer) {
	for _, n := range r.talkClients() {
		fmt.Fprintf(w, "#### %d client%s, %s deliveries\n\n", n, plural(n), thousands(float64(n*n*messages(r.Talk, n))))
		fmt.Fprintln(w, "| system | reach | twice | out of order | time | deliveries/s | p50 | p95 | p99 | max | last ÷ first | CPU client | chat | RabbitMQ | a delivery | bytes | writes | peak memory | rounds |")
		fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
		for _, key := range systems(r.Talk) {
			c := cell(r.Talk, key, n)
			if c.Result == nil {
				fmt.Fprintf(w, "| %s | %s ||||||||||||||||||\n", c.Title, c.Why)
				continue
			}
			fmt.Fprintf(w, "| %s | %.3f | %d | %d | %s s | %s | %s ms | %s ms | %s ms | %s ms | %.2f | %.2f s | %.2f s | %.2f s | %s | %.0f | %s | %s MB | %d |\n",
				c.Title, c.Reach, c.Duplicates, c.OutOfOrder, figure(c.Wall), thousands(c.PerSecond), figure(c.P50), figure(c.P95), figure(c.P99), figure(c.Max), c.Spread,
				c.CPU, c.Chat.CPU, c.Broker.CPU, perDelivery(c), c.Bytes, figure(c.WritesPerDelivery()), memory(c), c.Rounds)
		}
		fmt.Fprintln(w)
	}
}

func (r *Report) growthTable(w io.Writer) {
	if len(r.Growth) == 0 {
		return
	}
	fmt.Fprintf(w, "### More clients, %s messages a second\n\n", figure(r.Growth[0].PerSec))
	r.pacedTable(w, r.Growth, "clients", func(c *Cell) string { return thousands(float64(c.Clients)) })
}

func (r *Report) rateTable(w io.Writer) {
	if len(r.Rates) == 0 {
		return
	}
	fmt.Fprintf(w, "### More messages, %d clients\n\nA system is taken to be saturated when its p99 is over a second, or when not all comes to all.\n\n", r.Rates[0].Clients)
	r.pacedTable(w, r.Rates, "messages/s", func(c *Cell) string { return thousands(c.PerSec) })
}

func (r *Report) pacedTable(w io.Writer, cells []Cell, what string, x func(*Cell) string) {
	fmt.Fprintf(w, "| system | %s | reach | deliveries/s | p50 | p99 | max | last − first | CPU a delivery | cores: client | chat | RabbitMQ | memory | saturated |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n", what)
	for _, key := range systems(cells) {
		for i := range cells {
			c := &cells[i]
			if c.System != key {
				continue
			}
			if c.Result == nil {
				fmt.Fprintf(w, "| %s | %s | %s ||||||||||||\n", c.Title, x(c), c.Why)
				continue
			}
			fmt.Fprintf(w, "| %s | %s | %.3f | %s | %s ms | %s ms | %s ms | %s ms | %s | %.2f | %.2f | %.2f | %s MB | %s |\n",
				c.Title, x(c), c.Reach, thousands(c.PerSecond), figure(c.P50), figure(c.P99), figure(c.Max), figure(c.SpreadMS), perDelivery(c),
				c.CPU/c.Wall, c.Chat.CPU/c.Wall, c.Broker.CPU/c.Wall, memory(c), c.Limit)
		}
	}
	fmt.Fprintln(w)
}

func (r *Report) idleTable(w io.Writer) {
	if r.Idle == nil {
		return
	}
	i := r.Idle
	fmt.Fprintf(w, "### Idle connections\n\n%s of them, warren.v1, in memory, the median of %d chatd: %.1f kB of chatd's resident memory each, garbage of their beginning included; %.1f kB with a collector that leaves little (GOGC=5). The kernel's share is %.1f kB more. To let one in takes %.2f ms of processor time.\n",
		thousands(float64(i.Clients)), i.Rounds, i.RSS/1000, i.Lean/1000, i.Kernel/1000, i.CPU*1000)
}

// talkClients returns how many clients there were, in order.
func (r *Report) talkClients() (all []int) {
	for _, c := range r.Talk {
		if len(all) == 0 || all[len(all)-1] != c.Clients {
			all = append(all, c.Clients)
		}
	}
	return all
}

// systems returns the keys in cells, in order.
func systems(cells []Cell) (keys []string) {
	seen := make(map[string]bool)
	for _, c := range cells {
		if !seen[c.System] {
			seen[c.System] = true
			keys = append(keys, c.System)
		}
	}
	return keys
}

// cell returns the cell of a system with so many clients: an empty one if there
// is none.
func cell(cells []Cell, system string, clients int) *Cell {
	for i := range cells {
		if cells[i].System == system && cells[i].Clients == clients {
			return &cells[i]
		}
	}
	return &Cell{System: system, Title: system, Clients: clients, Why: "not done"}
}

// messages returns how many messages each client sent when there were n.
func messages(cells []Cell, n int) int {
	for _, c := range cells {
		if c.Clients == n && c.Result != nil {
			return c.Messages
		}
	}
	return 0
}

// perDelivery is the processor time of a delivery. The kernel counts in ticks of
// 10 ms: of a few of them nothing can be said.
func perDelivery(c *Cell) string {
	if c.Chat.CPU+c.Broker.CPU < 0.05 {
		return "–"
	}
	return figure(c.CPUPerDelivery()) + " µs"
}

// memory is what the processes had at most, in MB.
func memory(c *Cell) string {
	if c.Broker.Peak == 0 {
		return figure(float64(c.Chat.Peak) / 1e6)
	}
	if c.Chat.Peak == 0 {
		return figure(float64(c.Broker.Peak) / 1e6)
	}
	return figure(float64(c.Chat.Peak)/1e6) + " + " + figure(float64(c.Broker.Peak)/1e6)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// figure is a number with three digits that count.
func figure(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	if digits <= 0 {
		return thousands(v)
	}
	return fmt.Sprintf("%.*f", digits, v)
}

// thousands is a whole number with commas.
func thousands(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// seconds is a time for people.
func seconds(s float64) string {
	if s < 120 {
		return fmt.Sprintf("%.0f s", s)
	}
	return fmt.Sprintf("%.0f minutes", s/60)
}
