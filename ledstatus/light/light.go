// Package light is what can be lit: a lamp drawn in the terminal, an LED that
// the kernel knows, or an LED on a GPIO line.
package light

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A Light is on or off. Open returns it off. Its methods are called from one
// goroutine at a time, and Set never after Close.
type Light interface {
	// Set turns the light on or off. After an error the light is in either
	// state, and Set may be called again: what was in the way may be gone.
	Set(on bool) error

	// Close gives the light back as it was found, or off where that cannot
	// be known.
	Close() error
}

// A Captioned light can show a line of text beside it.
type Captioned interface {
	Light

	// Caption shows text from now on. Control characters in it are dropped,
	// and it is cut where the line ends.
	Caption(text string)
}

// Names of lights that are no hardware.
const (
	Terminal = "terminal" // drawn in the terminal
	None     = "none"     // no light at all
)

// ErrUnknown reports a spec that names no light this machine has.
var ErrUnknown = errors.New("no such light")

// Open opens the light that spec names:
//
//   - "terminal": a lamp in the last line of tty. Where tty is not a terminal
//     (a file, a pipe, nil) this is a light that nobody sees.
//   - "GPIO17" or another number: an LED on that line of a Raspberry Pi's header, on
//     when the line is high.
//   - "none": a light that nobody sees.
//   - anything else: the kernel's LED of that name, in upper or lower case, such
//     as "ACT" or "PWR" on a Raspberry Pi. See /sys/class/leds.
//
// The error says what is wrong and what would be right. It is ErrUnknown if
// this machine has no such light; any other means that the light is there but
// cannot be used.
func Open(spec string, tty *os.File) (Light, error) {
	return machine{tty: tty, getenv: os.Getenv, leds: "/sys/class/leds", chips: kernelChips}.open(spec)
}

// machine is what the lights are opened on: this one, or a test's.
type machine struct {
	tty    *os.File
	getenv func(string) string
	leds   string // the folder of the kernel's LEDs
	chips  func() ([]chip, error)
}

func (m machine) open(spec string) (Light, error) {
	switch number, isGPIO := gpioNumber(spec); {
	case spec == Terminal:
		return openTerminal(m.tty, m.getenv), nil
	case spec == None:
		return nobody{}, nil
	case isGPIO:
		return openGPIO(number, m.chips)
	}
	name, ok := findLED(m.leds, spec)
	if !ok {
		return nil, &NoLEDError{Spec: spec, There: kernelLEDs(m.leds)}
	}
	return openKernel(m.leds, name)
}

// NoLEDError reports a spec that names no LED this machine has, nor any other light.
// It is ErrUnknown.
type NoLEDError struct {
	Spec  string
	There []string // the LEDs that it has, sorted
}

func (e *NoLEDError) Error() string {
	return fmt.Sprintf("light %.50q: %v; it must be %s, %s, GPIO and a number such as GPIO17, or an LED of this machine, which has %s",
		e.Spec, ErrUnknown, Terminal, None, e.there())
}

// Is implements errors.Is.
func (e *NoLEDError) Is(target error) bool { return target == ErrUnknown }

// Sentence says it to the host of a card.
func (e *NoLEDError) Sentence() string {
	return fmt.Sprintf("There is no LED %.50s here: this board has %s. The light is chosen in warren.toml.", e.Spec, e.there())
}

// there says in words which LEDs there are.
func (e *NoLEDError) there() string {
	if len(e.There) == 0 {
		return "none"
	}
	return strings.Join(e.There, ", ")
}

// nobody is a light that nobody sees.
type nobody struct{}

func (nobody) Set(bool) error { return nil }
func (nobody) Close() error   { return nil }
