package card

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"warren/appliance/partition"
	"warren/appliance/update/bootfile"
	"warren/appliance/update/trial"
)

// watchdog lines are for trials alone: the firmware starts the board's watchdog, and
// the kernel hands it to gokrazy's init, or lets it bite if that has not come for it
// after so many seconds: with a system that hangs early nobody would (documentation of
// the Raspberry Pi, "kernel_watchdog_timeout"). Firmware that does not know the line
// ignores it.
const watchdog = "dtparam=watchdog\nkernel_watchdog_timeout=60\n"

// Finish makes gokrazy's boot files in dir those of a card of ours.
//
// The root is named by the partition table that this card has. What is for UEFI goes:
// it names another root, and no Raspberry Pi starts with it.
//
// The files of a trial are added: tryboot.txt, which the Pi's firmware reads instead
// of config.txt for one start that was asked for, and the command line that it names,
// which the update daemon overwrites in place (documentation of the Raspberry Pi,
// "Fail-safe OS updates").
func Finish(dir string) error {
	for _, name := range []string{"EFI", "loader"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	line, err := ownLine(filepath.Join(dir, bootfile.OwnLine))
	if err != nil {
		return err
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.txt"))
	if err != nil {
		return err
	}
	// For all boards, whatever the last section was for.
	config = fmt.Appendf(config, "\n[all]\ncmdline=%s\n%s", bootfile.TrialLine, watchdog)
	if err := os.WriteFile(filepath.Join(dir, "tryboot.txt"), config, 0o644); err != nil {
		return err
	}
	// As long as possible: the host may make the other one longer.
	text := fmt.Sprintf("%-*s\n", bootfile.TrialBytes-1, line)
	return os.WriteFile(filepath.Join(dir, bootfile.TrialLine), []byte(text), 0o644)
}

// gokRoot is the root in the command line that gok writes.
var gokRoot = regexp.MustCompile(`\broot=\S+`)

// ownLine gives the command line in a file the root of a new card, with room after
// it, and returns it without.
func ownLine(file string) (string, error) {
	before, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	line := strings.TrimSpace(string(before))
	line = gokRoot.ReplaceAllString(line, "root="+partition.Root(int(trial.A)))
	if r, err := bootfile.RootIn(line); err != nil || r != trial.A {
		return "", fmt.Errorf("gok's command line cannot be used: %q: %w", line, err)
	}
	if len(line) > bootfile.TrialBytes {
		return "", fmt.Errorf("%s has %d bytes; it must have %d at most, to be changed in place", bootfile.OwnLine, len(line), bootfile.TrialBytes)
	}
	return line, os.WriteFile(file, []byte(line+"\n"), 0o644)
}
