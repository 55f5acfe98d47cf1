// Package radio gets the Pi's Wi-Fi radio to work, and to work again: its
// driver, the rules of the country, what its firmware is good for, and whether
// it is alive.
package radio

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Module is a kernel module: its file, with a / or without one below the folder
// of the driver, and its parameters.
type Module struct{ File, Parameters string }

// name is what the kernel calls the module, for delete_module(2).
func (m Module) name() string {
	return strings.ReplaceAll(strings.TrimSuffix(filepath.Base(m.File), ".ko"), "-", "_")
}

// Driver is the driver of a radio, as modules that are loaded in this order: a
// module after those that it needs. One that this kernel does not have is left
// out: it may be built in, or the kernel be that of another machine.
type Driver struct {
	Dir     string
	Modules []Module

	// Bus is the driver's folder in sysfs: it has a link for each device that
	// it drives, and the files bind and unbind (driver-api/driver-model of the
	// kernel). Empty: it has none.
	Bus string

	kernel kernel // the real one, but in tests
	asked  question
	bound  []string // what it drove when it was last seen to drive something
}

// kernel is what loads and unloads modules, and what files of sysfs are written
// for.
type kernel interface {
	load(image []byte, parameters string) error
	unload(name string) error
	write(path, text string) error
}

// PiDriver returns the driver of all radios on Raspberry Pis, for the kernel that
// runs. The kernel would have modprobe load the last two modules, the parts for
// each maker of the chip, but here is none.
//
// roamoff: an access point does not roam. feature_disable takes away what
// Raspberry Pi's own system takes away, because the firmware does it badly: bits
// 13 (FWSUP, WPA in the firmware), 19 (SAE) and 21 (DUMP_OBSS), see feature.h of
// the driver.
func PiDriver() (*Driver, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, os.NewSyscallError("uname", err)
	}
	return &Driver{
		Dir: filepath.Join("/lib/modules", unix.ByteSliceToString(u.Release[:]), "kernel/drivers/net/wireless/broadcom/brcm80211"),
		Modules: []Module{
			{"brcmutil/brcmutil.ko", ""},
			{"brcmfmac/brcmfmac.ko", "roamoff=1 feature_disable=0x282000"},
			{"brcmfmac/wcc/brcmfmac-wcc.ko", ""},
			{"brcmfmac/cyw/brcmfmac-cyw.ko", ""},
		},
		Bus: "/sys/bus/sdio/drivers/brcmfmac",
	}, nil
}

// HasDevice reports whether the board has a device that might be a radio: on a
// Pi, it is the only one on an SDIO bus.
func HasDevice() bool {
	all, _ := filepath.Glob("/sys/bus/sdio/devices/*")
	return len(all) > 0
}

// Load loads the driver; modules that are loaded already stay. The radio shows
// up a second or two later, when the driver has given it its firmware.
//
// All modules are read before the first is loaded. As soon as brcmfmac is there
// it asks the chip who its maker is, and gives up if the maker's part is not
// loaded when it knows: that was seen to be 0.2 s later (openwrt/openwrt#13439).
// A card that is just starting may well take longer to read a file.
func (d *Driver) Load() error {
	images, err := d.read()
	if err != nil {
		return err
	}
	return d.load(images)
}

// read returns the content of each module, nil for those that there are not.
func (d *Driver) read() ([][]byte, error) {
	images := make([][]byte, len(d.Modules))
	for i, m := range d.Modules {
		path := m.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(d.Dir, path)
		}
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the radio's driver %s: %w", filepath.Base(path), err)
		}
		images[i] = content
	}
	return images, nil
}

func (d *Driver) load(images [][]byte) error {
	for i, m := range d.Modules {
		if images[i] == nil {
			continue
		}
		if err := d.system().load(images[i], m.Parameters); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("load the radio's driver %s: %w", filepath.Base(m.File), err)
		}
	}
	return nil
}

// Reload takes the driver from the radio and gives it to it again, with which
// the firmware begins anew, and returns how it did it, for a log. Nobody may be
// using the radio. An error may mean that the radio has no driver any more.
//
// When ctx ends, Reload returns, with an error: a kernel that waits for a device
// cannot be made to stop. Until it does, further calls fail at once.
func (d *Driver) Reload(ctx context.Context) (how string, err error) {
	return ask(ctx, &d.asked, d.reload)
}

func (d *Driver) reload() (string, error) {
	// Before anything is taken away: the card may have gone bad, too.
	images, err := d.read()
	if err != nil {
		return "", err
	}
	devices, err := d.devices()
	if err != nil {
		return "", err
	}
	refused := d.unload(images)
	// Again in any case: those that went before one that stays must come back.
	if err := d.load(images); err != nil {
		return "", err
	}
	if refused == nil {
		return "its driver was unloaded and loaded again", nil
	}
	// What it was given in vain before, it does not drive.
	if len(devices) > 0 {
		d.bound = devices
	}
	if len(d.bound) == 0 {
		return "", refused
	}
	if err := d.rebind(d.bound); err != nil {
		return "", errors.Join(refused, err)
	}
	return fmt.Sprintf("it was taken from its driver and given to it again (%v)", refused), nil
}

// unload unloads the modules, the last one first, until the kernel refuses to.
func (d *Driver) unload(images [][]byte) error {
	if !slices.ContainsFunc(images, func(image []byte) bool { return image != nil }) {
		return errors.New("the radio's driver is built into the kernel")
	}
	for i, m := range slices.Backward(d.Modules) {
		if images[i] == nil {
			continue
		}
		// ENOENT: it is not loaded.
		if err := d.system().unload(m.name()); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("unload the radio's driver %s: %w", m.name(), err)
		}
	}
	return nil
}

// devices returns the names of what the driver drives. Of one radio they are its
// functions, mmc1:0001:1 and mmc1:0001:2, in this order.
func (d *Driver) devices() ([]string, error) {
	if d.Bus == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(d.Bus)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("see what the radio's driver drives: %w", err)
	}
	var names []string
	for _, e := range entries {
		// Beside them is a link "module".
		if e.Type() == fs.ModeSymlink && strings.Contains(e.Name(), ":") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// rebind takes devices from their driver and gives them to it again. The first
// function of the chip is the last that the driver lets go of, and its second
// the one with which it begins (bcmsdh.c of the driver).
func (d *Driver) rebind(devices []string) error {
	unbind, bind := filepath.Join(d.Bus, "unbind"), filepath.Join(d.Bus, "bind")
	for _, name := range slices.Backward(devices) {
		// ENODEV: it is not bound. A module that went has let go of it.
		if err := d.system().write(unbind, name); err != nil && !errors.Is(err, unix.ENODEV) {
			return fmt.Errorf("take the radio from its driver: %w", err)
		}
	}
	for _, name := range devices {
		if err := d.system().write(bind, name); err != nil {
			return fmt.Errorf("give the radio to its driver: %w", err)
		}
	}
	return nil
}

func (d *Driver) system() kernel {
	if d.kernel != nil {
		return d.kernel
	}
	return linux{}
}

// linux is the kernel that runs.
type linux struct{}

func (linux) load(image []byte, parameters string) error {
	return os.NewSyscallError("init_module", unix.InitModule(image, parameters))
}

// unload does not wait for who uses the module: O_NONBLOCK, delete_module(2).
func (linux) unload(name string) error {
	return os.NewSyscallError("delete_module", unix.DeleteModule(name, unix.O_NONBLOCK))
}

func (linux) write(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}
