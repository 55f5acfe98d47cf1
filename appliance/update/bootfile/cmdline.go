package bootfile

import (
	"fmt"
	"regexp"

	"warren/appliance/update/trial"
)

// The files of the boot partition that an update reads and writes. The firmware
// takes config.txt, which names no command line, and so OwnLine; or once, when
// the system before asked for it, tryboot.txt, which names TrialLine
// (documentation of the Raspberry Pi, "Fail-safe OS updates").
const (
	OwnLine   = "cmdline.txt" // the kernel's command line
	TrialLine = "trycmd.txt"  // the same for a trial
)

// root is what names the root file system in the kernel's command line. The
// number counts from the boot partition, which is 1.
var root = regexp.MustCompile(`(^|\s)root=(\S*)`)
var known = regexp.MustCompile(`^PARTUUID=[0-9a-fA-F-]+/PARTNROFF=([12])$`)

// RootIn returns the root that a command line names.
func RootIn(line string) (trial.Root, error) {
	all := root.FindAllStringSubmatch(line, -1)
	if len(all) == 1 {
		if m := known.FindStringSubmatch(all[0][2]); m != nil {
			return trial.Root(m[1][0]-'0') + 1, nil
		}
	}
	return 0, fmt.Errorf("the kernel's command line in %s has been changed: it must name root=PARTUUID=…/PARTNROFF=1 or 2, once", OwnLine)
}

// WithRoot returns the command line with another root.
func WithRoot(line string, r trial.Root) (string, error) {
	if _, err := RootIn(line); err != nil {
		return "", err
	}
	at := root.FindStringIndex(line)[1] - 1 // of the number
	return line[:at] + string(rune('0'+r-1)) + line[at+1:], nil
}
