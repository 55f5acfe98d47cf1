package main

import (
	"context"

	"warren/chatd/room"
)

// tellErased calls tell with the epoch of the room's log whenever that is one that an erasure has left,
// until ctx ends: what was set aside of older logs is to go, too.
func tellErased(ctx context.Context, theRoom *room.Room, tell func(epoch string)) {
	told := ""
	for event := theRoom.Tail(); ; event = event.Next() {
		if epoch := theRoom.Erased(); epoch != told && epoch != "" {
			tell(epoch)
			told = epoch
		}
		for ; ; event = event.Next() {
			select {
			case <-ctx.Done():
				return
			case <-event.Ready():
			}
			if next := event.Next(); next.Lost || next.State != nil {
				break
			}
		}
	}
}
