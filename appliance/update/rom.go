package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// romFile is where the boot ROM of a Pi 4, 400, CM4 and later says when it was built:
// seconds since 1970, in four bytes. A board before them has no such ROM: its loader
// is on the card, and new enough.
const romFile = "/proc/device-tree/chosen/bootloader/build-timestamp"

// trybootSince is the first release of the ROM of a Pi 4 that is known to start a
// system on trial (release notes in raspberrypi/rpi-eeprom; snapd asks for the same).
var trybootSince = time.Date(2021, 3, 18, 0, 0, 0, 0, time.UTC)

// checkROM returns an error, a sentence for whoever sends an update, if the board's
// boot ROM, which describes itself in file, is too old to start a system on trial. It
// would start the old one, and the update would seem to have failed.
func checkROM(file string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || len(data) != 4 {
		return nil // it is not known, and a trial does no harm
	}
	built := time.Unix(int64(binary.BigEndian.Uint32(data)), 0).UTC()
	if !built.Before(trybootSince) {
		return nil
	}
	return fmt.Errorf("the boot ROM of this Raspberry Pi is of %s, and starts no system on trial: that came on %s. "+
		"Update it once: Raspberry Pi Imager writes a card for that (Misc utility images, Bootloader), which is put into this Pi, started, and taken out again",
		built.Format(time.DateOnly), trybootSince.Format(time.DateOnly))
}
