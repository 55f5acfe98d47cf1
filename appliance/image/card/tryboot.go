package card

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"warren/appliance/update/bootfile"
)

// AddTryboot adds to the boot files in dir those of a trial: tryboot.txt, which
// the Pi's firmware reads instead of config.txt for one start that was asked
// for, and the command line that it names, which the update daemon overwrites in
// place (documentation of the Raspberry Pi, "Fail-safe OS updates").
func AddTryboot(dir string) error {
	config, err := os.ReadFile(filepath.Join(dir, "config.txt"))
	if err != nil {
		return err
	}
	line, err := os.ReadFile(filepath.Join(dir, bootfile.OwnLine))
	if err != nil {
		return err
	}
	if len(line) > bootfile.Most {
		return fmt.Errorf("%s has %d bytes; it must have %d at most, to be changed in place", bootfile.OwnLine, len(line), bootfile.Most)
	}
	// For all boards, whatever the last section was for.
	config = fmt.Appendf(config, "\n[all]\ncmdline=%s\n", bootfile.TrialLine)
	if err := os.WriteFile(filepath.Join(dir, "tryboot.txt"), config, 0o644); err != nil {
		return err
	}
	// As long as possible: the host may make the other one longer.
	trial := fmt.Sprintf("%-*s\n", bootfile.Most-1, strings.TrimSpace(string(line)))
	return os.WriteFile(filepath.Join(dir, bootfile.TrialLine), []byte(trial), 0o644)
}
