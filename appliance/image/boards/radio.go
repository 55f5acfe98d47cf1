package boards

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// firmwareDir is where the kernel looks for what its drivers ask for.
const firmwareDir = "lib/firmware"

// Found are the files that a radio gets, by their names in lib/firmware/brcm, with
// links followed; or "".
type Found struct{ Firmware, NVRAM, CLM string }

// files returns what the driver gets for a radio on a board (firmware.c and sdio.c
// of brcmfmac): each file by the name of the board first, then without it. The
// firmware and the settings of the board (NVRAM) it must have; the rules of the
// country (CLM) it starts without.
func (r Radio) files(root fs.FS, compatible string) (Found, error) {
	var f Found
	var errs []error
	for _, file := range []struct {
		ending string
		name   *string
		needed bool
	}{{".bin", &f.Firmware, true}, {".txt", &f.NVRAM, true}, {".clm_blob", &f.CLM, false}} {
		var err error
		if *file.name, err = r.file(root, compatible, file.ending); err != nil && file.needed {
			errs = append(errs, err)
		}
	}
	return f, errors.Join(errs...)
}

// file returns the name of what the driver gets. A link that leads nowhere is an
// error even where the driver would go on to the next name.
func (r Radio) file(root fs.FS, compatible, ending string) (string, error) {
	// The driver writes - for / (of.c).
	board := r.Files + "." + strings.ReplaceAll(compatible, "/", "-") + ending
	for _, name := range []string{board, r.Files + ending} {
		file := path.Join(firmwareDir, "brcm", name)
		to, err := fs.ReadLink(root, file)
		info, statErr := fs.Stat(root, file)
		switch {
		case err == nil && statErr != nil:
			return "", fmt.Errorf("/%s is a link to %s, which is not there", file, to)
		case err == nil:
			return path.Base(to), nil
		case statErr == nil && info.Size() > 0:
			return name, nil
		}
	}
	return "", fmt.Errorf("it lacks /%s/brcm/%s, and %s, which would do", firmwareDir, board, r.Files+ending)
}
