// Package uplink asks for an address on the Ethernet port: there the card is a
// guest in somebody's network, and its chat can be reached from that.
package uplink

import (
	"context"
	"log/slog"
	"time"

	"warren/appliance/supervise"
)

const (
	// The client ends when nobody answers. A host who has just plugged the
	// cable in should not have to wait for longer than this.
	maxPause = 5 * time.Second

	stopTime = 2 * time.Second
)

// Client is a DHCP client to run.
type Client struct {
	Program   string // gokrazy's: github.com/gokrazy/gokrazy/cmd/dhcp
	Interface string
	Log       *slog.Logger
}

// Run runs the client until ctx ends, again when it has ended. The address
// stays.
func (c Client) Run(ctx context.Context) {
	wait := supervise.Backoff{Max: maxPause}
	for {
		err := supervise.Program{
			Path: c.Program, Args: []string{"-interface=" + c.Interface}, Patience: stopTime,
			Log: func(line string) { c.Log.Debug("dhcp client: " + line) },
		}.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		c.Log.Debug("the DHCP client has ended", "interface", c.Interface, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait.Pause()):
		}
	}
}
