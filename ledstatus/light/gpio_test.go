package light

import (
	"errors"
	"strings"
	"testing"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/conn/v3/gpio/gpiotest"
	"periph.io/x/conn/v3/pin"
)

// output is a line that must not be asked anything, as on a Pi, where that
// makes an input of it.
type output struct {
	*gpiotest.Pin
	t      *testing.T
	broken error
}

func (o *output) readBack() { o.t.Helper(); o.t.Error("the line was read back") }

func (o *output) Read() gpio.Level                  { o.readBack(); return o.Pin.Read() }
func (o *output) In(p gpio.Pull, e gpio.Edge) error { o.readBack(); return o.Pin.In(p, e) }
func (o *output) Function() string                  { o.readBack(); return o.Pin.Function() }
func (o *output) Func() pin.Func                    { o.readBack(); return o.Pin.Func() }
func (o *output) String() string                    { o.readBack(); return o.Pin.String() }

func (o *output) Out(l gpio.Level) error {
	if o.broken != nil {
		return o.broken
	}
	return o.Pin.Out(l)
}

func TestGPIO(t *testing.T) {
	line := &output{Pin: &gpiotest.Pin{N: "GPIO17", Num: 17, L: gpio.High}, t: t}
	m := testMachine("/does/not/exist")
	m.line = func(name string) (gpio.PinOut, error) {
		if name != "GPIO17" {
			t.Errorf("asked for line %q", name)
		}
		return line, nil
	}
	l, err := m.open("GPIO17")
	if err != nil {
		t.Fatal(err)
	}
	level := func(want gpio.Level, when string) {
		t.Helper()
		if got := line.Pin.Read(); got != want {
			t.Errorf("%s the line is %v, want %v", when, got, want)
		}
	}
	level(gpio.Low, "when opened")
	for _, on := range []bool{true, false, true} {
		if err := l.Set(on); err != nil {
			t.Fatal(err)
		}
		level(gpio.Level(on), "after Set")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	level(gpio.Low, "after Close")
}

func TestGPIOErrorsNameTheLine(t *testing.T) {
	line := &output{Pin: &gpiotest.Pin{N: "GPIO4"}, t: t}
	g, err := openGPIO(4, func(string) (gpio.PinOut, error) { return line, nil })
	if err != nil {
		t.Fatal(err)
	}
	line.broken = errors.New("device busy")
	if err := g.Set(true); !errors.Is(err, line.broken) || !strings.Contains(err.Error(), "GPIO4") {
		t.Errorf("error is %v", err)
	}
	if _, err := openGPIO(4, func(string) (gpio.PinOut, error) { return line, nil }); !errors.Is(err, line.broken) {
		t.Errorf("a line that cannot be driven was opened: %v", err)
	}
	line.broken = nil
	if err := g.Set(true); err != nil || line.Pin.Read() != gpio.High {
		t.Errorf("the line did not come back: %v", err)
	}
}

// The numbers are far above any machine's.
func TestGPIOLinesOfPeriph(t *testing.T) {
	line := &gpiotest.Pin{N: "GPIO9017", Num: 9017}
	if err := gpioreg.Register(line); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gpioreg.Unregister(line.N) })
	l, err := Open("gpio9017", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Set(true); err != nil || line.Read() != gpio.High {
		t.Errorf("the line is not high: %v", err)
	}
	if _, err := Open("GPIO9018", nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "GPIO9018") {
		t.Errorf("error for a line that is not there: %v", err)
	}
}
