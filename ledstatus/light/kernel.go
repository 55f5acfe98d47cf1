package light

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// kernel is an LED of the kernel's LED class: a folder of small files, as in
// the kernel's Documentation/leds/leds-class.rst and
// Documentation/ABI/testing/sysfs-class-led.
//
// It is not periph's sysfs.LED, because that one leaves the trigger alone (the
// ACT LED of a Pi would go on showing the SD card, too), writes 255 whatever
// max_brightness says, and finds only LEDs under /sys: no test could see it.
//
// The file is opened for every write, about twenty times a second at most, so
// that an LED that goes away and comes back is found again.
type kernel struct {
	dir  string // the LED's folder
	full string // what to write for on

	// What was found, to be put back. No trigger: the kernel has none to set.
	trigger, brightness string
}

// noTrigger is the trigger of an LED that only its brightness file drives.
const noTrigger = "none"

// oldNames are what older kernels call the LEDs of a Pi.
var oldNames = map[string]string{"act": "led0", "pwr": "led1"}

// kernelLEDs returns the names of the LEDs under root, sorted; none if they
// cannot be listed.
func kernelLEDs(root string) []string {
	entries, _ := os.ReadDir(root) // what was read before an error is good
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// findLED returns the name as the kernel writes it.
func findLED(root, spec string) (string, bool) {
	names := kernelLEDs(root)
	for _, want := range []string{spec, oldNames[strings.ToLower(spec)]} {
		for _, name := range names {
			if strings.EqualFold(name, want) {
				return name, true
			}
		}
	}
	return "", false
}

// openKernel takes the LED from whatever drives it, and turns it off.
func openKernel(root, name string) (*kernel, error) {
	led := &kernel{dir: filepath.Join(root, name)}
	if err := led.take(); err != nil {
		return nil, fmt.Errorf("light %s: %w", name, explain(err))
	}
	return led, nil
}

func (k *kernel) take() (err error) {
	if k.full, err = k.read("max_brightness"); err != nil {
		return err
	}
	if n, err := strconv.Atoi(k.full); err != nil || n < 1 {
		return fmt.Errorf("%s/max_brightness holds %.20q instead of a number above 0", k.dir, k.full)
	}
	if k.brightness, err = k.read("brightness"); err != nil {
		return err
	}
	triggers, err := k.read("trigger")
	switch {
	case errors.Is(err, fs.ErrNotExist): // a kernel without triggers
	case err != nil:
		return err
	default:
		k.trigger = chosen(triggers)
		if err := k.write("trigger", noTrigger); err != nil {
			return err
		}
	}
	return k.Set(false)
}

// Set implements Light.
func (k *kernel) Set(on bool) error {
	value := "0"
	if on {
		value = k.full
	}
	return explain(k.write("brightness", value))
}

// Close puts the trigger and the brightness back that the LED had. Settings
// of the trigger itself, such as the rhythm of "timer", are the kernel's
// defaults again.
func (k *kernel) Close() error {
	// The brightness first: writing 0 to it removes the trigger.
	err := k.write("brightness", k.brightness)
	if k.trigger != "" && k.trigger != noTrigger {
		err = errors.Join(err, k.write("trigger", k.trigger))
	}
	return explain(err)
}

// chosen returns the trigger in brackets in a list such as "none [mmc0] timer".
func chosen(triggers string) string {
	_, rest, _ := strings.Cut(triggers, "[")
	name, _, _ := strings.Cut(rest, "]")
	return name
}

func (k *kernel) read(file string) (string, error) {
	b, err := os.ReadFile(filepath.Join(k.dir, file))
	return strings.TrimSpace(string(b)), err
}

// write writes to a file that is there. os.WriteFile would make one up.
func (k *kernel) write(file, value string) error {
	f, err := os.OpenFile(filepath.Join(k.dir, file), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// explain adds to an error of permission what to do about it.
func explain(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run as root, or let this user write there with a udev rule", err)
	}
	return err
}
