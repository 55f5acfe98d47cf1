package bootfile

import (
	"fmt"
	"regexp"
	"strings"

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

// TrialBytes is the size of TrialLine: a sector, which is as much as the firmware of
// every Raspberry Pi takes.
const TrialBytes = sector

// root is what names the root file system in the kernel's command line: by the
// number of its partition, or, on a card with a GUID partition table, as they were
// flashed until November 2026, counted from the boot partition.
var root = regexp.MustCompile(`(^|\s)root=(\S*)`)
var known = regexp.MustCompile(`^PARTUUID=(?:[0-9a-f]{8}-0([23])|[0-9a-fA-F-]+/PARTNROFF=([12]))$`)

// RootIn returns the root that a command line names.
func RootIn(line string) (trial.Root, error) {
	r, _, err := rootIn(line)
	return r, err
}

// rootIn returns the root that a command line names, and the offset of the digit
// that does it, counted from 1 or 2 for the first.
func rootIn(line string) (r trial.Root, first byte, err error) {
	all := root.FindAllStringSubmatch(line, -1)
	if len(all) == 1 {
		if m := known.FindStringSubmatch(all[0][2]); m != nil && m[1] != "" {
			return trial.Root(m[1][0] - '0'), '0', nil
		} else if m != nil {
			return trial.Root(m[2][0]-'0') + 1, '0' - 1, nil
		}
	}
	return 0, 0, fmt.Errorf("the kernel's command line in %s has been changed: it must name root=PARTUUID=…-02 or -03 (or …/PARTNROFF=1 or 2), once", OwnLine)
}

// WithRoot returns the command line with another root. One digit changes.
func WithRoot(line string, r trial.Root) (string, error) {
	_, zero, err := rootIn(line)
	if err != nil {
		return "", err
	}
	at := root.FindStringIndex(line)[1] - 1 // of the digit
	return line[:at] + string(rune(zero+byte(r))) + line[at+1:], nil
}

// foreign is a word for systemd, of which this system has none. Raspberry Pi Imager
// adds some, for its own script, and they would fill a short line.
var foreign = regexp.MustCompile(`(^|\s)(?:systemd\.\S*|ds=nocloud\S*)`)

// ForTrial returns the command line of a trial with that root, made of the card's
// own, which may be longer than TrialBytes and have several lines.
func ForTrial(line string, r trial.Root) (string, error) {
	line, err := WithRoot(line, r)
	if err != nil {
		return "", err
	}
	line, _, _ = strings.Cut(strings.TrimLeft(line, " \r\n"), "\n") // the firmware takes the first one
	line = strings.TrimSpace(foreign.ReplaceAllString(line, ""))
	if !strings.Contains(line, `"`) { // within quotation marks blanks may mean something
		line = strings.Join(strings.Fields(line), " ")
	}
	if len(line) > TrialBytes {
		return "", fmt.Errorf("the kernel's command line in %s has %d bytes, and that of a trial can have %d: take out of it what is not needed", OwnLine, len(line), TrialBytes)
	}
	if _, err := RootIn(line); err != nil {
		return "", err
	}
	return line, nil
}
