// Update is the daemon that takes a new system over the network, writes it
// beside the running one, and starts it on trial: it stays if the room opens,
// and otherwise the old one comes back by itself. docs/update.md has the whole
// story.
package main

import (
	"context"
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
	u := newUpdater(o.file("data", "update.json"), o.file("run", "update.state"), log)
	c, err := findCard()
	if err == nil {
		err = u.begin(c)
	}
	if err == nil {
		err = checkROM(romFile)
	}
	if err != nil {
		// Not an end: whoever asks is to be told.
		u.broken = err
		log.Error("this card takes no updates", "error", err)
	}
	d := newDoor(u, o.file("run", "update.json"), log)
	r := room{url: o.room, brokerState: o.file("run", "broker.state")}
	return daemon.Forever(ctx, "the update daemon", log, func(ctx context.Context) error {
		return serve(ctx, o.listen, u, d, r, machine{gokrazy: gokrazySocket, log: log})
	})
}
