package main

import (
	"context"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"warren/chatd/fanout"
	"warren/chatd/room"
	"warren/ledstatus/blink"
	"warren/ledstatus/light"
)

// showLight shows on lit what the room fans out, until ctx ends. It is what
// ledstatus does, for a room that has no broker that ledstatus could listen to.
func showLight(ctx context.Context, theRoom *room.Room, lit light.Light, log *slog.Logger) error {
	lamp := blink.New(lit, log)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { lamp.Run(ctx); return nil })
	g.Go(func() error {
		event := theRoom.Tail()
		if theRoom.Up() {
			lamp.State(blink.OK)
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-event.Ready():
			}
			event = event.Next()
			for range event.Entries {
				lamp.Message()
			}
			switch {
			case event.Broker == nil:
			case *event.Broker != fanout.Away:
				lamp.State(blink.OK)
			default:
				lamp.State(blink.NoBroker)
			}
		}
	})
	return g.Wait()
}
