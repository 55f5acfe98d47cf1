// Package air tests the card over the air. An emulated machine starts Debian's
// kernel, which has simulated radios (mac80211_hwsim), with the card's own root
// file system: hostapd, dnsmasq and the daemons are those that ship. Beside
// it, in the same machine, are phones: each has a radio and a network of its own,
// wpa_supplicant, and a DHCP client. A test tells them what to do (ask) through
// an agent (guest).
//
// What it cannot tell: how the Pi's own radio, its driver and firmware behave,
// and what a real phone shows.
package air

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"warren/appliance/emulator"
	"warren/appliance/image/tool"
)

// newBoot makes what a machine with simulated radios is started with: the
// kernel, and a first file system with the guest program, modules and phones'
// programs. cache is the folder that the image's builder uses, too.
func newBoot(ctx context.Context, cache string) (*emulator.Boot, error) {
	p, err := debianParts(ctx, cache)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "warren-air-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	b := new(emulator.Boot)
	if b.Kernel, err = os.ReadFile(filepath.Join(string(p), "vmlinuz")); err != nil {
		return nil, err
	}
	if b.Initramfs, err = pack(ctx, p, filepath.Join(work, "guest")); err != nil {
		return nil, err
	}
	b.DTB, err = deviceTree(ctx, filepath.Join(work, "tree.dtb"))
	return b, err
}

// pack makes the first file system. The guest program is built in file.
func pack(ctx context.Context, p parts, file string) ([]byte, error) {
	build := tool.Command{
		Program: "go", Args: []string{"build", "-ldflags=-s -w", "-o", file, "warren/appliance/emulator/air/guest"},
		Env: []string{"GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0"},
	}
	if _, err := build.Run(ctx); err != nil {
		return nil, fmt.Errorf("build the guest program: %w", err)
	}
	guest, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	c := &cpio{w: &out, made: map[string]bool{}}
	c.device("dev/console", 5, 1) // the kernel opens it for the first program
	c.file("init", 0o755, guest)
	for _, dir := range []string{"modules", "phone"} {
		err := fs.WalkDir(os.DirFS(string(p)), dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(filepath.Join(string(p), path))
			c.file(path, 0o755, content)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out.Bytes(), c.close()
}

// ledPin is the pin of the board's GPIO controller on which the LED is.
const ledPin = 5

// deviceTree returns the board's device tree with an LED in it, as that of a Pi
// has: the kernel calls it ACT, and it is on a pin, which Monitor can see.
func deviceTree(ctx context.Context, file string) ([]byte, error) {
	for program, pkg := range map[string]string{"qemu-system-aarch64": "qemu-system-arm", "fdtput": "device-tree-compiler"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%s is missing: on Debian and Ubuntu, apt-get install %s", program, pkg)
		}
	}
	// Of what is in the tree, it depends on nothing but these.
	dump := append(emulator.Virt.Machine(), "-display", "none", "-nic", "none", "-machine", "dumpdtb="+file)
	if _, err := tool.Run(ctx, "qemu-system-aarch64", dump...); err != nil {
		return nil, err
	}
	const controller, led = "/pl061@9030000", "/leds/led-act"
	handle, err := tool.Run(ctx, "fdtget", "-t", "x", file, controller, "phandle")
	if err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"-c", file, "/leds"},
		{"-t", "s", file, "/leds", "compatible", "gpio-leds"},
		{"-c", file, led},
		{"-t", "s", file, led, "label", "ACT"},
		{"-t", "s", file, led, "default-state", "off"},
		{"-t", "x", file, led, "gpios", strings.TrimSpace(handle), fmt.Sprint(ledPin), "0"},
	} {
		if _, err := tool.Run(ctx, "fdtput", args...); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(file)
}
