package room

import (
	"context"
	"slices"
)

// PictureServed reports whether a picture may be served: whether a message that can be seen
// has it. Known is false as long as that is not known, because the log is being read.
func (r *Room) PictureServed(id string) (served, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loading {
		return false, false
	}
	floor := max(r.fold.Floor(), r.begin) // what is before begin is not shown, though its picture may have been noted
	for _, offset := range slices.Backward(r.index.images[id]) {
		if offset < floor {
			break
		}
		if r.gone(offset) == "" {
			return true, true
		}
	}
	return false, r.filled
}

// Ask asks the room's other daemons for what one of them may have: see
// fanout.Exchange.
func (r *Room) Ask(ctx context.Context, name string) ([]byte, error) {
	return r.exchange.Ask(ctx, name)
}
