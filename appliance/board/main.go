// Board is the daemon that looks at the board itself: its power supply, its
// temperature, its memory, and the card in it. It tells the other daemons, and
// writes all that the card's daemons tell into WHY.TXT on the boot partition.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"warren/appliance/board/why"
	"warren/appliance/settings"
	"warren/appliance/update/bootfile"
	"warren/chatd/daemon"
	"warren/chatd/uptime"
	"warren/internal/status"
)

func main() { daemon.Main(run) }

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	f := daemon.NewFlags("board", `
board looks at the board and the card in it: power supply, temperature, memory,
room for data. It writes board.state into the folder -run, and what all daemons
say there into `+why.Name+` on the boot partition.`)
	dir := f.String("run", "/run/warren", "the `FOLDER` of what the other daemons tell, gone at a restart")
	root := f.String("root", "/", "the `FOLDER` with the proc, sys and dev that are looked at")
	device := f.String("device", "", "the boot `PARTITION`, such as /dev/mmcblk0p1; empty: partition 1 of the card that the system runs from")
	f.TellIn(dir)
	if exit, ok := f.Parse(args, stdout, stderr, func() error { return absolute("run", *dir, "root", *root) }); !ok {
		return exit
	}
	log := f.Logger(stderr)
	return f.Forever(ctx, "the board's daemon", log, func(ctx context.Context) error {
		return serve(ctx, *dir, *root, *device, log)
	})
}

// absolute checks flags whose values are folders.
func absolute(flags ...string) error {
	for ; len(flags) > 0; flags = flags[2:] {
		if !filepath.IsAbs(flags[1]) {
			return fmt.Errorf("-%s is %.100q: it must be a path that begins with /", flags[0], flags[1])
		}
	}
	return nil
}

// How often what is looked at. The driver of the voltage asks the firmware every
// two seconds, and tells of those two only.
const (
	powerEvery = time.Second
	boardEvery = 5 * time.Second
)

// serve looks and tells until ctx ends.
func serve(ctx context.Context, dir, root, device string, log *slog.Logger) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for the other daemons: %w", err)
	}
	before, err := status.ReadBoard(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("it is not known how the board was before", "error", err)
	}
	w := newWatch(root, before)
	defer w.close()
	w.now.Version = daemon.Version()
	n := note{write: func(content []byte) error { return overwrite(device, content) }, log: log, version: daemon.Version()}
	n.begin(time.Duration(before.Noted) * time.Second)
	told := teller{path: filepath.Join(dir, status.BoardFile), log: log}
	tick := time.NewTicker(powerEvery)
	defer tick.Stop()
	for last := time.Duration(0); ; {
		up := time.Duration(uptime.Now().UpMS) * time.Millisecond
		w.lookAtPower(up)
		if last == 0 || up-last >= boardEvery {
			last = up
			w.lookAtBoard()
		}
		told.tell(w.now)
		n.look(up, status.At(dir, up))
		w.now.Noted, w.now.NoteFault = int64(n.at/time.Second), n.refused
		told.tell(w.now)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// overwrite writes WHY.TXT on a boot partition: device, or that of the card that
// runs if it is empty.
func overwrite(device string, content []byte) (err error) {
	if device == "" {
		if device, err = settings.BootDevice(); err != nil {
			return err
		}
	}
	return bootfile.Replace(device, why.Name, content)
}
