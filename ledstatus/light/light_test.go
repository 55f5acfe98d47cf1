package light

import (
	"errors"
	"strings"
	"testing"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
)

// testMachine has the kernel LEDs in leds, no terminal and no GPIO lines.
func testMachine(leds string) machine {
	return machine{
		getenv: func(string) string { return "" },
		leds:   leds,
		chips:  func() ([]chip, error) { return nil, nil },
	}
}

func TestUnknownLightIsExplained(t *testing.T) {
	leds := fakeLEDs(t, "ACT", "PWR")
	for _, spec := range []string{"", "blue", "GPIO", "GPIOx", "GPIO-1", "GPIO99999999999", "17", "../ACT", "ACT/", "Terminal ", strings.Repeat("x", 1000)} {
		_, err := testMachine(leds).open(spec)
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("open(%.20q): error %v is not ErrUnknown", spec, err)
			continue
		}
		for _, want := range []string{"terminal", "none", "GPIO17", "ACT, PWR"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("open(%.20q): the error does not mention %q: %v", spec, want, err)
			}
		}
		if spec != "" && !strings.Contains(err.Error(), spec[:min(len(spec), 50)]) {
			t.Errorf("open(%.20q): the error does not name the spec: %v", spec, err)
		}
		if len(err.Error()) > 300 {
			t.Errorf("open(%.20q): the error has %d bytes", spec, len(err.Error()))
		}
	}
}

// What the host of a card is told of it.
func TestNoLED(t *testing.T) {
	for _, c := range []struct {
		leds []string
		want string
	}{
		{[]string{"ACT", "PWR"}, "There is no LED blue here: this board has ACT, PWR. The light is chosen in warren.toml."},
		{nil, "There is no LED blue here: this board has none. The light is chosen in warren.toml."},
	} {
		_, err := testMachine(fakeLEDs(t, c.leds...)).open("blue")
		var no *NoLEDError
		if !errors.As(err, &no) || no.Sentence() != c.want {
			t.Errorf("with %v: %v", c.leds, err)
		}
	}
}

func TestUnknownLightOnMachineWithoutLEDs(t *testing.T) {
	_, err := testMachine("/does/not/exist").open("ACT")
	if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "has none") {
		t.Errorf("error is %v", err)
	}
}

func TestLightsThatNobodySees(t *testing.T) {
	for _, spec := range []string{None, Terminal} { // there is no terminal
		l, err := testMachine("/does/not/exist").open(spec)
		if err != nil {
			t.Fatalf("open(%q): %v", spec, err)
		}
		if err := errors.Join(l.Set(true), l.Set(false), l.Close()); err != nil {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func TestOpenChoosesByName(t *testing.T) {
	m := testMachine(fakeLEDs(t, "ACT", "GPIO17", "terminal"))
	m.chips = func() ([]chip, error) {
		return []chip{{"pinctrl-bcm2711", []gpio.PinOut{gpio.INVALID, &gpiotest.Pin{N: "GPIO17"}}}}, nil
	}
	if l, err := m.open("gpio17"); err != nil {
		t.Errorf("gpio17: %v", err)
	} else if _, ok := l.(*gpioLight); !ok {
		t.Errorf("gpio17: opened %T", l)
	}
	if l, err := m.open("act"); err != nil {
		t.Errorf("act: %v", err)
	} else if _, ok := l.(*kernel); !ok {
		t.Errorf("act: opened %T", l)
	}
	if l, err := m.open("terminal"); err != nil {
		t.Errorf("terminal: %v", err)
	} else if _, ok := l.(*kernel); ok {
		t.Errorf("terminal: opened the kernel LED of that name")
	}
}
