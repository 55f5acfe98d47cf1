package card

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Instance is gok's config.json of an instance: those of its settings that the
// image uses. gok ignores what it does not know; ReadInstance does not.
type Instance struct {
	Hostname             string
	Update               struct{ NoPassword bool }
	Packages             []string
	PackageConfig        map[string]Program
	GokrazyPackages      []string
	KernelPackage        string
	FirmwarePackage      string
	EEPROMPackage        string // "": no card of ours changes a board's boot ROM; left out, it would
	SerialConsole        string
	KernelExtraArgs      []string
	BootloaderExtraLines []string
}

// Program is what config.json has about one of the packages.
type Program struct {
	GoBuildFlags      []string          `json:",omitempty"`
	CommandLineFlags  []string          `json:",omitempty"`
	Environment       []string          `json:",omitempty"`
	ExtraFileContents map[string]string `json:",omitempty"`
	DontStart         bool              `json:",omitempty"` // another program starts it
}

// ReadInstance reads a config.json.
func ReadInstance(file string) (*Instance, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	var i Instance
	if err := d.Decode(&i); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &i, nil
}

// Dev makes the instance one for developers: with a shell on the serial console. That
// is on pins 8 and 10; on a Pi 5, whose firmware would otherwise take the little
// connector between the HDMI ports, too.
func (i *Instance) Dev() {
	i.SerialConsole = "serial0,115200"
	i.BootloaderExtraLines = append(i.BootloaderExtraLines, "[pi5]", "dtparam=uart0_console", "[all]")
	i.Packages = append(i.Packages, "github.com/gokrazy/serial-busybox")
}

// Link sets the linker's flags of the module's own programs. Theirs have no
// debugging information: nothing on the device reads it.
func (i *Instance) Link(module, flags string) {
	for _, pkg := range i.Packages {
		if strings.HasPrefix(pkg, module+"/") {
			p := i.PackageConfig[pkg]
			p.GoBuildFlags = []string{"-ldflags=-s -w " + flags}
			i.PackageConfig[pkg] = p
		}
	}
}

// GoPackages returns all Go packages that go into the image, sorted.
func (i *Instance) GoPackages() []string {
	all := slices.Concat(i.Packages, i.GokrazyPackages, []string{
		"github.com/gokrazy/gokrazy", // init is made of it
	}, i.Boot())
	slices.Sort(all)
	return all
}

// Boot returns the packages whose files the boot partition has.
func (i *Instance) Boot() []string {
	return slices.DeleteFunc([]string{i.KernelPackage, i.FirmwarePackage, i.EEPROMPackage}, func(pkg string) bool { return pkg == "" })
}

// write writes the instance as gok wants it: dir/NAME/config.json, with a link
// to the module that all packages are built in.
func (i *Instance) write(dir, module string) error {
	content, err := json.MarshalIndent(i, "", "    ")
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, i.Hostname)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), content, 0o644); err != nil {
		return err
	}
	return os.Symlink(module, filepath.Join(dir, "builddir"))
}
