package main

import (
	"context"
	"errors"
	"strings"

	"warren/chatd/fanout"
	"warren/chatd/gateway"
	"warren/chatd/picture"
	"warren/chatd/room"
)

// pictureName begins the name by which daemons ask each other for a picture.
const pictureName = "picture/"

// peers are the other chatd on the broker, asked through the exchange.
type peers struct{ room *room.Room }

// Picture implements gateway.Peers.
func (p peers) Picture(ctx context.Context, id string) ([]byte, error) {
	data, err := p.room.Ask(ctx, pictureName+id)
	if errors.Is(err, fanout.ErrNone) {
		err = picture.ErrNone
	}
	return data, err
}

// answer returns what the other chatd ask for.
func answer(door *gateway.Gateway) func(name string) []byte {
	return func(name string) []byte {
		id, ok := strings.CutPrefix(name, pictureName)
		if !ok {
			return nil
		}
		return door.PictureForPeer(id)
	}
}
