package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// A Report is what came of a run.
type Report struct {
	Seed       uint64
	Kills      int
	Did        map[TroubleKind]int
	Took       time.Duration
	Recoveries []time.Duration // after each burst, until all was well

	Phones      int
	Connections int // of all phones
	Hops        int // of these, to another chatd than the time before
	Resumed     int // of all, continued where the phone was
	Gaps        int // told to phones
	Said        int
	Ticked      int
	Again       int // times that a message was said again
	Shown       int
	Logged      int // in the log at the end

	Faults []Fault
}

// count adds what a phone has done.
func (r *Report) count(p *Phone, h History) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Phones++
	r.Connections += p.connections
	r.Hops += p.hops
	r.Resumed += p.resumed
	r.Again += p.again
	for why, n := range p.refused {
		r.Faults = append(r.Faults, Fault{Refused, h.Phone, fmt.Sprintf("%d frames: %s", n, why)})
	}
	for _, e := range h.Events {
		switch e.Kind {
		case Said:
			r.Said++
		case Ticked:
			r.Ticked++
		case Shown:
			r.Shown++
		case Gap:
			r.Gaps++
		}
	}
}

// Write writes the report as Markdown.
func (r *Report) Write(w io.Writer) {
	fmt.Fprintf(w, "| what was done, seed %d | times |\n|---|---:|\n", r.Seed)
	for _, k := range kinds {
		fmt.Fprintf(w, "| %s | %d |\n", k.kind, r.Did[k.kind])
	}
	fmt.Fprintf(w, "\n| what came of it, in %.0f s | |\n|---|---:|\n", r.Took.Seconds())
	row := func(what string, value any) { fmt.Fprintf(w, "| %s | %v |\n", what, value) }
	row("kills, in all", r.Kills)
	row("bursts of trouble", len(r.Recoveries))
	if n := len(r.Recoveries); n > 0 {
		sorted := slices.Sorted(slices.Values(r.Recoveries))
		row("until all was well after a burst: median", fmt.Sprintf("%.1f s", sorted[n/2].Seconds()))
		row("the longest", fmt.Sprintf("%.1f s", sorted[n-1].Seconds()))
	}
	row("phones", r.Phones)
	row("their connections", r.Connections)
	row("to another chatd than the time before", r.Hops)
	row("resumed", r.Resumed)
	row("gaps announced", r.Gaps)
	row("messages said", r.Said)
	row("ticked", r.Ticked)
	row("said again, because no tick came", r.Again)
	row("in the log at the end", r.Logged)
	row("shown, on all phones", r.Shown)
	verdict := "every promise was kept"
	if len(r.Faults) > 0 {
		verdict = fmt.Sprintf("%d faults", len(r.Faults))
	}
	row("**verdict**", "**"+verdict+"**")
	for i, f := range r.Faults {
		if i == maxFaults {
			fmt.Fprintf(w, "\nand %d more\n", len(r.Faults)-i)
			break
		}
		fmt.Fprintf(w, "\n* %v", f)
	}
	fmt.Fprintln(w)
}

// maxFaults is how many faults are listed: one that is real shows on each phone
// and with each message after it.
const maxFaults = 30
