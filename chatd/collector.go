package main

import (
	"os"
	"runtime/debug"
)

// garbage is how much of it may be there, in percent of what is in use, before it
// is collected. A collection takes the other processor for some ten milliseconds,
// so that what is said meanwhile comes late. At twice Go's own 100, one message in
// a hundred is not among them, and it costs as much memory again as is in use: some
// ten megabytes.
const garbage = 200

func init() {
	if os.Getenv("GOGC") == "" { // whoever sets it knows better
		debug.SetGCPercent(garbage)
	}
}
