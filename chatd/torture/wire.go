package main

import (
	"context"

	"github.com/gorilla/websocket"
)

// frame is all that the server may say.
type frame struct {
	Type, Epoch, State, Ref, Why string
	Head                         int64
	Resumed, Gap, More           bool
	Records                      []struct {
		Offset int64
		Ref    string
		From   struct{ ID string }
		Text   string
	}
	RetryMS int `json:"retry_ms"`
}

func (f *frame) messages() []Message {
	messages := make([]Message, len(f.Records))
	for i, r := range f.Records {
		messages[i] = Message{r.Offset, r.From.ID, r.Ref, r.Text}
	}
	return messages
}

// dial connects to the room at a door.
func dial(ctx context.Context, door string) (*websocket.Conn, error) {
	d := websocket.Dialer{Subprotocols: []string{"warren.v1"}, HandshakeTimeout: connectTime}
	conn, _, err := d.DialContext(ctx, "ws://"+door+"/websocket", nil)
	return conn, err
}
