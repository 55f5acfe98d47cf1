package radio

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Kind is what is known of a radio with its firmware. The zero value is one of
// which nothing is known.
type Kind struct {
	Chip string // as its maker calls it

	// Stations is how many phones it takes at once. It is a property of the
	// firmware: one more cannot join, or takes the others with it. 0: not
	// known.
	Stations int

	// OpenOnly: with WPA2 phones get in, and hear nothing.
	OpenOnly bool
}

// kinds are the kinds by the beginning of the firmware's version. The numbers
// are what others counted; Warren's own are to come (docs/hardware-evening.md):
//
//   - 43455: 7 to 10 with the standard firmware (raspberrypi/documentation#2520,
//     raspberrypi/linux#3010: 8); 19 with the "minimal" one, by its README.
//   - 43430: about 10 (raspberrypi/linux#3010).
//   - 43436: both kinds on the Zero 2 W not known; of 9.88.4 it is known that it
//     has no WPA2 (RPi-Distro/firmware-nonfree#59).
//   - 43456: not known.
var kinds = []struct {
	version string
	kind    Kind
}{
	{"7.45.241", Kind{Chip: "43455, minimal firmware", Stations: 19}},
	{"7.45.234", Kind{Chip: "43455", Stations: 8}},
	{"7.45.286", Kind{Chip: "43455", Stations: 8}},
	{"7.45.98", Kind{Chip: "43430", Stations: 10}},
	{"7.45.96", Kind{Chip: "43436s"}},
	{"7.84.17", Kind{Chip: "43456"}},
	{"9.88.4", Kind{Chip: "43436", OpenOnly: true}},
}

// kindOf returns what is known of a firmware, by its version such as
// "7.45.98.118", as the driver tells it.
func kindOf(driver, version string) Kind {
	if driver != "brcmfmac" {
		return Kind{}
	}
	for _, k := range kinds {
		if version == k.version || strings.HasPrefix(version, k.version+".") {
			return k.kind
		}
	}
	return Kind{}
}

// Look returns what is known of the radio behind a network interface, and the
// name of its driver with the version of the firmware, for a log.
func Look(name string) (k Kind, firmware string, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return k, "", fmt.Errorf("ask for the firmware of %s: %w", name, err)
	}
	defer unix.Close(fd)
	info, err := unix.IoctlGetEthtoolDrvinfo(fd, name)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return k, "", nil // a driver that does not tell
	}
	if err != nil {
		return k, "", fmt.Errorf("ask for the firmware of %s: %w", name, err)
	}
	driver, version := unix.ByteSliceToString(info.Driver[:]), unix.ByteSliceToString(info.Version[:])
	return kindOf(driver, version), strings.TrimSpace(driver + " " + version), nil
}
