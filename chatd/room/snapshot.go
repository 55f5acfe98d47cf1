package room

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fold"
)

// A daemon that starts does not read the whole log before it opens the room: it begins with
// a snapshot of what the records before have made of it. Snapshots are
//
//   - in the log, every snapshotEvery records or snapshotBytes. From the first of them on, what is shown of a
//     log that has lost its front is known;
//   - kept by the exchange, where nothing that is said can push them out: as often, and
//     after each deed of a host, at most one in keepPause.
//
// A start that finds neither, in a log that does not begin with its first record, does not know what
// hosts did before, and tells them so.
const (
	// A usual snapshot has 2 kB, and 25 for each record within fold.Horizon: 50 kB,
	// against 500 of usual messages or 1 MiB of long ones.
	snapshotEvery = 2000
	snapshotBytes = 1 << 20

	keepPause = time.Second
)

// snapshots is what is to be written.
type snapshots struct {
	records, bytes int // since the last one in the log
	jitter         int // records: so that of several daemons one is the first, in most cases
	keep           bool
	kept           time.Time // when one was kept last
}

func (s *snapshots) begin() {
	*s = snapshots{jitter: rand.IntN(snapshotEvery / 4), kept: s.kept}
}

// count counts a record, from the last snapshot on that can be read.
func (s *snapshots) count(rec chat.Record) {
	s.records++
	s.bytes += len(rec.Body)
	if rec.Type != chat.TypeSnapshot {
		return
	}
	if _, err := chat.DeedOf(rec); err == nil {
		s.records, s.bytes = 0, 0
	}
}

// dueSnapshots are snapshots of one place, to be written without the lock.
type dueSnapshots struct {
	snapshot *chat.Snapshot // nil: none is due
	last     chat.Record
	log      bool // it goes into the log as well
	life     int  // Room.lives then
}

// snapshotsDue returns what is due at the last record that was read, if it has an id and a
// stamp. r.mu is held.
func (r *Room) snapshotsDue() (due dueSnapshots) {
	s := &r.snapshot
	late := time.Duration(s.jitter) * time.Millisecond
	full := s.records >= snapshotEvery+s.jitter || s.bytes >= snapshotBytes+s.jitter*snapshotBytes/snapshotEvery
	if r.loading || !r.fold.Sure() || r.read < 0 || !full && (!s.keep || time.Since(s.kept) < keepPause+late) {
		return due
	}
	state := r.fold.State()
	if state.Empty() && !full {
		s.keep = false
		return due
	}
	if r.last.ID == "" || !r.last.Stamp.Known() {
		// No place to stand for: others' records may have neither, for as long as the log is. A mark
		// has both.
		r.marks.ask()
		return due
	}
	if full {
		s.records, s.bytes = 0, 0
	}
	s.keep, s.kept = false, time.Now()
	snapshot := r.fold.Snapshot(r.read)
	return dueSnapshots{&snapshot, r.last, full, r.lives}
}

// publishSnapshots writes what is due.
func (r *Room) publishSnapshots(due dueSnapshots) {
	if due.snapshot == nil {
		return
	}
	rec := chat.RecordOf(due.snapshot, due.snapshot.ID(), r.clock())
	if due.log {
		if err := r.exchange.Publish(rec); err != nil {
			r.log.Debug("A snapshot is not accepted", "err", err)
		}
	}
	rec.Offset, rec.ID, rec.Stamp = due.last.Offset, due.last.ID, due.last.Stamp
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lives == due.life { // it is of the log that is read now
		r.exchange.Keep(rec)
	}
}

// keepSnapshots keeps what is due although nothing comes from the log, until ctx ends.
func (r *Room) keepSnapshots(ctx context.Context) error {
	tick := time.NewTicker(keepPause / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			r.mu.Lock()
			due := r.snapshotsDue()
			r.mu.Unlock()
			r.publishSnapshots(due)
		}
	}
}

// snapshotOf reads a kept record.
func snapshotOf(rec chat.Record) (*chat.Snapshot, error) {
	d, err := chat.DeedOf(rec)
	if err != nil {
		return nil, err
	}
	s, ok := d.(*chat.Snapshot)
	if !ok || s.Upto != rec.Offset {
		return nil, fmt.Errorf("%w of offset %d", errNoSnapshot, rec.Offset)
	}
	return s, nil
}

var errNoSnapshot = errors.New("the record is no snapshot")

// unsure are the last records that were read while no snapshot was found: enough of them for
// what stands between the place of one and the snapshot itself.
type unsure struct {
	recs  []chat.Record
	bytes int
}

const (
	maxUnsure      = 4000
	maxUnsureBytes = 4 << 20
)

func (u *unsure) add(rec chat.Record) {
	u.recs = append(u.recs, rec)
	u.bytes += len(rec.Body)
	for len(u.recs) > maxUnsure || u.bytes > maxUnsureBytes {
		u.bytes -= len(u.recs[0].Body)
		u.recs = u.recs[1:]
	}
}

// begin returns a fold that begins with the snapshot in rec and has the records after its place
// still to be added; false if there is none in it, or records between the two were not read.
func (u *unsure) begin(rec chat.Record) (f *fold.Fold, upto int64, ok bool) {
	if rec.Type != chat.TypeSnapshot || len(u.recs) == 0 {
		return nil, 0, false
	}
	d, err := chat.DeedOf(rec)
	if err != nil {
		return nil, 0, false
	}
	s := d.(*chat.Snapshot)
	if s.Upto < u.recs[0].Offset {
		return nil, 0, false
	}
	f, _ = fold.From(*s) // what is not understood of it is a newer version's
	return f, s.Upto, true
}

// findSnapshot takes note of a record of a log of which the beginning is not known, and
// begins with it if it is a snapshot. r.mu is held.
func (r *Room) findSnapshot(rec chat.Record) (found bool) {
	f, upto, ok := r.unsure.begin(rec)
	r.unsure.add(rec)
	if !ok {
		return false
	}
	again := r.unsure.recs
	r.restart(f, upto+1)
	r.filled = true
	for _, rec := range again {
		if rec.Offset <= upto {
			continue
		}
		r.add(rec, false, chat.Stamp{})
	}
	return true
}
