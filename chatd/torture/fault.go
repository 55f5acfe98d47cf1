package main

import "fmt"

// A Fault is a promise that was not kept.
type Fault struct {
	Kind  FaultKind
	Phone string // whose history shows it; "the log" if the log itself does
	What  string
}

func (f Fault) String() string { return fmt.Sprintf("%s: %s: %s", f.Kind, f.Phone, f.What) }

// FaultKind says which promise.
type FaultKind string

const (
	Lost     FaultKind = "lost"            // ticked or shown somewhere, and not in the log
	Stuck    FaultKind = "never sent"      // said, and neither ticked nor refused although all was well at the end
	Twice    FaultKind = "twice"           // one record came twice
	Swapped  FaultKind = "out of order"    // against the sender's order, or the log's
	Silent   FaultKind = "unannounced gap" // records of the log were left out and the phone was not told
	Needless FaultKind = "needless gap"    // the phone was told of one, and the log holds all
	Behind   FaultKind = "behind"          // the end of the log never came
	Invented FaultKind = "invented"        // not what its sender said, or said by nobody

	Leaked   FaultKind = "leaked"   // shown to somebody who may not see it
	Stale    FaultKind = "stale"    // shown as it was not at the time
	Untold   FaultKind = "not told" // refused by the log, and the sender does not know
	Differs  FaultKind = "differs"  // somebody who comes in is shown another room than the log's
	Misruled FaultKind = "misruled" // hosts are told of another room than the log's
	LetIn    FaultKind = "let in"   // a person who was sent out, before the time
	Crashed  FaultKind = "crashed"  // a daemon ended by itself, or its log has what it must not have
	Unwell   FaultKind = "not well" // the room did not recover
	Rejected FaultKind = "rejected" // a frame that nothing was wrong with
)
