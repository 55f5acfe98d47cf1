package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Write writes the result for people to read.
func (r *Result) Write(w io.Writer) {
	pace := "as fast as they can"
	if r.Rate > 0 {
		pace = fmt.Sprintf("%g a second each", r.Rate)
	}
	fmt.Fprintf(w, "%d clients, %d of them send %d messages of %d bytes each, %s, at most %d of a client's own under way\n",
		r.Clients, r.Senders, r.Messages, r.Size, pace, r.Window)
	for _, row := range []struct {
		name  string
		value string
	}{
		{"reach", fmt.Sprintf("%.3f (%d of %d deliveries; %d of %d messages sent)", r.Reach, r.Received, r.Expected, r.Sent, r.Senders*r.Messages)},
		{"duplicates", fmt.Sprint(r.Duplicates)},
		{"out of order", fmt.Sprint(r.OutOfOrder)},
		{"refused", fmt.Sprint(r.Refused)},
		{"time", fmt.Sprintf("%.3f s", r.Wall)},
		{"deliveries", fmt.Sprintf("%.0f a second", r.PerSecond)},
		{"latency", fmt.Sprintf("p50 %.2f ms, p95 %.2f ms, p99 %.2f ms, max %.2f ms, from when a message was due", r.P50, r.P95, r.P99, r.Max)},
		{"first to last", fmt.Sprintf("the last client has a message after %.2f times as long as the first, %.2f ms later", r.Spread, r.SpreadMS)},
		{"bytes", fmt.Sprintf("%.1f a delivery", r.Bytes)},
		{"client CPU", fmt.Sprintf("%.2f s in %d processes", r.CPU, r.Processes)},
	} {
		fmt.Fprintf(w, "  %-14s %s\n", row.name, row.value)
	}
	if r.Alien > 0 {
		fmt.Fprintf(w, "  %d messages came that nobody had sent\n", r.Alien)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Closed)) {
		fmt.Fprintf(w, "  %d connections were closed: %s\n", r.Closed[why], why)
	}
}
