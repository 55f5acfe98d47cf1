package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"warren/chatd/chat"
)

// viewer is somebody who comes in at the end.
type viewer struct {
	as     string // for people
	device string
	cookie *http.Cookie // a host's
}

// look returns what somebody is shown at a door who has just come, and scrolls up to the
// first message.
func (v viewer) look(ctx context.Context, door string, n int) (view View, err error) {
	view.Who = fmt.Sprintf("%s who comes in at chatd %d", v.as, n)
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", view.Who, err)
		}
	}()
	if view.Person, err = chat.PersonID(v.device); err != nil {
		return view, err
	}
	conn, err := dial(ctx, door, v.cookie)
	if err != nil {
		return view, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	const page = 200 // the most that is given at a time
	oldest := int64(-1)
	older := func() error {
		if len(view.Items) > 0 {
			oldest = view.Items[0].Offset
		}
		return conn.WriteJSON(map[string]any{"type": "older", "before": oldest, "count": page})
	}
	err = conn.WriteJSON(map[string]any{"type": "hello", "device": v.device, "name": "Newcomer", "history": page})
	head, asked := int64(-1), false
	for err == nil {
		var f frame
		conn.SetReadDeadline(time.Now().Add(20 * time.Second)) // four times what a read may take
		if err = conn.ReadJSON(&f); err != nil {
			break
		}
		switch f.Type {
		case "welcome":
			if f.Epoch == "" {
				return view, errors.New("the log is not there yet")
			}
			view.Room, head = f.Room.view(), f.Head
			oldest = head + 1
		case "host":
			view.Host = f.host()
		case "log":
			view.Items = append(view.Items, f.items()...)
		case "older":
			items := f.items()
			view.Items = append(items, view.Items...)
			if !f.More {
				return view, nil
			}
			if len(items) == 0 {
				return view, fmt.Errorf("there is more before offset %d, and nothing comes", oldest)
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
		if last := len(view.Items) - 1; !asked && err == nil && (head == -1 && f.Type == "presence" || last >= 0 && view.Items[last].Offset >= head) {
			asked = true
			err = older()
		}
	}
	return view, err
}
