package light

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/host/v3"
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
func openGPIO(number int, find func(name string) (gpio.PinOut, error)) (*gpioLight, error) {
	name := "GPIO" + strconv.Itoa(number)
	line, err := find(name)
	if err != nil {
		return nil, fmt.Errorf("light %s: %w", name, err)
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

// gpioDevices are what the drivers find lines by: the kernel's GPIO chips, and
// the registers of a Pi's.
var gpioDevices = []string{"/dev/gpiochip*", "/dev/gpiomem*"}

// periphLine finds a line of this machine. The drivers are loaded when the
// first line is asked for, and not before: they look through the whole machine,
// and that only once. So they are not asked before there is something to find,
// for the kernel may still be looking itself.
func periphLine(name string) (gpio.PinOut, error) {
	if len(gpioreg.All()) == 0 && !slices.ContainsFunc(gpioDevices, isThere) {
		return nil, fmt.Errorf("%w: this machine has %s", ErrUnknown, describeLines(nil))
	}
	state, err := host.Init()
	if err != nil {
		return nil, fmt.Errorf("the GPIO drivers do not start: %w", err)
	}
	if line := gpioreg.ByName(name); line != nil {
		return line, nil
	}
	return nil, fmt.Errorf("%w: this machine has %s%s", ErrUnknown, describeLines(gpioreg.All()), failures(state))
}

func isThere(pattern string) bool {
	found, _ := filepath.Glob(pattern) // fails for a bad pattern only
	return len(found) > 0
}

// describeLines says in words which lines there are.
func describeLines(lines []gpio.PinIO) string {
	if len(lines) == 0 {
		return "no GPIO lines that this user can drive"
	}
	return fmt.Sprintf("the GPIO lines %s to %s", lines[0].Name(), lines[len(lines)-1].Name())
}

// failures says why drivers of GPIO lines did not load, if any failed.
func failures(state *driverreg.State) string {
	var all []error
	for _, f := range state.Failed {
		if strings.Contains(f.D.String(), "gpio") {
			all = append(all, errors.New(f.String()))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%v)", errors.Join(all...))
}
