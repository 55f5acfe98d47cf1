package light

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"periph.io/x/conn/v3/gpio"
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
	other := &gpiotest.Pin{N: "GPIO1"}
	m.chips = func() ([]chip, error) { return []chip{{"pinctrl-bcm2711", []gpio.PinOut{other, line}}}, nil }
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
	chips := func() ([]chip, error) { return []chip{{"pinctrl-rp1", []gpio.PinOut{line}}}, nil }
	g, err := openGPIO(4, chips)
	if err != nil {
		t.Fatal(err)
	}
	line.broken = errors.New("device busy")
	if err := g.Set(true); !errors.Is(err, line.broken) || !strings.Contains(err.Error(), "GPIO4") {
		t.Errorf("error is %v", err)
	}
	if _, err := openGPIO(4, chips); !errors.Is(err, line.broken) {
		t.Errorf("a line that cannot be driven was opened: %v", err)
	}
	line.broken = nil
	if err := g.Set(true); err != nil || line.Pin.Read() != gpio.High {
		t.Errorf("the line did not come back: %v", err)
	}
}

// header makes a chip with lines of these names.
func header(label string, names ...string) chip {
	c := chip{label: label}
	for _, name := range names {
		c.lines = append(c.lines, &gpiotest.Pin{N: name})
	}
	return c
}

// A line is found by its name on the chip of the header, whatever other chips of
// the board call theirs.
func TestHeaderLine(t *testing.T) {
	expander := header("raspberrypi-exp-gpio", "BT_ON", "GPIO17", "GPIO40")
	for label, names := range map[string][]string{
		"pinctrl-bcm2835": {"ID_SDA", "ID_SCL", "GPIO2", "GPIO17", "LAN_RUN"}, // Pi 3B
		"pinctrl-bcm2711": {"ID_SDA", "ID_SCL", "GPIO2", "GPIO17", "RGMII_MDIO"},
		"pinctrl-rp1":     {"ID_SDA", "ID_SCL", "GPIO2", "GPIO17", "PCIE_RP1_WAKE", "-", ""}, // Pi 5
	} {
		chips := []chip{expander, header(label, names...)}
		for number, want := range map[int]string{17: "GPIO17", 2: "GPIO2", 0: "ID_SDA", 1: "ID_SCL"} {
			line, err := headerLine(chips, number)
			if err != nil || line.Name() != want || !slices.Contains(chips[1].lines, line) {
				t.Errorf("%s: GPIO%d is %v, %v", label, number, line, err)
			}
		}
		for _, number := range []int{40, 3} {
			if line, err := headerLine(chips, number); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "GPIO2 to GPIO17") {
				t.Errorf("%s: GPIO%d is %v, %v", label, number, line, err)
			}
		}
	}
	if line, err := headerLine([]chip{expander}, 17); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "no GPIO lines of a Raspberry Pi") {
		t.Errorf("on a board without a header: %v, %v", line, err)
	}
	// An older kernel calls the first two by their numbers, too.
	if line, err := headerLine([]chip{header("pinctrl-bcm2835", "GPIO0", "GPIO1")}, 1); err != nil || line.Name() != "GPIO1" {
		t.Errorf("GPIO1 is %v, %v", line, err)
	}
}

// What the driver says itself is told, where no line is found.
func TestGPIODriverFails(t *testing.T) {
	broken := errors.New("open /dev/gpiochip0: permission denied")
	_, err := openGPIO(17, func() ([]chip, error) { return nil, broken })
	if !errors.Is(err, ErrUnknown) || !errors.Is(err, broken) || !strings.Contains(err.Error(), "GPIO17") {
		t.Error(err)
	}
}

// TestNothingMapsRegisters: the drivers that map the registers of a Pi through
// /dev/mem take a Pi 5 for a Pi 4 and write over its memory. None is linked into
// what opens lights, on either architecture that Pis have.
func TestNothingMapsRegisters(t *testing.T) {
	for _, arch := range []string{"arm64", "arm"} {
		cmd := exec.Command("go", "list", "-deps", "warren/ledstatus", "warren/chatd")
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		linked := strings.Fields(string(out))
		if !slices.Contains(linked, "periph.io/x/host/v3/gpioioctl") {
			t.Errorf("%s: the driver of the character device is not linked", arch)
		}
		for _, pkg := range linked {
			if strings.HasPrefix(pkg, "periph.io/x/host/") && !strings.HasSuffix(pkg, "/gpioioctl") {
				t.Errorf("%s: %s is linked", arch, pkg)
			}
		}
	}
}
