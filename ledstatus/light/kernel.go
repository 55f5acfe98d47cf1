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
// Its files are opened once and stay open, so that the LED can be set and given
// back by a process that has given up root's rights meanwhile.
type kernel struct {
	dir                 string // the LED's folder
	full                string // what to write for on
	brightness, trigger heldFile

	// What was found, to be put back. No trigger: the kernel has none to set.
	oldTrigger, oldBrightness string
}

// noTrigger is the trigger of an LED that only its brightness file drives.
const noTrigger = "none"

// otherNames are what other kernels call the LEDs of a Pi: older ones led0 and
// led1, as many tutorials do.
var otherNames = map[string]string{"act": "led0", "led0": "act", "pwr": "led1", "led1": "pwr"}

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
	for _, want := range []string{spec, otherNames[strings.ToLower(spec)]} {
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
	dir := filepath.Join(root, name)
	led := &kernel{
		dir:        dir,
		brightness: heldFile{path: filepath.Join(dir, "brightness")},
		trigger:    heldFile{path: filepath.Join(dir, "trigger")},
	}
	if err := led.take(); err != nil {
		return nil, errors.Join(fmt.Errorf("light %s: %w", name, explain(err)), led.release())
	}
	return led, nil
}

func (k *kernel) take() (err error) {
	if k.full, err = read(filepath.Join(k.dir, "max_brightness")); err != nil {
		return err
	}
	if n, err := strconv.Atoi(k.full); err != nil || n < 1 {
		return fmt.Errorf("%s/max_brightness holds %.20q instead of a number above 0", k.dir, k.full)
	}
	if k.oldBrightness, err = read(k.brightness.path); err != nil {
		return err
	}
	triggers, err := read(k.trigger.path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a kernel without triggers
	case err != nil:
		return err
	default:
		k.oldTrigger = chosen(triggers)
		if err := k.trigger.write(noTrigger); err != nil {
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
	return explain(k.brightness.write(value))
}

// Close puts the trigger and the brightness back that the LED had. Settings
// of the trigger itself, such as the rhythm of "timer", are the kernel's
// defaults again.
func (k *kernel) Close() error {
	// The brightness first: writing 0 to it removes the trigger.
	err := k.brightness.write(k.oldBrightness)
	if k.oldTrigger != "" && k.oldTrigger != noTrigger {
		err = errors.Join(err, k.trigger.write(k.oldTrigger))
	}
	return errors.Join(explain(err), k.release())
}

// release closes the files.
func (k *kernel) release() error { return errors.Join(k.brightness.close(), k.trigger.close()) }

// chosen returns the trigger in brackets in a list such as "none [mmc0] timer".
func chosen(triggers string) string {
	_, rest, _ := strings.Cut(triggers, "[")
	name, _, _ := strings.Cut(rest, "]")
	return name
}

func read(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

// heldFile is a file for values of one line, opened by the first write and open
// until close. It is opened again when a write fails: an LED that went away and
// came back is another one under the old name. That needs the rights once more.
type heldFile struct {
	path string
	file *os.File
}

func (h *heldFile) write(value string) error {
	line := []byte(value + "\n") // the kernel reads as far as that
	if h.file != nil {
		if _, err := h.file.WriteAt(line, 0); err == nil {
			return nil
		}
		h.close() // the error is told by the file that is there now
	}
	file, err := os.OpenFile(h.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	h.file = file
	_, err = file.WriteAt(line, 0)
	return err
}

func (h *heldFile) close() error {
	if h.file == nil {
		return nil
	}
	err := h.file.Close()
	h.file = nil
	return err
}

// explain adds to an error of permission what to do about it.
func explain(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run as root, or let this user write there with a udev rule", err)
	}
	return err
}
