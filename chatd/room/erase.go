package room

import (
	"context"
	"time"

	"warren/chatd/chat"
)

// eraseTime bounds an erasure, and erasePause is between its attempts: the broker
// may be away, or just lose the line when the old log goes.
const (
	eraseTime  = time.Minute
	erasePause = time.Second
)

// erasure is what a host wants forgotten.
type erasure struct {
	deed *chat.Erase
	ref  string
}

// eraseAll erases the log whenever a host wants that, until ctx ends.
func (r *Room) eraseAll(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-r.erasures:
			if err := r.erase(ctx, e); err != nil && ctx.Err() == nil {
				r.log.Error("The log was not erased: try again when the exchange is reached", "why", err)
			}
		}
	}
}

func (r *Room) erase(ctx context.Context, e erasure) error {
	ctx, cancel := context.WithTimeout(ctx, eraseTime)
	defer cancel()
	r.log.Warn("A host erases the log", "host", e.deed.By.Name)
	for {
		err := r.exchange.Erase(ctx, chat.RecordOf(e.deed, e.ref, r.clock()))
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(erasePause):
		}
	}
}
