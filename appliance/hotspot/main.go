// Hotspot is the daemon that makes the card a network of its own: the radio with
// hostapd, or an interface that an access point is plugged into; the card's
// addresses; dnsmasq, which gives guests theirs; the firewall. And it is the
// card's client on the Ethernet port, unless guests are there.
//
// What it does not do: it does not forward a packet, and it answers no guest
// itself.
package main

import (
	"context"
	"log/slog"
	"os"

	"warren/chatd/daemon"
)

func main() { daemon.Main(run) }

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	o, exit, ok := parse(args, stdout, stderr)
	if !ok {
		return exit
	}
	log := o.flags.Logger(stderr)
	return o.flags.Forever(ctx, "the hotspot daemon", log, func(ctx context.Context) error { return serve(ctx, o, log) })
}

// serve does what the flags say until ctx ends.
func serve(ctx context.Context, o *options, log *slog.Logger) error {
	h, err := newHotspot(o, log)
	if err != nil {
		return err
	}
	return h.run(ctx)
}
