package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// Report is what came of a run.
type Report struct {
	Options
	Rows []Row
	Left []string // what has stayed behind

	begun time.Time
	took  time.Duration
	done  atomic.Int64 // guests that have come and gone
	late  atomic.Int64 // of them had no close frame: errLate
}

// Row is one measurement, in an empty room.
type Row struct {
	When     string
	Sessions int // that had been by then
	Size
}

// What may differ between two empty rooms. A goroutine and a file of the
// runtime's, or of the connection to RabbitMQ, come and go; a leak of one in a
// thousand sessions is 100. The process keeps pages for a while that it has used.
//
// Heap: what was said is the same each time. The rates of up to 4,096 devices, at
// 150 bytes each, are forgotten together and gather again: 0.6 MB, more or less.
// The measurement itself differs by some 100 kB. A leak of 20 bytes a session,
// in half of 100,000, is more than this.
const (
	moreGoroutines = 5
	moreFiles      = 3
	moreHeap       = 1 << 20
	moreResident   = 1.3
)

// judge compares the last measurement with the first one, resident memory with
// that after the first sessions, and the heap with that after half of them.
func (r *Report) judge() {
	first, warm, half, last := r.Rows[0], r.Rows[1], r.Rows[1], r.Rows[len(r.Rows)-1]
	for _, row := range r.Rows {
		if row.Sessions <= r.Sessions/2 {
			half = row
		}
	}
	check := func(what string, got, bound float64) {
		if got > bound {
			r.Left = append(r.Left, fmt.Sprintf("%s: %.0f, at most %.0f were to be expected", what, got, bound))
		}
	}
	check("goroutines", last.Goroutines, first.Goroutines+moreGoroutines)
	check("open files", last.Files, first.Files+moreFiles)
	if r.Fill { // otherwise it is the room that grows
		check("bytes of heap", last.Heap, half.Heap+moreHeap)
		check("bytes resident", last.Resident, moreResident*max(warm.Resident, first.Resident))
	}
}

// Write writes the report in Markdown.
func (r *Report) Write(w io.Writer) {
	exchange := "the exchange in process"
	if r.RabbitMQ {
		exchange = "RabbitMQ"
	}
	fmt.Fprintf(w, "\n| %d sessions on %s, in %.0f s | goroutines | open files | heap, kB | resident, kB | people |\n|---|---:|---:|---:|---:|---:|\n",
		r.done.Load(), exchange, r.took.Seconds())
	for _, row := range r.Rows {
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.0f | %.0f | %.0f |\n", row.When, row.Goroutines, row.Files, row.Heap/1024, row.Resident/1024, row.People)
	}
	fmt.Fprintf(w, "\n%d close frames were not sent within %v.\n", r.late.Load(), linger)
	for _, left := range r.Left {
		fmt.Fprintln(w, left)
	}
}
