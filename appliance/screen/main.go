// Screen is the daemon that shows the room on the card's display, without a
// browser: both QR codes, the network's name and passphrase, how the box is, and
// what was said last. It draws on the kernel's framebuffer.
//
// The display is the kernel's until the daemon has drawn on it for the first
// time. Whenever the daemon is started it gives the display back first, whatever
// its predecessor died of; gokrazy starts it a second after.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"warren/appliance/screen/framebuffer"
	"warren/appliance/settings"
	"warren/chatd/daemon"
)

// exitDone tells gokrazy that there is nothing to do: it does not start the
// program again (gokrazy's process interface).
const exitDone = 125

// lookTime is for how long the kernel's messages are left on the display when
// the daemon has died: whoever looks can read what came last.
const lookTime = 5 * time.Second

func main() { daemon.Main(run) }

// run is the program: it returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	o, exit, ok := parse(args, stdout, stderr)
	if !ok {
		return exit
	}
	log := o.flags.Logger(stderr)
	// Little is allocated here, and memory is scarce on a card: the garbage is
	// collected when the heap has grown by a fifth, and not doubled.
	debug.SetGCPercent(20)
	again := wasShown(o.statusDir)
	if o.console != "" {
		if err := framebuffer.Text(o.console); err != nil {
			log.Debug("there is no console to give the display to", "error", err)
		}
	}
	if o.show == settings.ShowOff {
		return o.idle(log, state{State: off})
	}
	device, err := o.open()
	switch {
	case errors.Is(err, framebuffer.ErrNone):
		log.Info("there is no display", "error", err)
		return o.idle(log, state{State: none, Why: "There was no display when the box was switched on: to have one, plug it in and switch the box off and on."})
	case err != nil:
		log.Error("the display cannot be drawn on", "error", err)
		return o.idle(log, state{State: failed, Why: "The display cannot be drawn on: " + err.Error() + "."})
	}
	defer device.Close()
	if again {
		log.Warn("the screen had died: the kernel's messages stay for a moment", "for", lookTime)
		select {
		case <-ctx.Done():
		case <-time.After(lookTime):
		}
	}
	return o.flags.Forever(ctx, "the screen", log, func(ctx context.Context) error { return begin(ctx, o, device, log) })
}

// open opens what is drawn on.
func (o *options) open() (*framebuffer.Device, error) {
	if o.mode != "" {
		return framebuffer.Create(o.framebuffer, o.mode)
	}
	return framebuffer.Open(o.framebuffer)
}

// idle tells why there is nothing to show, and returns the exit code for that.
func (o *options) idle(log *slog.Logger, s state) int {
	if err := s.tell(o.statusDir); err != nil {
		log.Error("the state of the screen cannot be told", "error", err)
	}
	return exitDone
}

// wasShown reports whether a screen before this one has shown something.
func wasShown(dir string) bool {
	if dir == "" {
		return false
	}
	var s state
	js, err := os.ReadFile(filepath.Join(dir, stateFile))
	return err == nil && json.Unmarshal(js, &s) == nil && s.Width > 0
}

// begin does what needs root, gives root's rights up, and shows the room until
// ctx ends.
func begin(ctx context.Context, o *options, device *framebuffer.Device, log *slog.Logger) error {
	if o.console != "" {
		if err := framebuffer.Graphics(o.console); err != nil {
			log.Warn("the kernel goes on writing on the display", "error", err)
		}
	}
	size := device.Bounds().Size()
	if err := (state{State: shown, Width: size.X, Height: size.Y, Bits: device.Bits()}).tell(o.statusDir); err != nil {
		log.Error("the state of the screen cannot be told", "error", err)
	}
	if err := o.flags.Become(o.user); err != nil {
		return err
	}
	log.Info("the screen runs", "version", daemon.Version(), "show", o.show, "width", size.X, "height", size.Y, "bits", device.Bits())
	return newScreen(o, device, log).run(ctx)
}
