package main

import (
	"context"
	"fmt"
	"time"
)

// readAll reads the whole log at a door, as a guest who has just come and
// scrolls up to the first message.
func readAll(ctx context.Context, door string) (log []Message, err error) {
	conn, err := dial(ctx, door)
	if err != nil {
		return nil, fmt.Errorf("read the whole log: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	const page = 200 // the most that is given at a time
	older := func() error {
		return conn.WriteJSON(map[string]any{"type": "older", "before": log[0].Offset, "count": page})
	}
	err = conn.WriteJSON(map[string]any{"type": "hello", "device": "the-phone-of-the-reader", "name": "Reader", "history": page})
	for err == nil {
		var f frame
		conn.SetReadDeadline(time.Now().Add(10 * time.Second)) // twice what a read may take
		if err = conn.ReadJSON(&f); err != nil {
			break
		}
		switch f.Type {
		case "welcome":
			if f.Epoch == "" {
				return nil, fmt.Errorf("read the whole log at %s: it is not there yet", door)
			}
			if f.Head == -1 {
				return nil, nil
			}
		case "log":
			if log == nil {
				log = f.messages()
				err = older()
			}
		case "older":
			if log = append(f.messages(), log...); !f.More {
				return log, nil
			}
			err = older()
		case "refused": // faster than a guest scrolls, or away
			select {
			case <-time.After(time.Duration(f.RetryMS) * time.Millisecond):
				err = older()
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
	}
	return nil, fmt.Errorf("read the whole log at %s: %w", door, err)
}
