package room

import (
	"context"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// Walk gives yield the whole log, from its first record on, as everyone may see
// it: messages with their last texts, what is hidden or taken back without (Gone),
// nothing from before a clear; and the deeds that pages are told of. It goes up to where the log
// goes now. It stops at the first error, its own (fanout.ErrAway, ErrGap) or yield's.
func (r *Room) Walk(ctx context.Context, yield func(*Entry) error) error {
	r.mu.Lock()
	epoch, end, from, known := r.epoch, r.read+1, max(r.fold.Floor(), r.begin), !r.loading && r.filled
	r.mu.Unlock()
	if !known {
		return fanout.ErrAway
	}
	for last := (chat.Record{Offset: -1}); from < end; {
		recs, err := r.readLog(ctx, from, end, page)
		if err != nil {
			return err
		} else if len(recs) == 0 {
			return ErrGap // it was erased
		}
		if last.Offset >= 0 {
			if recs[0].Offset != last.Offset || recs[0].ID != last.ID {
				return ErrGap
			}
			if recs = recs[1:]; len(recs) == 0 {
				return nil
			}
		}
		last = recs[len(recs)-1]
		from = last.Offset
		entries, same, err := r.entries(ctx, epoch, recs, Viewer{})
		if err != nil {
			return err
		} else if !same {
			return fanout.ErrAway // it was erased, or is another broker's
		}
		for _, e := range entries {
			if err := yield(e); err != nil {
				return err
			}
		}
	}
	return nil
}
