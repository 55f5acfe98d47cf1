package room

import (
	"context"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fold"
)

// fillPause is between two pages of older history that are read behind an open room: what is
// said now comes first.
const (
	fillPause = 2 * time.Millisecond
	fillAgain = 5 * time.Second // until it is tried again, after the log could not be read
)

// fillHistory reads what stands in the log before the place at which this daemon
// began, each time that it has begun, until ctx ends: what of it is shown depends on all
// that stands before.
func (r *Room) fillHistory(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.fill:
		}
		for r.fillOnce(ctx) != nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-r.fill:
			case <-time.After(fillAgain):
			}
		}
	}
}

// fillOnce reads all of it, once. The error is that the log cannot be read now.
func (r *Room) fillOnce(ctx context.Context) error {
	r.mu.Lock()
	life, end, filled := r.lives, r.begin, r.filled || r.loading
	r.mu.Unlock()
	f, held, begin := fold.New(), unsure{}, int64(0)
	for from := int64(0); !filled; {
		recs, err := r.readLog(ctx, from, end, page)
		if err != nil {
			return err
		}
		type judged struct {
			entry *Entry
			step  fold.Step
		}
		var shown []judged
		judge := func(rec chat.Record) {
			if step := f.Add(rec); f.Sure() && step.Verdict == fold.Shown {
				shown = append(shown, judged{entryOf(rec, &step), step})
			}
		}
		for _, rec := range recs {
			from = rec.Offset + 1
			judge(rec)
			if f.Sure() {
				continue
			}
			sure, upto, ok := held.begin(rec)
			held.add(rec)
			if !ok {
				continue
			}
			f, begin = sure, upto+1
			for _, rec := range held.recs {
				if rec.Offset > upto {
					judge(rec)
				}
			}
		}
		r.mu.Lock()
		if r.lives != life {
			r.mu.Unlock()
			return nil // it begins afresh
		}
		for i := range shown {
			r.index.note(shown[i].entry, &shown[i].step)
		}
		if len(recs) == 0 {
			filled, r.filled = true, true
			if f.Sure() {
				r.begin = begin
			}
		}
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(fillPause):
		}
	}
	return nil
}
