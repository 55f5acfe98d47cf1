package room

import (
	"context"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
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

// startErase says why the log cannot be erased now, or begins to. One is
// under way at a time: a second would erase what was said after the first. r.mu is held.
func (r *Room) startErase(d *chat.Erase, ref string) *Refusal {
	switch {
	case r.broker == fanout.Away:
		return &Refusal{"away", "The exchange cannot be reached now, so that nothing can be erased.", erasePause}
	case r.erasing == ref:
		return nil
	case r.erasing != "":
		return errErasing
	}
	select {
	case r.erasures <- erasure{d, ref}:
		r.erasing = ref
		return nil
	default: // one that is done, of which the exchange has still to return
		return errErasing
	}
}

var errErasing = &Refusal{"busy", "All that was said is being erased already. Wait until that is done.", eraseRetry}

// eraseRetry is when another erasure may begin: one takes a tenth of a second.
const eraseRetry = 5 * time.Second

// eraseAll erases the log whenever a host wants that, until ctx ends.
func (r *Room) eraseAll(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-r.erasures:
			err := r.erase(ctx, e)
			if err != nil && ctx.Err() == nil {
				r.log.Error("The log was not erased: try again when the exchange is reached", "why", err)
			}
			r.mu.Lock()
			if r.erasing == e.ref {
				r.erasing = ""
			}
			if err != nil {
				no := Refused{e.deed.By.ID, e.ref, *refuse("failed", "Nothing was erased: the exchange could not be reached. Try again when it is back.")}
				r.append(&Event{Refused: &no, Audience: Audience{Person: no.Person}})
			}
			r.mu.Unlock()
		}
	}
}

func (r *Room) erase(ctx context.Context, e erasure) error {
	ctx, cancel := context.WithTimeout(ctx, eraseTime)
	defer cancel()
	r.log.Warn("A host erases the log", "host", e.deed.By.Name)
	r.mu.Lock()
	life, state := r.lives, r.fold.Carried()
	r.mu.Unlock()
	first := func() (rec, kept chat.Record) {
		r.mu.Lock()
		if r.lives == life { // the old log is still what is read
			state = r.fold.Carried()
		}
		r.mu.Unlock()
		deed := *e.deed
		deed.State = &state
		rec = chat.RecordOf(&deed, e.ref, r.clock())
		begun := state
		begun.Erased = true
		kept = chat.RecordOf(&chat.Snapshot{Upto: -1, State: begun}, e.ref, rec.Stamp)
		kept.Offset = -1
		return rec, kept
	}
	for {
		err := r.exchange.Erase(ctx, first)
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
