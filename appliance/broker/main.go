// Broker is the daemon that runs RabbitMQ on the card: in a container, from a
// sealed file system, with its data beside it. It mends what a power cut tore,
// puts on the disk what is said, and tells the other daemons where the broker
// is and how it is.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"warren/appliance/broker/flush"
	"warren/appliance/sealed"
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
	return o.flags.Forever(ctx, "the broker daemon", log, func(ctx context.Context) error { return serve(ctx, o, log) })
}

// serve does what the flags say until ctx ends.
func serve(ctx context.Context, o *options, log *slog.Logger) error {
	if err := os.MkdirAll(o.run, 0o755); err != nil {
		return fmt.Errorf("make the folder for the other daemons: %w", err)
	}
	st := &stateFile{path: filepath.Join(o.run, "broker.state"), log: log}
	tell := func(url string) error {
		if err := writeFile(filepath.Join(o.run, "broker.url"), []byte(url+"\n"), 0o640, clientsGID, false); err != nil {
			return fmt.Errorf("tell the other daemons the broker's URL: %w", err)
		}
		return nil
	}
	if o.broker != "" {
		if err := tell(o.urls()); err != nil {
			return err
		}
		st.set(elsewhere, "")
		<-ctx.Done()
		return nil
	}
	where := places{card: o.data, memory: filepath.Join(o.run, "broker", "memory"), mount: mountMemory, log: log}
	k := &keeper{
		container: container{
			run:  filepath.Join(o.run, "broker"),
			img:  filepath.Join(o.run, "broker", "img"),
			stop: stopTime,
		},
		told: o.run, keepMB: o.keepMB, times: patient, state: st, log: log,
		find: where.find, card: where.stillWritable, tell: tell,
		onTrial:  func() bool { return onTrial(filepath.Join(o.run, "update.state")) },
		diskSize: flush.DiskSize, flush: flush.FileSystem,
	}
	if err := k.choose(); err != nil {
		return err
	}
	if err := sealed.Mount(o.image, k.container.img); err != nil {
		return err
	}
	k.run(ctx)
	return nil
}
