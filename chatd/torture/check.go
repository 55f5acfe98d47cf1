package main

import (
	"fmt"
	"slices"
)

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
	Stuck    FaultKind = "never sent"      // said, and not ticked although all was well at the end
	Twice    FaultKind = "twice"           // one message came twice
	Swapped  FaultKind = "out of order"    // against the sender's order, or the log's
	Silent   FaultKind = "unannounced gap" // messages of the log were left out and the phone was not told
	Needless FaultKind = "needless gap"    // the phone was told of one, and the log holds all
	Behind   FaultKind = "behind"          // the end of the log never came
	Invented FaultKind = "invented"        // not what its sender said, or said by nobody

	// What a run finds beside the histories.
	Crashed FaultKind = "crashed"  // a daemon ended by itself, or its log has what it must not have
	Refused FaultKind = "refused"  // a frame, although nobody said too much
	Unwell  FaultKind = "not well" // the room did not recover
)

// Check judges the histories of all phones by the log, as it was read from its
// first message to its last when all was over, by one fresh reader or more. It
// returns what does not agree with what is promised, in the order in which it
// was found; nothing if all does.
//
// Each phone must have been shown a run of the log, without a hole, that begins
// anywhere, and begins anew only where the phone was told of a gap. That, with
// one log, is one order for all: any two phones agree on what both have seen. And
// no phone may be told of a gap, for that log is whole.
func Check(phones []History, logs ...[]Message) []Fault {
	c := checker{said: make(map[id]utterance), at: make(map[id]int), lost: make(map[id]bool)}
	for _, p := range phones {
		n := 0
		for _, e := range p.Events {
			if e.Kind == Said {
				c.said[id{p.Sender, e.Message.Ref}] = utterance{n, e.Message.Text}
				n++
			}
		}
	}
	for i, log := range logs {
		if i == 0 {
			c.checkLog(log)
		} else if n := firstDifference(logs[0], log); n >= 0 {
			c.find(Swapped, "the log", "two readers do not agree on message %d of it: %s, and %s", n, describe(logs[0], n), describe(log, n))
		}
	}
	for _, p := range phones {
		c.checkPhone(p)
	}
	return c.faults
}

type checker struct {
	said   map[id]utterance
	log    []Message  // each message once
	at     map[id]int // where in log
	lost   map[id]bool
	faults []Fault
}

// utterance is a message as its sender said it.
type utterance struct {
	n    int // in the sender's order
	text string
}

func (c *checker) find(kind FaultKind, phone, what string, args ...any) {
	c.faults = append(c.faults, Fault{kind, phone, fmt.Sprintf(what, args...)})
}

// checkLog checks the log in itself, and against what was said.
func (c *checker) checkLog(log []Message) {
	const phone = "the log"
	newest := make(map[string]int) // of each sender
	for i, m := range log {
		if i > 0 && m.Offset <= log[i-1].Offset {
			c.find(Swapped, phone, "offset %d comes after offset %d", m.Offset, log[i-1].Offset)
		}
		if first, there := c.at[m.id()]; there {
			c.find(Twice, phone, "%v is at offset %d, and at %d again", m.id(), c.log[first].Offset, m.Offset)
			continue
		}
		c.at[m.id()] = len(c.log)
		c.log = append(c.log, m)
		said, ok := c.said[m.id()]
		if !ok || said.text != m.Text {
			c.find(Invented, phone, "%v at offset %d is %.60q, and %.60q was said", m.id(), m.Offset, m.Text, said.text)
			continue
		}
		if before, any := newest[m.Sender]; any && said.n < before {
			c.find(Swapped, phone, "%v at offset %d comes after a message that its sender said later", m.id(), m.Offset)
			continue
		}
		newest[m.Sender] = said.n
	}
}

// checkPhone checks what one phone saw.
func (c *checker) checkPhone(p History) {
	const unknown = -1
	at := unknown                // where in the log the phone is
	shown := make(map[id]bool)   // since the last gap
	waiting := make(map[id]bool) // for a tick
	for _, e := range p.Events {
		key := e.Message.id()
		switch e.Kind {
		case Said:
			waiting[id{p.Sender, e.Message.Ref}] = true
		case Ticked:
			key.sender = p.Sender
			delete(waiting, key)
			c.mustHave(p.Phone, key, "was ticked")
		case Gap:
			if at != unknown {
				c.find(Needless, p.Phone, "it was told of a gap after offset %d, and the log has %d messages from there on", c.log[at].Offset, len(c.log)-at-1)
			}
			at = unknown
			clear(shown)
		case Shown:
			here, there := c.at[key]
			switch {
			case shown[key]:
				c.find(Twice, p.Phone, "%v was shown again, at offset %d", key, e.Message.Offset)
				continue
			case !there:
				c.mustHave(p.Phone, key, "was shown")
				continue
			case c.log[here].Offset != e.Message.Offset:
				c.find(Swapped, p.Phone, "%v was shown at offset %d: in the log it is at %d", key, e.Message.Offset, c.log[here].Offset)
			case c.log[here].Text != e.Message.Text:
				c.find(Invented, p.Phone, "%v was shown as %.60q: in the log it is %.60q", key, e.Message.Text, c.log[here].Text)
			case at != unknown && here < at:
				c.find(Swapped, p.Phone, "%v at offset %d was shown after offset %d", key, e.Message.Offset, c.log[at].Offset)
			case at != unknown && here > at+1:
				c.find(Silent, p.Phone, "%d messages were left out after offset %d, the first is %v", here-at-1, c.log[at].Offset, c.log[at+1].id())
			}
			shown[key] = true
			at = max(at, here)
		}
	}
	if !p.Stayed {
		return
	}
	if at != len(c.log)-1 {
		c.find(Behind, p.Phone, "it has come to message %d of %d", at+1, len(c.log))
	}
	for key := range waiting {
		c.find(Stuck, p.Phone, "%v was said and never ticked", key)
	}
}

// mustHave finds a message lost, once, if it is not in the log.
func (c *checker) mustHave(phone string, key id, how string) {
	if _, there := c.at[key]; !there && !c.lost[key] {
		c.lost[key] = true
		c.find(Lost, phone, "%v %s and is not in the log", key, how)
	}
}

// firstDifference returns where two logs differ first, -1 if they do not.
func firstDifference(a, b []Message) int {
	if slices.Equal(a, b) {
		return -1
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// describe names the nth message of a log.
func describe(log []Message, n int) string {
	if n >= len(log) {
		return fmt.Sprintf("it ends after %d", len(log))
	}
	return fmt.Sprintf("%v at offset %d", log[n].id(), log[n].Offset)
}
