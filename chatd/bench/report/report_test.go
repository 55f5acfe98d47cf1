package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/chatd/bench/load"
	"warren/chatd/bench/server"
)

// made is a cell that was measured.
func made(system, title string, clients int, perSecond, p99, cpu float64) Cell {
	n := clients * clients * 100
	return Cell{System: system, Title: title, Clients: clients, Rounds: 3, Result: &load.Result{
		Clients: clients, Senders: clients, Messages: 100, Expected: n, Received: n, Reach: 1,
		PerSecond: perSecond, Wall: float64(n) / perSecond, P99: p99, Spread: 1.25,
	}, Chat: server.Usage{CPU: cpu, RSS: 1, Peak: 30e6, Writes: int64(n / 50)}}
}

// sample is a report such as there may be.
func sample() *Report {
	return &Report{
		Version: "abc", Machine: Machine{Processor: "A <fast> one", Cores: 4},
		Talk: []Cell{
			made(server.MemoryText, "in memory", 1, 50_000, 2, 0.01),
			made(server.RabbitText, "RabbitMQ & co", 1, 10_000, 5, 0.01),
			made(server.PerQueue, "queues", 1, 5_000, 5, 0.01),
			made(server.MemoryText, "in memory", 100, 2_000_000, 300, 0.4),
			made(server.RabbitText, "RabbitMQ & co", 100, 1_000_000, 900, 0.5),
			made(server.PerQueue, "queues", 100, 20_000, 50_000, 100),
			made(server.MemoryText, "in memory", 200, 1_900_000, 2000, 2),
			made(server.RabbitText, "RabbitMQ & co", 200, 900_000, 4000, 3),
			{System: server.PerQueue, Title: "queues", Clients: 200, Why: "not done: it would take 4m20s"},
		},
		Growth: []Cell{made(server.MemoryJSON, "in memory", 10, 200, 1.5, 0.1)},
		Idle:   &Idle{Clients: 100, RSS: 20_000, Lean: 9_000},
	}
}

func TestTargetsAreJudged(t *testing.T) {
	r := sample()
	r.Judge()
	verdicts := make(map[string]Target)
	for _, target := range r.Targets {
		verdicts[target.What] = target
	}
	for what, want := range map[string]struct {
		measured   float64
		known, met bool
	}{
		"deliveries/s on RabbitMQ ÷ a queue per WebSocket, text, 100 clients":              {50, true, true},
		"CPU a delivery, chatd and RabbitMQ ÷ a queue per WebSocket, text, 100 clients":    {0.005, true, true},
		"deliveries/s in memory ÷ the floor, text, 100 clients":                            {0, false, false},
		"latency of the last client ÷ the first, RabbitMQ, 200 clients, text":              {1.25, true, true},
		"memory of an idle connection in chatd, with a small heap":                         {9, true, true},
		"p99 at 1,000 messages/s to 50 clients ÷ the broker's own from publish to deliver": {0, false, false},
	} {
		got, there := verdicts[what]
		if !there || got.Measured != want.measured || got.Known != want.known || got.Met() != want.met {
			t.Errorf("%s: %+v, met %v; want %+v", what, got, got.Met(), want)
		}
	}
	r.Idle.Lean = 11_000
	r.Judge()
	if last := r.Targets[len(r.Targets)-1]; last.Met() {
		t.Errorf("%+v is met", last)
	}
}

func TestThePageSaysWhatWasNotDone(t *testing.T) {
	r := sample()
	r.Breaches = []string{"RabbitMQ: 99 of 100 deliveries"}
	r.Others = 1.5
	r.Judge()
	var text strings.Builder
	r.Markdown(&text)
	for _, want := range []string{
		"it would take 4m20s", "99 of 100 deliveries", "The machine was not quiet", "not measured",
		"| in memory | 50,000 | 2,000,000 | 1,900,000 |", "| queues | 5,000 | 20,000 | – |",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the page does not say %q:\n%s", want, &text)
		}
	}
	// Each line of a table has as many cells as its head.
	columns := 0
	for line := range strings.Lines(text.String()) {
		n := strings.Count(line, "|")
		switch {
		case !strings.HasPrefix(line, "|"):
			columns = 0
		case columns == 0:
			columns = n
		case n != columns:
			t.Errorf("%d cells and not %d in %q", n-1, columns-1, line)
		}
	}
}

func TestWhatPeopleWroteStays(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, PageName)
	const before, after = "# Benchmark\n\nBy hand.\n\n", "\n\nAlso by hand.\n"
	if err := os.WriteFile(page, []byte(before+beginMark+"\nold\n"+endMark+after), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := sample().Write(dir); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte(before+beginMark)) || !bytes.HasSuffix(text, []byte(endMark+after)) {
			t.Errorf("the page is now:\n%s", text)
		}
		if bytes.Contains(text, []byte("\nold\n")) {
			t.Error("the old figures are still there")
		}
	}
	var again Report
	text, err := os.ReadFile(filepath.Join(dir, JSONName))
	if err == nil {
		err = json.Unmarshal(text, &again)
	}
	if err != nil || len(again.Talk) != len(sample().Talk) || again.Talk[4].PerSecond != 1_000_000 || again.Talk[8].Result != nil {
		t.Errorf("the JSON is read as %+v, %v", again, err)
	}
	if err := os.WriteFile(page, []byte(before+beginMark+after), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sample().Write(dir); err == nil {
		t.Error("a page whose generated part has no end is written over")
	}
}

func TestChartsAreWellFormed(t *testing.T) {
	empty := &Report{}
	for name, svg := range map[string][]byte{
		"talk": sample().talkChart(), "growth of one point": sample().growChart(), "nothing": empty.ratesChart(),
	} {
		d := xml.NewDecoder(bytes.NewReader(svg))
		lines, words := 0, ""
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, svg)
			}
			switch e := token.(type) {
			case xml.StartElement:
				if e.Name.Local == "polyline" {
					lines++
				}
				for _, a := range e.Attr {
					var v float64
					if _, err := fmt.Sscan(a.Value, &v); strings.Contains(" cx cy x1 x2 y1 y2 ", " "+a.Name.Local+" ") && (err != nil || v < 0 || v > chartWidth) {
						t.Errorf("%s: %s=%q is out of the picture", name, a.Name.Local, a.Value)
					}
				}
			case xml.CharData:
				words += string(e)
			}
		}
		if name == "talk" && (lines != 3 || !strings.Contains(words, "RabbitMQ & co")) {
			t.Errorf("%d lines, with the words %q", lines, words)
		}
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			t.Errorf("%s: not a number in\n%s", name, svg)
		}
	}
}

func TestNamesDoNotOverlap(t *testing.T) {
	c := chart{}
	for i := range 9 {
		c.lines = append(c.lines, line{points: []point{{1, 1}, {10, 1000 - float64(i)}}})
	}
	_, y := c.axes()
	heights := c.labels(y)
	for i, a := range heights {
		for _, b := range heights[:i] {
			if d := a - b; d > -19 && d < 19 {
				t.Errorf("two names at %.0f and %.0f", a, b)
			}
		}
		if a < top-1 || a > chartHeight-bottom+1 {
			t.Errorf("a name at %.0f", a)
		}
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.01234: "0.0123", 1.005: "1.00", 12.34: "12.3", 123.4: "123", 1234.5: "1,234", 1234567: "1,234,567"} {
		if got := figure(v); got != want {
			t.Errorf("%v is written %q, not %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{1: "1", 20000: "20k", 1.5e6: "1.5M"} {
		if got := short(v); got != want {
			t.Errorf("%v is written %q, not %q", v, got, want)
		}
	}
}
