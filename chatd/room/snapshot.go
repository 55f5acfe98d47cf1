package room

import "warren/chatd/chat"

// A daemon that starts reads the end of the log, and what the records before have
// made of the room from a snapshot there. Every daemon puts one into the log when
// snapshotEvery records have gone by without, and there is anything to say. They
// count from the last one in the log, so that they make it of the same place, under
// the same id: to all, it is one.
//
// A daemon that has read the log from its first record, or has adopted a snapshot,
// or has found none in all it has read (then there was nothing to say), knows the
// room: to it, a snapshot says nothing new.

// snapshotEvery is how many records of any kind go by from one snapshot to the
// next. What is read at a start holds seven: one that was lost does not matter.
// A usual one has 1 kB, against 200 kB of messages.
const snapshotEvery = 1000

// reading is how a daemon has come to what it knows of the room.
type reading struct {
	first    int64    // offset of the first record that was read
	complete bool     // the room is known
	deeds    []*Entry // while it is not: what was read, but reactions
	since    int      // records since the last snapshot
}

// begin says that the log is read from the record at an offset on.
func (g *reading) begin(offset int64) { *g = reading{first: offset, complete: offset == 0} }

// done says that all has been read that there was.
func (g *reading) done() { g.complete, g.deeds = true, nil }

// keep keeps a deed that may have to be done again, after a snapshot.
func (g *reading) keep(e *Entry) {
	if _, reaction := e.Deed.(*chat.Reaction); !g.complete && !reaction {
		g.deeds = append(g.deeds, e)
	}
}

// due counts a record and reports whether a snapshot is to be made behind it.
func (g *reading) due() bool {
	g.since++
	return g.since > 0 && g.since%snapshotEvery == 0
}

// snapshot returns the record that says what the room is after the record at an
// offset. r.mu is held.
func (r *Room) snapshot(upto int64, now chat.Stamp) chat.Record {
	s := chat.Snapshot{Upto: upto, State: r.state.kept}
	s.State.Fit()
	return chat.RecordOf(&s, s.ID(), now)
}

// adopt takes note of a snapshot in the log. r.mu is held.
func (r *Room) adopt(s *chat.Snapshot) {
	r.reading.since = -1 // it is counted itself
	if r.reading.complete || s.Upto < r.reading.first {
		return // known, or what came between has not been read
	}
	r.state = r.state.adopt(s, r.reading.deeds, r.window.said)
	r.reading.done()
	r.window.show(-1, r.show)
	r.news.state, r.news.hosts = true, true
}
