package room

import (
	"context"
	"slices"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// A daemon of a played room is its own exchange.

// Publish implements fanout.Exchange.
func (d *daemon) Publish(rec chat.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outbox = append(d.outbox, rec)
	return nil
}

// Run implements fanout.Exchange: steps do what it does.
func (d *daemon) Run(ctx context.Context, _ int, h fanout.Handler) error {
	d.handler = h
	<-ctx.Done()
	return ctx.Err()
}

// Read implements fanout.Exchange.
func (d *daemon) Read(_ context.Context, from, before int64, n int) (recs []chat.Record, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.reached.Load() {
		return nil, fanout.ErrAway
	}
	for _, rec := range d.all[d.front:] {
		if rec.Offset >= from && rec.Offset < before && len(recs) < n {
			recs = append(recs, rec)
		}
	}
	return recs, nil
}

// Keep implements fanout.Exchange.
func (d *daemon) Keep(rec chat.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reached.Load() && d.stands(rec) {
		d.kept = append(d.kept, rec)
		slices.SortStableFunc(d.kept, func(a, b chat.Record) int { return int(a.Offset - b.Offset) })
		d.kept = d.kept[max(0, len(d.kept)-fanout.MinKept):]
	}
}

// Erase implements fanout.Exchange.
func (d *daemon) Erase(_ context.Context, first func() (rec, kept chat.Record)) error {
	rec, kept := first()
	d.mu.Lock()
	defer d.mu.Unlock()
	rec.Offset, kept.Offset = 0, -1
	d.all, d.front, d.kept = []chat.Record{rec}, 0, []chat.Record{kept}
	d.epoch++
	return nil
}

// Whisper implements fanout.Exchange.
func (d *daemon) Whisper([]byte) {}

// Ask implements fanout.Exchange.
func (d *daemon) Ask(context.Context, string) ([]byte, error) { return nil, fanout.ErrNone }
