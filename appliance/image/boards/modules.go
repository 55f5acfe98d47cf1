package boards

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// driverDir is where the radio's driver is, below the folder of the kernel's modules.
const driverDir = "kernel/drivers/net/wireless/broadcom/brcm80211"

// driver are its modules. The last two are the parts for each maker of the chip.
var driver = []string{"brcmutil/brcmutil.ko", "brcmfmac/brcmfmac.ko", "brcmfmac/wcc/brcmfmac-wcc.ko", "brcmfmac/cyw/brcmfmac-cyw.ko"}

// checkDriver checks that all of the radio's driver is there, for the kernel that
// is there, and knows the radios.
func (i Image) checkDriver() error {
	kernels, err := fs.Glob(i.Root, "lib/modules/*")
	if err != nil {
		return err
	}
	if len(kernels) != 1 {
		return fmt.Errorf("/lib/modules has %d kernels; want one", len(kernels))
	}
	release := path.Base(kernels[0])
	var errs []error
	var there, firmware []string
	depends := map[string][]string{}
	for _, file := range driver {
		file = path.Join(kernels[0], driverDir, file)
		content, err := fs.ReadFile(i.Root, file)
		if err != nil {
			errs = append(errs, lacks("/"+file, err))
			continue
		}
		info, err := moduleInfo(content)
		if err != nil {
			errs = append(errs, fmt.Errorf("/%s: %w", file, err))
			continue
		}
		name := strings.TrimSuffix(path.Base(file), ".ko")
		there = append(there, name)
		firmware = append(firmware, info["firmware"]...)
		for _, list := range info["depends"] {
			depends[name] = append(depends[name], strings.FieldsFunc(list, func(r rune) bool { return r == ',' })...)
		}
		if magic := strings.Join(info["vermagic"], " "); !strings.HasPrefix(magic, release+" ") {
			errs = append(errs, fmt.Errorf("/%s is for the kernel %q, not for %s", file, magic, release))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for name, needs := range depends {
		for _, need := range needs {
			if !slices.Contains(there, need) {
				errs = append(errs, fmt.Errorf("the module %s needs %s, which nobody loads", name, need))
			}
		}
	}
	for _, r := range radios() {
		if file := "brcm/" + r.Files + ".bin"; !slices.Contains(firmware, file) {
			errs = append(errs, fmt.Errorf("the driver brcmfmac does not know %s: it never asks for %s", r.Chip, file))
		}
	}
	return errors.Join(errs...)
}

// radios returns the radios of all boards, each once.
func radios() []Radio {
	var all []Radio
	for _, b := range All {
		for _, r := range b.Radios {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// moduleInfo returns what a kernel module says of itself, as modinfo(8) shows it.
func moduleInfo(ko []byte) (map[string][]string, error) {
	f, err := elf.NewFile(bytes.NewReader(ko))
	if err != nil {
		return nil, err
	}
	if f.Machine != elf.EM_AARCH64 {
		return nil, fmt.Errorf("it is for %v", f.Machine)
	}
	section := f.Section(".modinfo")
	if section == nil {
		return nil, errors.New("it is no kernel module")
	}
	content, err := section.Data()
	if err != nil {
		return nil, err
	}
	info := map[string][]string{}
	for line := range bytes.SplitSeq(content, []byte{0}) {
		if key, value, ok := strings.Cut(string(line), "="); ok {
			info[key] = append(info[key], value)
		}
	}
	return info, nil
}
