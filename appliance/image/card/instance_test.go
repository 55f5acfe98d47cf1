package card

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const config = "../../../gokrazy-instance/warren/config.json"

func readConfig(t *testing.T) *Instance {
	i, err := ReadInstance(config)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestConfig says of config.json what must hold whatever else is in it.
func TestConfig(t *testing.T) {
	i := readConfig(t)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for what, ok := range map[string]bool{
		"its name is warren":                        i.Hostname == "warren",
		"guests cannot reach gokrazy's own page":    i.Update.NoPassword,
		"there is no password":                      !strings.Contains(string(text), "HTTPPassword"),
		"the kernel is the Pi's":                    i.KernelPackage == "github.com/gokrazy/kernel.rpi",
		"memory limits work":                        slices.Contains(i.KernelExtraArgs, "cgroup_enable=memory"),
		"no shell on the serial console":            i.SerialConsole == "off", // "disabled" leaves the UART on, which slows some boards
		"no boot ROM is flashed":                    i.EEPROMPackage == "",
		"boards start in 64 bits":                   slices.Contains(i.BootloaderExtraLines, "arm_64bit=1"),
		"Ethernet has an address":                   slices.Contains(i.GokrazyPackages, "github.com/gokrazy/gokrazy/cmd/dhcp"),
		"the random seed is kept":                   slices.Contains(i.GokrazyPackages, "github.com/gokrazy/gokrazy/cmd/randomd"),
		"the clock is left alone":                   !slices.Contains(i.GokrazyPackages, "github.com/gokrazy/gokrazy/cmd/ntp"),
		"chatd, ledstatus and the broker are in it": slices.Contains(i.Packages, "warren/chatd") && slices.Contains(i.Packages, "warren/ledstatus") && slices.Contains(i.Packages, "warren/appliance/broker"),
		"the hotspot and its portal are in it":      slices.Contains(i.Packages, "warren/appliance/hotspot") && slices.Contains(i.Packages, "warren/appliance/portal"),
		"it takes updates":                          slices.Contains(i.Packages, "warren/appliance/update"),
		"the settings are read":                     slices.Contains(i.Packages, "warren/appliance/settings/setup"),
	} {
		if !ok {
			t.Errorf("not true: %s", what)
		}
	}
	for _, pkg := range i.GoPackages() {
		if strings.Contains(pkg, "busybox") || strings.Contains(pkg, "breakglass") {
			t.Errorf("%s is in the image that is released", pkg)
		}
	}
	for pkg := range i.PackageConfig {
		if !slices.Contains(slices.Concat(i.Packages, i.GokrazyPackages), pkg) {
			t.Errorf("%s is configured, but not built", pkg)
		}
	}
}

// TestConfigIsPinned compares config.json with the imports that keep its
// packages in go.mod.
func TestConfigIsPinned(t *testing.T) {
	file, err := os.ReadFile("../../../gokrazy-instance/packages.go")
	if err != nil {
		t.Fatal(err)
	}
	var pinned []string
	for _, m := range regexp.MustCompile(`(?m)^\t_ "(.*)"`).FindAllStringSubmatch(string(file), -1) {
		pinned = append(pinned, m[1])
	}
	i := readConfig(t)
	i.Dev()
	want := slices.DeleteFunc(i.GoPackages(), func(pkg string) bool { return strings.HasPrefix(pkg, "warren/") })
	slices.Sort(pinned)
	if !slices.Equal(pinned, want) {
		t.Errorf("packages.go has\n%q, config.json has\n%q", pinned, want)
	}
}

// TestPackagesAreThere asks Go for the packages as gok does.
func TestPackagesAreThere(t *testing.T) {
	i := readConfig(t)
	i.Dev()
	cmd := exec.Command("go", append([]string{"list", "-mod=readonly", "-tags=gokrazy", "-f", "{{.ImportPath}} {{.Incomplete}}"}, i.GoPackages()...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), " true") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestUnknownKeysAreErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{"Hostname": "x", "KernelExtraArg": ["y"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadInstance(file); err == nil || !strings.Contains(err.Error(), "KernelExtraArg") {
		t.Error(err)
	}
}

func TestWrite(t *testing.T) {
	i := readConfig(t)
	i.Dev()
	i.Link("warren", "-X a.b=c")
	dir := t.TempDir()
	if err := i.write(dir, "/src"); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "warren/builddir")); err != nil || to != "/src" {
		t.Errorf("%q, %v", to, err)
	}
	written, err := ReadInstance(filepath.Join(dir, "warren/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if written.SerialConsole == "off" || !slices.Contains(written.BootloaderExtraLines, "dtparam=uart0_console") || !slices.Contains(written.Packages, "github.com/gokrazy/serial-busybox") {
		t.Error("-dev has no shell")
	}
	if flags := written.PackageConfig["warren/chatd"].GoBuildFlags; !slices.Equal(flags, []string{"-ldflags=-s -w -X a.b=c"}) {
		t.Errorf("%q", flags)
	}
	if _, ok := written.PackageConfig["github.com/gokrazy/serial-busybox"]; ok {
		t.Error("other programs are linked like ours")
	}
	// What is not set here must not reach gok as an empty value: it has
	// defaults of its own. That of the boot ROM is one to be kept away.
	text, err := json.Marshal(written)
	before, after, noROM := strings.Cut(string(text), `"EEPROMPackage":""`)
	if rest := before + after; err != nil || !noROM || strings.Contains(rest, `null`) || strings.Contains(rest, `""`) {
		t.Errorf("%s", text)
	}
}
