package load

// A ledger is what one client has received: everything is checked, of every
// sender. One goroutine uses it.
type ledger struct {
	next     []int32         // by sender: the number after the highest that came
	missing  map[[2]int]bool // of a lower number, and not there yet
	messages int             // of a sender

	received   int // different messages
	duplicates int
	late       int // after a later one of the same sender
	alien      int // that nobody sent
}

func newLedger(senders, messages int) *ledger {
	return &ledger{next: make([]int32, senders), messages: messages}
}

// take enters a message, and reports whether it counts: it is there for the
// first time.
func (l *ledger) take(sender, seq int) bool {
	if sender >= len(l.next) || seq >= l.messages {
		l.alien++
		return false
	}
	next := int(l.next[sender])
	switch key := [2]int{sender, seq}; {
	case seq == next:
		l.next[sender]++
	case seq > next:
		if l.missing == nil {
			l.missing = make(map[[2]int]bool)
		}
		for n := next; n < seq; n++ {
			l.missing[[2]int{sender, n}] = true
		}
		l.next[sender] = int32(seq + 1)
	case l.missing[key]:
		delete(l.missing, key)
		l.late++
	default:
		l.duplicates++
		return false
	}
	l.received++
	return true
}

// whole reports whether all messages of all senders are there.
func (l *ledger) whole() bool { return l.received == len(l.next)*l.messages }
