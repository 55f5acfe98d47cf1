package boards

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"warren/appliance/devicetree"
)

// labels are what the kernel's drivers call the chip of the header's lines, by its
// compatible (pinctrl-bcm2835.c, pinctrl-rp1.c).
var labels = map[string]string{
	"brcm,bcm2835-gpio":    "pinctrl-bcm2835",
	"brcm,bcm2711-gpio":    "pinctrl-bcm2711",
	"raspberrypi,rp1-gpio": "pinctrl-rp1",
}

// radioNode is the compatible of what the radio's driver looks for (its of.c).
const radioNode = "brcm,bcm4329-fmac"

// lastLine is the last of the header's GPIO lines, which begin with 0.
const lastLine = 27

// readTree reads a device tree of the boot partition.
func (i Image) readTree(name string) (*devicetree.Node, error) {
	dtb, err := fs.ReadFile(i.Boot, name)
	if err != nil {
		return nil, lacks(name, err)
	}
	tree, err := devicetree.Parse(dtb)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return tree, nil
}

// checkTree says what in a tree is not as the board has it, and as our daemons count
// on.
func (b Board) checkTree(name string, tree *devicetree.Node, cmdline string) error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf(name+": "+format, args...))
	}
	if got := tree.String("compatible"); got != b.Compatible {
		wrong("it is for %q; want %q, which the radio's files are named after", got, b.Compatible)
	}
	if _, ok := find(tree, radioNode); !ok {
		wrong("it has no radio that is switched on (%s)", radioNode)
	}
	if got, ok := led(tree); !ok {
		wrong("it has no LED with the label ACT")
	} else if got != b.LED {
		wrong("the LED ACT: %s; want %s", got, b.LED)
	}
	if err := b.checkPins(tree); err != nil {
		wrong("%w", err)
	}
	if arguments := tree.BootArguments() + " " + cmdline; !hasMemoryGroup(arguments) {
		wrong("with the boot arguments %q the kernel limits no program's memory: the last of cgroup_disable=memory and cgroup_enable=memory counts", arguments)
	}
	return errors.Join(errs...)
}

// find returns the first node with a compatible that is switched on.
func find(tree *devicetree.Node, compatible string) (*devicetree.Node, bool) {
	for n := range tree.Running() {
		if slices.Contains(n.Strings("compatible"), compatible) {
			return n, true
		}
	}
	return nil, false
}

// led returns what the tree says of the LED ACT.
func led(tree *devicetree.Node) (LED, bool) {
	leds, ok := find(tree, "gpio-leds")
	if !ok {
		return None, false
	}
	for _, l := range leds.Children {
		if l.String("label") != "ACT" {
			continue
		}
		// A line's chip, number and flags, of which 1 is "active low"
		// (dt-bindings/gpio/gpio.h).
		gpios := l.Cells("gpios")
		switch {
		case !l.Enabled():
			return None, true
		case len(gpios) < 3:
			return None, false
		case gpios[2]&1 != 0:
			return Low, true
		}
		return High, true
	}
	return None, false
}

// checkPins checks the header's lines: ledstatus looks for the chip by its label,
// and for a line by its name.
func (b Board) checkPins(tree *devicetree.Node) error {
	for compatible, label := range labels {
		chip, ok := find(tree, compatible)
		if !ok || label != b.Pins {
			continue
		}
		names := chip.Strings("gpio-line-names")
		for n := range lastLine + 1 {
			if n >= len(names) || names[n] != lineName(n) {
				return fmt.Errorf("line %d of %s is not called %s", n, label, lineName(n))
			}
		}
		return nil
	}
	return fmt.Errorf("it has no chip with the label %s, which has the header's lines", b.Pins)
}

// lineName returns what all trees call a line of the header.
func lineName(n int) string {
	switch n {
	case 0:
		return "ID_SDA"
	case 1:
		return "ID_SCL"
	}
	return fmt.Sprintf("GPIO%d", n)
}

// hasMemoryGroup tells whether a kernel with these arguments counts programs'
// memory (cgroup_disable= in Documentation/admin-guide/kernel-parameters.txt;
// cgroup_enable= is Raspberry Pi's).
func hasMemoryGroup(arguments string) bool {
	has := true
	for _, word := range strings.Fields(arguments) {
		switch word {
		case "cgroup_disable=memory":
			has = false
		case "cgroup_enable=memory":
			has = true
		}
	}
	return has
}
