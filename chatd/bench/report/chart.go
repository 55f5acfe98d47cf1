package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"

	"warren/chatd/bench/server"
)

// A chart is lines over two logarithmic axes.
type chart struct {
	title, x, y string
	number      func(float64) string // of y
	lines       []line
}

type line struct {
	key, title string
	points     []point
}

type point struct{ x, y float64 }

// Sizes of a chart, in its own units.
const (
	chartWidth, chartHeight = 880.0, 500.0

	left, right, top, bottom = 84.0, 250.0, 52.0, 58.0
)

// colours of the systems, by key: of one brightness, so that they are read on
// white and on black. What belongs together has one hue; plain text is dashed where
// there is JSON, too.
var colours = map[string]string{
	server.MemoryText: "#3b8fd0", server.MemoryJSON: "#3b8fd0",
	server.RabbitText: "#e0701a", server.RabbitJSON: "#e0701a",
	server.TwoJSON:   "#c2982a",
	server.FloorText: "#7d8791", server.FloorJSON: "#7d8791",
	server.PerQueue: "#d0486b", server.WebSTOMP: "#8e6bd0",
}

var dashed = []string{server.MemoryText, server.RabbitText, server.FloorText}

func (r *Report) talkChart() []byte {
	return (&chart{"Each of N clients sends 100 messages and receives all", "clients", "deliveries a second", short,
		linesOf(r.Talk, func(c *Cell) point { return point{float64(c.Clients), c.PerSecond} })}).svg()
}

func (r *Report) growChart() []byte {
	return (&chart{"More and more clients, 20 messages a second", "clients", "latency, p99", latency,
		linesOf(r.Growth, func(c *Cell) point { return point{float64(c.Clients), c.P99} })}).svg()
}

func (r *Report) ratesChart() []byte {
	return (&chart{"50 clients, more and more messages", "messages a second", "latency, p99", latency,
		linesOf(r.Rates, func(c *Cell) point { return point{c.PerSec, c.P99} })}).svg()
}

