// Package radio gets the Pi's Wi-Fi radio to work: its driver, the rules of the
// country, and what its firmware is good for.
package radio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// module is a kernel module and its parameters.
type module struct{ file, parameters string }

// driver is the driver of all radios on Raspberry Pis, in the order in which it
// is to be loaded: a module after those it needs. The kernel would have modprobe
// load the last two, the parts for each maker of the chip, but here is none.
//
// roamoff: an access point does not roam. feature_disable takes away what
// Raspberry Pi's own system takes away, because the firmware does it badly: bits
// 13 (FWSUP, WPA in the firmware), 19 (SAE) and 21 (DUMP_OBSS), see feature.h of
// the driver.
var driver = []module{
	{"brcmutil/brcmutil.ko", ""},
	{"brcmfmac/brcmfmac.ko", "roamoff=1 feature_disable=0x282000"},
	{"brcmfmac/wcc/brcmfmac-wcc.ko", ""},
	{"brcmfmac/cyw/brcmfmac-cyw.ko", ""},
}

// below is where the driver is, below the folder of the kernel's modules.
const below = "kernel/drivers/net/wireless/broadcom/brcm80211"

// LoadDriver loads the driver of the Pi's radio; modules that are loaded already
// stay. A kernel that has no such module may have the driver built in, or serve
// another machine: that is no error. The radio shows up a second or two later,
// when the driver has given it its firmware.
func LoadDriver() error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return os.NewSyscallError("uname", err)
	}
	return load(filepath.Join("/lib/modules", unix.ByteSliceToString(u.Release[:]), below))
}

func load(dir string) error {
	for _, m := range driver {
		if err := m.load(dir); err != nil {
			return fmt.Errorf("load the radio's driver %s: %w", filepath.Base(m.file), err)
		}
	}
	return nil
}

func (m module) load(dir string) error {
	f, err := os.Open(filepath.Join(dir, m.file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.FinitModule(int(f.Fd()), m.parameters, 0)
	if errors.Is(err, unix.EEXIST) {
		return nil
	}
	return os.NewSyscallError("finit_module", err)
}
