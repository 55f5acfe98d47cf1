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
	case r.loading, !proven && same && ahead, !proven && !same && r.broker == fanout.Away:
		defer r.mu.Unlock()
		return r.unsettled(as, p)
	case !same, ahead:
		defer r.mu.Unlock()
		return r.view(as, r.window.last(n, r.state.floor(), as))
	}
	if seen, held := r.window.find(p.Offset); held {
		defer r.mu.Unlock()
		if !p.is(seen.logged()) {
			return r.view(as, r.window.last(n, r.state.floor(), as))
		}
		v := r.view(as, r.window.since(max(p.Offset+1, r.state.floor()), as))
		v.Resumed = true
		return v
	}
	r.mu.Unlock()

	// Older than the window. The log continues what the session has seen if
	// it still holds that very record: offsets have gaps, so the next one
	// proves nothing.
	recs, err := r.readLog(ctx, p.Offset, p.Offset+1, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil || r.loading:
		return r.unsettled(as, p)
	case r.epoch != p.Epoch || len(recs) == 0 || recs[0].Offset != p.Offset || !p.is(recs[0].ID, recs[0].Stamp):
		return r.view(as, r.window.last(n, r.state.floor(), as))
	}
	v := r.view(as, r.window.since(max(p.Offset+1, r.state.floor()), as))
	v.Resumed, v.CatchUp, v.from, v.end = true, true, p.Offset, r.read+1
	if len(v.Entries) > 0 {
		v.end = v.Entries[0].Offset
	}
	return v
}

// unsettled is the view of a session at p of which nobody knows whether the log
// continues it. To it, the exchange is away. r.mu is held.
func (r *Room) unsettled(as Viewer, p Place) View {
	return View{Epoch: p.Epoch, Head: p.Offset, Tail: r.tail, Presence: r.presence.all(),
		State: r.state.public, Host: r.state.hosts, as: as, Resumed: true, Unsettled: true}
}
