package light

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeLEDs returns a folder like /sys/class/leds with the named LEDs.
func fakeLEDs(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, root, name+"/max_brightness", "255\n")
		put(t, root, name+"/brightness", "3\n")
		put(t, root, name+"/trigger", "none rfkill-any [mmc0] timer\n")
	}
	return root
}

func put(t *testing.T, root, file, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, file), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// expect compares the first line of a file, which is what the kernel takes.
func expect(t *testing.T, root, file, want string) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(root, file))
	line, _, _ := strings.Cut(string(got), "\n")
	if err != nil || line != want {
		t.Errorf("%s holds %q (%v), want %q", file, got, err, want)
	}
}

func TestKernelLED(t *testing.T) {
	leds := fakeLEDs(t, "ACT", "PWR")
	l, err := testMachine(leds).open("ACT")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, leds, "ACT/trigger", "none")
	expect(t, leds, "ACT/brightness", "0")
	for on, want := range map[bool]string{true: "255", false: "0"} {
		if err := l.Set(on); err != nil {
			t.Fatal(err)
		}
		expect(t, leds, "ACT/brightness", want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, leds, "ACT/trigger", "mmc0")
	expect(t, leds, "ACT/brightness", "3")
	expect(t, leds, "PWR/trigger", "none rfkill-any [mmc0] timer")
	expect(t, leds, "PWR/brightness", "3")
}

func TestKernelLEDNames(t *testing.T) {
	for _, c := range []struct {
		leds []string
		spec string
		want string
	}{
		{[]string{"ACT", "PWR"}, "act", "ACT"},
		{[]string{"ACT", "led0"}, "ACT", "ACT"},
		{[]string{"led0", "led1"}, "ACT", "led0"},
		{[]string{"led0", "led1"}, "pwr", "led1"},
		{[]string{"led0", "led1"}, "LED1", "led1"},
		{[]string{"input3::capslock"}, "Input3::CapsLock", "input3::capslock"},
		{[]string{"ACT", "PWR"}, "led0", "ACT"},
		{[]string{"ACT", "PWR"}, "LED1", "PWR"},
		{[]string{"ACT", "led0"}, "led0", "led0"},
		{[]string{"ACT"}, "led1", ""},
		{[]string{"ACT"}, "led2", ""},
		{[]string{"mmc0::"}, "led0", ""},
		{[]string{"ACT"}, "AC", ""},
		{nil, "ACT", ""},
	} {
		got, ok := findLED(fakeLEDs(t, c.leds...), c.spec)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q among %q: found %q, %v; want %q", c.spec, c.leds, got, ok, c.want)
		}
	}
}

func TestKernelLEDBrightness(t *testing.T) {
	leds := fakeLEDs(t, "ACT")
	put(t, leds, "ACT/max_brightness", "1\n")
	l, err := testMachine(leds).open("ACT")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Set(true); err != nil {
		t.Fatal(err)
	}
	expect(t, leds, "ACT/brightness", "1")

	for _, wrong := range []string{"", "0\n", "-1\n", "bright\n"} {
		put(t, leds, "ACT/max_brightness", wrong)
		if _, err := testMachine(leds).open("ACT"); err == nil || !strings.Contains(err.Error(), "max_brightness") {
			t.Errorf("max_brightness %q: error is %v", wrong, err)
		}
	}
}

func TestKernelLEDWithoutTriggers(t *testing.T) {
	leds := fakeLEDs(t, "ACT")
	os.Remove(filepath.Join(leds, "ACT/trigger"))
	l, err := testMachine(leds).open("ACT")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(leds, "ACT/trigger")); err == nil {
		t.Error("a trigger file was made up")
	}
}

func TestKernelLEDWithNoTriggerChosen(t *testing.T) {
	leds := fakeLEDs(t, "ACT")
	put(t, leds, "ACT/trigger", "[none] mmc0\n")
	l, err := testMachine(leds).open("ACT")
	if err != nil {
		t.Fatal(err)
	}
	l.Set(true)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, leds, "ACT/trigger", "none")
	expect(t, leds, "ACT/brightness", "3")
}

// A process that has given up root's rights cannot open the files any more. Here
// their folder is moved away: whoever opens one by its name does not find it.
func TestKernelLEDIsHeld(t *testing.T) {
	leds := fakeLEDs(t, "ACT")
	l, err := testMachine(leds).open("ACT")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(leds, "ACT"), filepath.Join(leds, "away")); err != nil {
		t.Fatal(err)
	}
	if err := l.Set(true); err != nil {
		t.Error(err)
	}
	expect(t, leds, "away/brightness", "255")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	expect(t, leds, "away/brightness", "3")
	expect(t, leds, "away/trigger", "mmc0")
}

func TestKernelLEDComesBack(t *testing.T) {
	leds := fakeLEDs(t, "ACT")
	l, err := testMachine(leds).open("ACT")
	if err != nil {
		t.Fatal(err)
	}
	away := filepath.Join(leds, "away")
	if err := os.Rename(filepath.Join(leds, "ACT"), away); err != nil {
		t.Fatal(err)
	}
	l.(*kernel).brightness.file.Close() // the kernel fails writes to an LED that is gone (ENODEV)
	if err := l.Set(true); err == nil {
		t.Error("no error from an LED that is gone")
	}
	if err := os.Rename(away, filepath.Join(leds, "ACT")); err != nil {
		t.Fatal(err)
	}
	if err := l.Set(true); err != nil {
		t.Error(err)
	}
	expect(t, leds, "ACT/brightness", "255")
}

func TestPermissionErrorSaysWhatToDo(t *testing.T) {
	err := explain(&fs.PathError{Op: "open", Path: "/sys/class/leds/ACT/trigger", Err: fs.ErrPermission})
	for _, want := range []string{"/sys/class/leds/ACT/trigger", "run as root", "udev"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not mention %q", err, want)
		}
	}
}