// linesOf returns a line for each system in cells.
func linesOf(cells []Cell, at func(*Cell) point) (lines []line) {
	for _, key := range systems(cells) {
		l := line{key: key}
		for i := range cells {
			c := &cells[i]
			if c.System != key || c.Result == nil {
				continue
			}
			l.title = c.Title
			if p := at(c); p.x > 0 && p.y > 0 { // the others have no place on such an axis
				l.points = append(l.points, p)
			}
		}
		if len(l.points) > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// svg draws the chart.
func (c *chart) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" aria-label="%s" font-family="system-ui, sans-serif" font-size="14">
<style>
  .paper { fill: #fffdfa } text { fill: #3a3530 } .grid { stroke: #3a3530; stroke-opacity: .15 }
  @media (prefers-color-scheme: dark) { .paper { fill: #1b1917 } text { fill: #d8d2ca } .grid { stroke: #d8d2ca } }
  polyline { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
</style>
<rect class="paper" width="100%%" height="100%%" rx="8"/>
<text x="%g" y="30" font-size="17" font-weight="600">%s</text>
`, chartWidth, chartHeight, escape(c.title), left, escape(c.title))
	x, y := c.axes()
	for _, v := range x.ticks() {
		at := x.at(v)
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" y1="%g" x2="%.1f" y2="%g"/><text x="%.1f" y="%g" text-anchor="middle">%s</text>`+"\n",
			at, top, at, chartHeight-bottom, at, chartHeight-bottom+20, short(v))
	}
	for _, v := range y.ticks() {
		at := y.at(v)
		fmt.Fprintf(&b, `<line class="grid" x1="%g" y1="%.1f" x2="%g" y2="%.1f"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, at, chartWidth-right, at, left-8, at+5, c.number(v))
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">%s</text>`+"\n", (left+chartWidth-right)/2, chartHeight-14, escape(c.x))
	fmt.Fprintf(&b, `<text transform="translate(18 %g) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+chartHeight-bottom)/2, escape(c.y))
	names := c.labels(y)
	for i, l := range c.lines {
		var points []string
		for _, p := range l.points {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(p.x), y.at(p.y)))
		}
		dash := ""
		if slices.Contains(dashed, l.key) {
			dash = ` stroke-dasharray="2 6"`
		}
		colour := colours[l.key]
		fmt.Fprintf(&b, `<polyline stroke="%s"%s points="%s"/>`, colour, dash, strings.Join(points, " "))
		for _, p := range l.points {
			fmt.Fprintf(&b, `<circle fill="%s" cx="%.1f" cy="%.1f" r="3"/>`, colour, x.at(p.x), y.at(p.y))
		}
		// From the line's end to its name.
		end := l.points[len(l.points)-1]
		fmt.Fprintf(&b, `<line stroke="%s" stroke-opacity=".5" x1="%.1f" y1="%.1f" x2="%g" y2="%.1f"/>`, colour, x.at(end.x)+4, y.at(end.y), chartWidth-right+14, names[i])
		fmt.Fprintf(&b, `<text x="%g" y="%.1f" style="fill:%s">%s</text>`+"\n", chartWidth-right+18, names[i]+5, colour, escape(l.title))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// labels returns the heights of the lines' names: beside their ends, and apart
// from each other.
func (c *chart) labels(y axis) []float64 {
	const apart = 20
	heights := make([]float64, len(c.lines))
	order := make([]int, len(c.lines))
	for i, l := range c.lines {
		heights[i], order[i] = y.at(l.points[len(l.points)-1].y), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(math.Copysign(1, heights[a]-heights[b])) })
	for i := 1; i < len(order); i++ {
		heights[order[i]] = max(heights[order[i]], heights[order[i-1]]+apart)
	}
	// If the last is pushed below the axis, all that are in its way move up.
	for limit, i := chartHeight-bottom, len(order)-1; i >= 0 && heights[order[i]] > limit; i, limit = i-1, limit-apart {
		heights[order[i]] = limit
	}
	return heights
}

// An axis places values from lo to hi between from and to, by their logarithm.
type axis struct{ lo, hi, from, to float64 }

func (a axis) at(v float64) float64 {
	return a.from + (a.to-a.from)*math.Log(v/a.lo)/math.Log(a.hi/a.lo)
}

// ticks returns the powers of ten, and twos and fives where there are few.
func (a axis) ticks() (ticks []float64) {
	few := a.hi/a.lo < 1e4
	for power := math.Pow(10, math.Floor(math.Log10(a.lo))); power <= a.hi*1.001; power *= 10 {
		for _, v := range []float64{power, 2 * power, 5 * power} {
			if v >= a.lo*0.999 && v <= a.hi*1.001 && (few || v == power) {
				ticks = append(ticks, v)
			}
		}
	}
	return ticks
}

// axes returns axes that hold all points.
func (c *chart) axes() (x, y axis) {
	x = axis{math.Inf(1), 0, left, chartWidth - right}
	y = axis{math.Inf(1), 0, chartHeight - bottom, top}
	for _, l := range c.lines {
		for _, p := range l.points {
			x.lo, x.hi = min(x.lo, p.x), max(x.hi, p.x)
			y.lo, y.hi = min(y.lo, p.y), max(y.hi, p.y)
		}
	}
	if len(c.lines) == 0 {
		x.lo, x.hi, y.lo, y.hi = 1, 10, 1, 10
	}
	if x.hi == x.lo {
		x.hi = 2 * x.lo
	}
	y.lo, y.hi = y.lo/1.5, y.hi*1.5
	return x, y
}

// short is a number for an axis: 20k, 1.5M.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%gk", v/1e3)
	}
	return fmt.Sprintf("%.3g", v)
}

// latency is a number of milliseconds for an axis: 20 ms, 1 s.
func latency(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%g s", ms/1000)
	}
	return fmt.Sprintf("%.3g ms", ms)
}

func escape(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) // a buffer takes all
	return b.String()
}
