// Setup reads warren.toml from the card's boot partition once, when the system
// starts, and tells each daemon its part of it: in a file of flags, which the
// daemon is started with (-config). Until the files are there the daemons are
// started again each second.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"warren/appliance/settings"
	"warren/chatd/daemon"
)

// exitDone tells gokrazy that the work is done: it does not start the program
// again (gokrazy's process interface).
const exitDone = 125

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr *os.File) int {
	f := daemon.NewFlags("setup", `
setup reads warren.toml from the card's boot partition and tells the other
daemons what it says. Then it ends.`)
	device := f.String("device", "", "the boot `PARTITION`, such as /dev/mmcblk0p1; empty: partition 1 of the card that the system runs from")
	lastGood := f.String("last-good", "/perm/warren/settings.toml", "the `FILE` that keeps the last good settings")
	dir := f.String("run", "/run/warren", "the `FOLDER` of the files for the daemons")
	if exit, ok := f.Parse(args, stdout, stderr, func() error { return nil }); !ok {
		return exit
	}
	log := f.Logger(stderr)
	s, mistakes := settings.LoadBoot(*device, *lastGood)
	for _, m := range mistakes {
		log.Warn("a mistake in the settings", "mistake", m.Error())
	}
	log.Info("these settings are in force", "settings", s)
	if err := tell(*dir, s); err != nil {
		log.Error("the daemons cannot be told their settings", "error", err)
		return daemon.ExitError
	}
	return exitDone
}

// tell writes the files. They hold what nobody else needs to know: the broker's
// URL has a password.
func tell(dir string, s settings.Settings) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for the daemons: %w", err)
	}
	for name, flags := range map[string]map[string]string{
		"chatd":     {"title": s.Room.Title},
		"ledstatus": {"light": s.LED.Light},
		"broker":    {"broker-url": s.Broker.URL},
	} {
		data, err := json.Marshal(flags)
		if err != nil {
			panic(err) // strings cannot fail to marshal
		}
		// Whole or not at all: a daemon may be reading.
		path := filepath.Join(dir, name+".json")
		if err := os.WriteFile(path+".new", data, 0o600); err != nil {
			return fmt.Errorf("write the settings of %s: %w", name, err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fmt.Errorf("write the settings of %s: %w", name, err)
		}
	}
	return nil
}
