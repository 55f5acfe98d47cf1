package light

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/host/v3/gpioioctl"
)

// gpioLight is an LED on a GPIO line. It never asks the line anything but its
// name: reading an output through the kernel's character device makes periph
// turn it into an input (gpioioctl.GPIOLine, whose Read calls In, and whose
// Func and Function call Read), and the LED goes dark for good.
type gpioLight struct {
	name string
	line gpio.PinOut
}

// gpioNumber reads specs such as "GPIO17", in upper or lower case.
func gpioNumber(spec string) (int, bool) {
	const prefix = "GPIO"
	if len(spec) <= len(prefix) || !strings.EqualFold(spec[:len(prefix)], prefix) {
		return 0, false
	}
	n, err := strconv.ParseUint(spec[len(prefix):], 10, 16)
	return int(n), err == nil
}

// openGPIO makes the line an output, low.
func openGPIO(number int, find func() ([]chip, error)) (*gpioLight, error) {
	name := "GPIO" + strconv.Itoa(number)
	chips, err := find()
	line, missing := headerLine(chips, number)
	if missing != nil {
		return nil, fmt.Errorf("light %s: %w", name, errors.Join(missing, err))
	}
	g := &gpioLight{name: name, line: line}
	if err := g.Set(false); err != nil {
		return nil, err
	}
	return g, nil
}

// Set implements Light.
func (g *gpioLight) Set(on bool) error {
	if err := g.line.Out(gpio.Level(on)); err != nil {
		return fmt.Errorf("light %s: %w", g.name, explain(err))
	}
	return nil
}

// Close leaves the line an output, low: as an input it would float, and the
// LED might glimmer.
func (g *gpioLight) Close() error { return g.Set(false) }

// The kernel's character devices of GPIO chips (Documentation/userspace-api/gpio).
// They are the only way to a line here: what maps the registers of a Pi itself
// takes a newer one for an older, and writes into memory that is somebody else's.
const gpioDevices = "/dev/gpiochip*"

// piChips begins the label of the chip whose lines are on the header of a Pi:
// pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1. The others are of the board itself.
const piChips = "pinctrl-"

// lineNames are what the device trees of the Pis call the lines that do not have
// their number for a name (gpio-line-names): those of the ID EEPROM.
var lineNames = map[int]string{0: "ID_SDA", 1: "ID_SCL"}

// chip is a GPIO chip of this machine.
type chip struct {
	label string
	lines []gpio.PinOut
}

// kernelChips returns the chips of this machine. They are looked at once: so not
// before there is one, for the kernel may still be looking itself.
func kernelChips() ([]chip, error) {
	if found, _ := filepath.Glob(gpioDevices); len(found) == 0 { // fails for a bad pattern only
		return nil, nil
	}
	// The drivers are those that are linked: one, that of the character device.
	state, err := driverreg.Init()
	if err != nil {
		return nil, fmt.Errorf("the GPIO driver does not start: %w", err)
	}
	var failed []error
	for _, f := range state.Failed {
		failed = append(failed, errors.New(f.String()))
	}
	var all []chip
	for _, c := range gpioioctl.Chips {
		one := chip{label: c.Label()}
		for _, line := range c.Lines() {
			one.lines = append(one.lines, line)
		}
		all = append(all, one)
	}
	return all, errors.Join(failed...)
}

// headerLine returns the line on a Pi's header with that number, by its name: the
// offset on its chip is another matter.
func headerLine(chips []chip, number int) (gpio.PinOut, error) {
	name := "GPIO" + strconv.Itoa(number)
	var there []string
	for _, c := range chips {
		if !strings.HasPrefix(c.label, piChips) {
			continue
		}
		for _, line := range c.lines {
			if line.Name() == name || line.Name() != "" && line.Name() == lineNames[number] {
				return line, nil
			}
			if _, ok := gpioNumber(line.Name()); ok {
				there = append(there, line.Name())
			}
		}
	}
	if len(there) == 0 {
		return nil, fmt.Errorf("%w: this machine has no GPIO lines of a Raspberry Pi that this user can drive", ErrUnknown)
	}
	return nil, fmt.Errorf("%w: this machine has the GPIO lines %s to %s", ErrUnknown, there[0], there[len(there)-1])
}
