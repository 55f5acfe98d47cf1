package room

import (
	"context"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// maxWalkBytes bounds the edits that one walk remembers: no more can be in a log
// of usual size (64 MiB) in which most is not edits.
const maxWalkBytes = 16 << 20

// walkPage is how many records a walk reads at a time. Each page is a consumer of
// its own at the broker, which takes some ten milliseconds; all of the longest
// texts are 32 MB.
const walkPage = 2000

// Walk gives yield the whole log, from its first record on, as everyone may see
// it: messages with their last texts, what is hidden or taken back without (Gone),
// nothing from before a clear; and the deeds that pages are told of. It reads the
// log twice, up to where it goes now: an edit stands behind what it is an edit of.
// It stops at the first error, its own (fanout.ErrAway) or yield's.
func (r *Room) Walk(ctx context.Context, yield func(*Entry) error) error {
	r.mu.Lock()
	epoch, end, floor, known := r.epoch, r.read+1, r.state.floor(), !r.loading
	r.mu.Unlock()
	if !known {
		return fanout.ErrAway
	}
	p := newPages()
	p.changes = newChanges(1<<20, maxWalkBytes)
	if err := r.walk(ctx, epoch, 0, end, func(recs []chat.Record) error {
		p.read(recs, newSeen())
		return nil
	}); err != nil {
		return err
	}
	p.seen = newSeen()
	return r.walk(ctx, epoch, floor, end, func(recs []chat.Record) error {
		r.mu.Lock()
		entries := r.showAll(p, p.read(recs, newSeen()), floor)
		r.mu.Unlock()
		for _, e := range (Viewer{}).seen(entries) {
			if err := yield(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// walk gives f the records of a part of the log, a page at a time.
func (r *Room) walk(ctx context.Context, epoch string, from, end int64, f func([]chat.Record) error) error {
	for from < end {
		recs, err := r.readLog(ctx, from, end, walkPage)
		r.mu.Lock()
		same := r.epoch == epoch
		r.mu.Unlock()
		if err == nil && !same {
			err = fanout.ErrAway // it was erased, or is another broker's
		}
		if err != nil || len(recs) == 0 {
			return err
		}
		if err := f(recs); err != nil {
			return err
		}
		from = recs[len(recs)-1].Offset + 1
	}
	return nil
}
