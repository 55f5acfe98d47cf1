// Setup reads warren.toml from the card's boot partition once, when the system
// starts, and tells each daemon its part of it: in a file of flags, which the
// daemon is started with (-config). Until the files are there the daemons are
// started again each second.
//
// Before, it makes the partition for data as large as the card is, and has it turn
// read-only where the card is broken.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/renameio/v2"

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
	codeFile := f.String("host-code-file", "/perm/warren/host-code", "the `FILE` that keeps the host's code that this card has made")
	dir := f.String("run", "/run/warren", "the `FOLDER` of the files for the daemons")
	if exit, ok := f.Parse(args, stdout, stderr, func() error { return nil }); !ok {
		return exit
	}
	log := f.Logger(stderr)
	s, mistakes, notes := settings.LoadBoot(*device, *lastGood)
	for _, m := range mistakes {
		log.Warn("a mistake in the settings", "mistake", m.Error())
	}
	for _, note := range notes {
		log.Info("a remark on the card's files", "note", note)
	}
	log.Info("these settings are in force", "settings", s)
	growth := grow(s.Card.DataGB, log)
	select {
	case note := <-growth:
		notes = append(notes, note...)
		growth = nil
	case <-time.After(growTime):
		log.Warn("the partition for data takes long to grow: the room opens meanwhile")
	}
	code := hostCode{file: *codeFile, note: note{*device}, log: log}
	if err := tell(*dir, s, code.inForce(s.Room.HostCode), mistakes, notes); err != nil {
		log.Error("the daemons cannot be told their settings", "error", err)
		return daemon.ExitError
	}
	if growth != nil {
		if note := <-growth; len(note) > 0 {
			if err := tellMistakes(*dir, mistakes, append(notes, note...)); err != nil {
				log.Error("it cannot be told that the partition for data does not grow", "error", err)
			}
		}
	}
	return exitDone
}

// mistakesName is the file that tells what is wrong with warren.toml, and what else
// a host should know of the card's files, one JSON object {"mistakes": ["a
// sentence", …], "notes": ["a sentence", …]}. There is nothing secret in it:
// everybody may read it.
const mistakesName = "mistakes.json"

// tell writes the files. Those of flags hold what nobody else needs to know: the
// broker's URL has a password. hostCode is the one in force, "" for none: chatd
// would make one then, and is told not to.
func tell(dir string, s settings.Settings, hostCode string, mistakes []settings.Mistake, notes []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for the daemons: %w", err)
	}
	if err := tellMistakes(dir, mistakes, notes); err != nil {
		return err
	}
	for name, flags := range map[string]map[string]string{
		"chatd": {"title": s.Room.Title, "host-code": cmp.Or(hostCode, settings.NoHost), "wifi-name": s.WiFi.Name, "wifi-passphrase": s.WiFi.Passphrase},
		"hotspot": {
			"name": s.WiFi.Name, "passphrase": s.WiFi.Passphrase, "country": s.WiFi.Country,
			"channel": strconv.Itoa(s.WiFi.Channel), "interface": s.WiFi.Interface,
			"update-from-guests": strconv.FormatBool(s.Update.From == settings.UpdateFromAnywhere),
		},
		"portal":    {"wifi-name": s.WiFi.Name, "wifi-passphrase": s.WiFi.Passphrase},
		"ledstatus": {"light": s.LED.Light, "mistakes": strconv.Itoa(len(mistakes))},
		"screen": {
			"show": s.Screen.Show, "language": s.Screen.Language,
			"wifi-name": s.WiFi.Name, "wifi-passphrase": s.WiFi.Passphrase,
		},
		"broker": {"broker-url": s.Broker.URL, "keep-mb": strconv.Itoa(s.Room.KeepMB)},
		"update": {"host-code": hostCode},
	} {
		if err := write(filepath.Join(dir, name+".json"), flags, 0o600); err != nil {
			return fmt.Errorf("write the settings of %s: %w", name, err)
		}
	}
	return nil
}

func tellMistakes(dir string, mistakes []settings.Mistake, notes []string) error {
	said := map[string][]string{"mistakes": make([]string, len(mistakes))} // an empty list, and not null, for none
	for i, m := range mistakes {
		said["mistakes"][i] = m.Error()
	}
	if len(notes) > 0 {
		said["notes"] = notes
	}
	if err := write(filepath.Join(dir, mistakesName), said, 0o644); err != nil {
		return fmt.Errorf("write what is wrong with the settings: %w", err)
	}
	return nil
}

// write writes v as JSON, whole or not at all: a daemon may be reading.
func write(path string, v any, mode os.FileMode) error {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings cannot fail to marshal
	}
	return renameio.WriteFile(path, data, mode, renameio.WithStaticPermissions(mode))
}
