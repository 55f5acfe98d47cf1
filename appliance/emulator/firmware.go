package emulator

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"warren/appliance/devicetree"
)

// tryboot is the kernel's last word when it was asked for reboot(2) with the
// argument "0 tryboot". On a Pi, its firmware driver tells the firmware.
const tryboot = "reboot: Restarting system with command '0 tryboot'"

// firmware is what the Pi's firmware does at power-on and after each reset: it
// reads from the card what is to be started.
//
// It knows of config.txt, and of tryboot.txt, which it reads instead for one
// single boot that was asked for with tryboot, the lines kernel=FILE and
// cmdline=FILE (Raspberry Pi documentation, "config.txt" and "Fail-safe OS
// updates (tryboot)"). It puts the boot arguments of the Pi's device tree before
// those of the command line, as a Pi's does.
type firmware struct {
	kernel    []byte
	initramfs []byte // nil: there is none
	dtb       []byte // nil if the board brings its own
	bootargs  string // of the device tree
	cmdline   string
}

// instead has another kernel started, if there is one.
func (f *firmware) instead(b *Boot) {
	if b == nil {
		return
	}
	f.kernel, f.initramfs, f.cmdline = b.Kernel, b.Initramfs, f.cmdline+" "+b.Args
	f.bootargs = "" // they are for a Pi's kernel: others do not know cgroup_enable=, which takes cgroup_disable= back
	if b.DTB != nil {
		f.dtb = b.DTB
	}
}

func readFirmware(ctx context.Context, c *Card, b *board, tryboot bool) (*firmware, error) {
	name := "config.txt"
	if tryboot {
		name = "tryboot.txt"
	}
	text, err := c.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("the firmware finds no %s: %w", name, err)
	}
	config := parseConfig(string(text))
	var f firmware
	if f.kernel, err = c.Get(ctx, config["kernel"]); err != nil {
		return nil, fmt.Errorf("the firmware finds no kernel: %w", err)
	}
	line, err := c.Get(ctx, config["cmdline"])
	if err != nil {
		return nil, fmt.Errorf("the firmware finds no command line: %w", err)
	}
	first, _, _ := bytes.Cut(line, []byte("\n"))
	f.cmdline = strings.TrimSpace(string(first))
	dtb, err := c.Get(ctx, b.tree)
	if err != nil {
		return nil, fmt.Errorf("the firmware finds no device tree: %w", err)
	}
	tree, err := devicetree.Parse(dtb)
	if err != nil {
		return nil, fmt.Errorf("the firmware cannot read %s: %w", b.tree, err)
	}
	f.bootargs = tree.BootArguments()
	if !b.own {
		f.dtb = dtb
	}
	return &f, nil
}

// parseConfig returns what a config.txt says in its sections for all boards.
func parseConfig(text string) map[string]string {
	config := map[string]string{"kernel": "kernel8.img", "cmdline": "cmdline.txt"}
	all := true
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			all = line == "[all]"
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && all && !strings.HasPrefix(line, "#") {
			config[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return config
}
