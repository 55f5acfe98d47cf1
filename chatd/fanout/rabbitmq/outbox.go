package rabbitmq

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// outbox holds what was accepted and has not been seen in the log, in order.
// All methods may be called concurrently.
type outbox struct {
	maxRecords, maxBytes int

	// prefix of the marks: no two outboxes have the same, in any process.
	prefix string

	// changed has a value after something was added or seen.
	changed chan struct{}

	mu      sync.Mutex
	entries []*entry  // by seq, without holes; nil: seen
	first   uint64    // seq of entries[0]
	unsent  uint64    // seq of the first entry not sent in this life
	sent    int       // sent in this life and not seen
	moved   time.Time // when entries[0] became the first
	keys    map[chat.Key]uint64
	records int
	bytes   int
}

type entry struct {
	seq   uint64
	key   chat.Key
	rec   chat.Record
	tries int
	at    time.Time // when last sent
}

func newOutbox(maxRecords, maxBytes int) *outbox {
	return &outbox{
		maxRecords: maxRecords,
		maxBytes:   maxBytes,
		prefix:     rand.Text() + ".",
		changed:    make(chan struct{}, 1),
		keys:       make(map[chat.Key]uint64),
	}
}

// add puts rec at the end, or returns fanout.ErrFull. It does nothing if the
// same sender's record of that id is there already.
func (o *outbox) add(rec chat.Record) error {
	key := rec.Key()
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, there := o.keys[key]; there {
		return nil
	}
	if o.records >= o.maxRecords || o.bytes+weight(rec) > o.maxBytes {
		return fanout.ErrFull
	}
	o.append(key, rec)
	return nil
}

// addOwn puts a record of the exchange's own at the end, whatever the limits:
// there are few of them, and small.
func (o *outbox) addOwn(rec chat.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.append(rec.Key(), rec)
}

func (o *outbox) append(key chat.Key, rec chat.Record) {
	e := &entry{seq: o.first + uint64(len(o.entries)), key: key, rec: rec}
	o.entries = append(o.entries, e)
	o.keys[key] = e.seq
	o.count(1, weight(rec))
	o.signal()
}

// begin says that a new life begins: nothing has been sent in it.
func (o *outbox) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.unsent, o.sent = o.first, 0
}

// take returns the next entry to send in this life, as a record, and whether
// it was sent in an earlier one. There is none if all are sent, or if window
// of them are sent and not seen.
func (o *outbox) take(window int, now time.Time) (rec record, again, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sent >= window {
		return record{}, false, false
	}
	for ; o.unsent < o.first+uint64(len(o.entries)); o.unsent++ {
		e := o.entries[o.unsent-o.first]
		if e == nil {
			continue
		}
		o.unsent++
		o.sent++
		e.tries++
		e.at = now
		return record{Record: e.rec, mark: o.prefix + strconv.FormatUint(e.seq, 36)}, e.tries > 1, true
	}
	return record{}, false, false
}

// waiting returns since when the next entry to be seen is waited for: since it
// was sent in this life, or since those before it were seen. It returns false if
// none is under way.
func (o *outbox) waiting() (since time.Time, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sent == 0 {
		return time.Time{}, false
	}
	since = o.entries[0].at
	if since.Before(o.moved) {
		since = o.moved
	}
	return since, true
}

// seen removes what is among recs, which were read from the log: also what
// another outbox has put there, because its sender went to another daemon
// and said it again. Published now it would be in the log twice, far apart.
func (o *outbox) seen(recs []record, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	removed := false
	for _, r := range recs {
		seq, ok := o.find(r)
		if !ok || seq < o.first || seq-o.first >= uint64(len(o.entries)) {
			continue // not here, or seen before: the log holds it twice
		}
		e := o.entries[seq-o.first]
		if e == nil {
			continue
		}
		o.entries[seq-o.first] = nil
		if seq < o.unsent {
			o.sent--
		}
		delete(o.keys, e.key)
		o.count(-1, -weight(e.rec))
		removed = true
	}
	for len(o.entries) > 0 && o.entries[0] == nil {
		o.entries = o.entries[1:]
		o.first++
		o.moved = now
	}
	o.unsent = max(o.unsent, o.first)
	if removed {
		o.signal()
	}
}

// find returns the entry that r, read from the log, stands for: by its mark if it
// is ours, by its key if it is another's. o.mu is held.
func (o *outbox) find(r record) (seq uint64, ok bool) {
	if text, ours := strings.CutPrefix(r.mark, o.prefix); ours {
		seq, err := strconv.ParseUint(text, 36, 64)
		return seq, err == nil
	}
	if len(o.keys) == 0 {
		return 0, false // in most cases: spares reading the key
	}
	seq, ok = o.keys[r.Key()]
	return seq, ok
}

// len returns how many records wait.
func (o *outbox) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.records
}

func (o *outbox) count(records, bytes int) {
	o.records += records
	o.bytes += bytes
	metricOutboxRecords.Add(float64(records))
	metricOutboxBytes.Add(float64(bytes))
}

func (o *outbox) signal() {
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// weight is what a record takes of the limit in bytes.
func weight(rec chat.Record) int { return len(rec.Body) + len(rec.ID) }
