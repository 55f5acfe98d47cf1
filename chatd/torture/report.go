package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Report is what came of a run.
type Report struct {
	Seed       uint64
	Daemons    int
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
	Refused     int            // for good
	Refusals    map[string]int // and for now, by why
	Again       int            // times that a message was said again
	Shown       int
	Glimpsed    int // texts on pages without JavaScript

	Records  int            // in the log at the end
	Deeds    map[string]int // of hosts, by verb
	Secret   int            // shown to their sender alone
	Denied   map[string]int // refused by the log, by why
	Repeats  int
	Views    int // of newcomers, compared with the log
	Compared int // what they were shown in all

	Faults []Fault
}

// moderated are the words for what a host, or an exchange that is away, refuses: nothing is wrong with it.
var moderated = []string{"away", "full", "slow_down", "locked", "off", "words", "kicked", "no_such", "not_yours", "too_late"}

// judge adds what the log has come to.
func (r *Report) judge(j *Judgement, views []View) {
	r.Records, r.Deeds, r.Denied = len(j.Records), make(map[string]int), make(map[string]int)
	for _, record := range j.Records {
		switch {
		case record.Repeat:
			r.Repeats++
		case record.Refused != "":
			r.Denied[record.Refused]++
		case record.For != "":
			r.Secret++
		}
		if !record.Bad && !record.Repeat && record.Body.By.ID != "" {
			r.Deeds[record.Type]++
		}
	}
	r.Views = len(views)
	for _, v := range views {
		r.Compared += len(v.Items)
	}
}

// tally writes numbers by name.
func tally(n map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, n[name]))
	}
	return strings.Join(parts, ", ")
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
		r.Refusals[why] += n
		if !slices.Contains(moderated, why) {
			r.Faults = append(r.Faults, Fault{Rejected, h.Phone, fmt.Sprintf("%d frames: %s", n, why)})
		}
	}
	for _, e := range h.Events {
		switch e.Kind {
		case Said:
			r.Said++
		case Ticked:
			r.Ticked++
		case Refused:
			if !e.Again {
				r.Refused++
			}
		case Shown:
			r.Shown++
		case Gap:
			r.Gaps++
		}
	}
}

// Write writes the report as Markdown.
func (r *Report) Write(w io.Writer) {
	fmt.Fprintf(w, "| what was done to %d chatd, seed %d | times |\n|---|---:|\n", r.Daemons, r.Seed)
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
	row("said and done by people", r.Said)
	row("ticked", r.Ticked)
	row("refused for good", r.Refused)
	row("refusals, by why", tally(r.Refusals))
	row("said again, because no answer came", r.Again)
	row("shown, on all phones", r.Shown)
	row("texts on pages without JavaScript", r.Glimpsed)
	row("records in the log at the end", r.Records)
	row("what hosts did, by verb", tally(r.Deeds))
	row("for the muted sender alone", r.Secret)
	row("refused by the log, by why", tally(r.Denied))
	row("repeats", r.Repeats)
	row("newcomers at the end, and records that they were shown", fmt.Sprintf("%d, %d", r.Views, r.Compared))
	verdict := "every promise was kept"
	if len(r.Faults) > 0 {
		verdict = fmt.Sprintf("%d faults", len(r.Faults))
	}
	row("**verdict**", "**"+verdict+"**")
	r.writeFaults(w)
}

// writeFaults writes the first faults of each kind.
func (r *Report) writeFaults(w io.Writer) {
	found := make(map[string]int)
	for _, f := range r.Faults {
		if found[string(f.Kind)]++; found[string(f.Kind)] <= maxFaults {
			fmt.Fprintf(w, "\n* %v", f)
		}
	}
	if len(found) > 0 {
		fmt.Fprintf(w, "\n\nin all: %s", tally(found))
	}
	fmt.Fprintln(w)
}

// maxFaults is how many faults of a kind are listed: one that is real shows on each phone
// and with each message after it.
const maxFaults = 8
