package room

import (
	"context"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Place is how far a session has come in a log.
type Place struct {
	Epoch  string
	Offset int64 // of the last entry it has seen

	// Ref and Stamp are of that entry, to be sure that it is the same one; either
	// may be left out. A log that has lost its end may be given the same message
	// again, by its sender, at the very same offset, with others before it still
	// missing: then only the stamp is another.
	Ref   string
	Stamp chat.Stamp
}

// is reports whether an entry at p's offset can be the one that was seen. stamp is
// the one in the log.
func (p Place) is(ref string, stamp chat.Stamp) bool {
	return (p.Ref == "" || p.Ref == ref) && (!p.Stamp.Known() || !stamp.Known() || p.Stamp == stamp)
}

// settleTime is how long Resume waits to know while the exchange is reached: a
// mark is back within milliseconds, but may have to wait for the one before.
const settleTime = 2 * markPause

// Resume returns the room now for a session that has come to p. If that cannot
// be continued without a gap, Resumed is false and the view is that of View(as, n).
//
// A session that was at another daemon may have seen what has not been read
// here yet: then nobody knows whether the log still holds it, or has lost its end
// in a power cut. While the exchange is reached, Resume waits up to two
// seconds to know. If it still does not, because the log cannot be read now, the
// view is Unsettled: the session keeps what it has, is resumed with nothing new, and
// follows nothing before Settle returns.
func (r *Room) Resume(ctx context.Context, as Viewer, p Place, n int) View {
	v := r.resume(ctx, as, p, n, false)
	if v.Unsettled && r.Up() {
		ctx, cancel := context.WithTimeout(ctx, settleTime)
		defer cancel()
		if settled, err := r.Settle(ctx, as, p, n); err == nil {
			return settled
		}
	}
	return v
}

// Settle is Resume, and waits until it is known what to answer, or ctx ends: the
// error is ctx's.
func (r *Room) Settle(ctx context.Context, as Viewer, p Place, n int) (View, error) {
	for m := r.mark(); ; {
		tail := r.Tail()
		proven := m.isBack()
		v := r.resume(ctx, as, p, n, proven)
		if !v.Unsettled {
			return v, nil
		}
		if proven {
			// The log is being read afresh, or older history cannot be read:
			// another mark says when to try again.
			m = r.mark()
		}
		select {
		case <-ctx.Done():
			return View{}, ctx.Err()
		case <-tail.Ready(): // most likely with what was missing
		case <-m.back:
		}
	}
}

// resume is Resume without waiting. Proven: all that was in the log when the
// session came has been delivered.
func (r *Room) resume(ctx context.Context, as Viewer, p Place, n int, proven bool) View {
	r.mu.Lock()
	same, ahead := p.Epoch == r.epoch, p.Offset > r.read
	switch {
	case r.loading, !proven && same && ahead, !proven && !same && r.broker == fanout.Away, same && p.Offset+1 < r.begin && !r.filled:
		defer r.mu.Unlock()
		return r.unsettled(as, p)
	case !same, ahead:
		r.mu.Unlock()
		return r.View(ctx, as, n)
	}
	var seen chat.Record
	if e := r.held(p.Offset); e != nil {
		ref, stamp := e.logged()
		seen = chat.Record{Offset: e.Offset, ID: ref, Stamp: stamp}
	}
	r.mu.Unlock()

	if seen.Offset != p.Offset || seen.ID == "" && !seen.Stamp.Known() {
		// Older than what is in memory. The log continues what the session has seen if
		// it still holds that very record: offsets have gaps, so the next one
		// proves nothing.
		recs, err := r.readLog(ctx, p.Offset, p.Offset+1, 1)
		switch {
		case err != nil:
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.unsettled(as, p)
		case len(recs) == 0 || recs[0].Offset != p.Offset:
			return r.View(ctx, as, n)
		}
		seen = recs[0]
	}
	if !p.is(seen.ID, seen.Stamp) {
		return r.View(ctx, as, n)
	}
	r.mu.Lock()
	switch {
	case r.loading:
		defer r.mu.Unlock()
		return r.unsettled(as, p)
	case r.epoch != p.Epoch, p.Offset > r.read, p.Offset+1 < r.begin:
		r.mu.Unlock()
		return r.View(ctx, as, n)
	}
	defer r.mu.Unlock()
	v := r.view(as)
	v.Resumed = true
	var begin int64
	v.Entries, begin = r.since(p.Offset+1, as)
	if begin > p.Offset+1 {
		v.CatchUp, v.seen, v.end = true, seen, begin
	}
	return v
}

// unsettled is the view of a session at p of which nobody knows whether the log
// continues it. To it, the exchange is away. r.mu is held.
func (r *Room) unsettled(as Viewer, p Place) View {
	return View{Epoch: p.Epoch, Head: p.Offset, Tail: r.tail, Presence: r.presenceFor(as),
		State: r.state, Host: r.hosts, as: as, Resumed: true, Unsettled: true}
}
