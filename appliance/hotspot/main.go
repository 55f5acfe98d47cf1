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
	"errors"
	"log/slog"
	"os"

	"warren/chatd/daemon"
)

func main() { daemon.Main(run) }

// run is the program: it returns its exit code. Once it runs that is never 0,
// which the system takes for a daemon that has done its work and is not started
// again.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	o, exit, ok := parse(args, stdout, stderr)
	if !ok {
		return exit
	}
	log := o.flags.Logger(stderr)
	if err := serve(ctx, o, log); err != nil && !errors.Is(err, context.Canceled) {
		log.Error("the hotspot daemon ends", "error", err)
	} else {
		log.Info("the hotspot daemon has ended")
	}
	return daemon.ExitError
}

// serve does what the flags say until ctx ends.
func serve(ctx context.Context, o *options, log *slog.Logger) error {
	h, err := newHotspot(o, log)
	if err != nil {
		return err
	}
	return h.run(ctx)
}
