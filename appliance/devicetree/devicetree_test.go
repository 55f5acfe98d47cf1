package devicetree

import (
	_ "embed"
	"slices"
	"testing"
)

// small is what dtc makes of small.dts: dtc -I dts -O dtb -o small.dtb small.dts.
//
//go:embed testdata/small.dtb
var small []byte

func TestParse(t *testing.T) {
	root, err := Parse(small)
	if err != nil {
		t.Fatal(err)
	}
	if got := root.Strings("compatible"); !slices.Equal(got, []string{"raspberrypi,test", "brcm,test"}) {
		t.Errorf("compatible: %q", got)
	}
	if got := root.BootArguments(); got != "cgroup_disable=memory a=b" {
		t.Errorf("boot arguments: %q", got)
	}
	var running []string
	for n := range root.Running() {
		running = append(running, n.Name)
	}
	if want := []string{"", "chosen", "soc", "gpio@7e200000", "on", "wifi@2"}; !slices.Equal(running, want) {
		t.Errorf("switched on: %q", running)
	}
	gpio := root.Child("soc").Child("gpio@7e200000")
	if got := gpio.Strings("gpio-line-names"); !slices.Equal(got, []string{"ID_SDA", "", "GPIO2"}) {
		t.Errorf("lines: %q", got)
	}
	if got := gpio.Cells("reg"); !slices.Equal(got, []uint32{0x7e200000, 0xb4}) {
		t.Errorf("reg: %x", got)
	}
	if root.Child("none") != nil || root.String("none") != "" || root.Strings("none") != nil {
		t.Error("what is not there is there")
	}
}

// A tree that is cut off anywhere is an error.
func TestCutOff(t *testing.T) {
	for size := range small {
		if _, err := Parse(small[:size]); err == nil {
			t.Fatalf("of %d bytes, %d are a tree", len(small), size)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\xd0\x0d\xfe\xed"))
	f.Add(small)
	f.Fuzz(func(t *testing.T, dtb []byte) {
		root, err := Parse(dtb)
		if err != nil {
			return
		}
		for n := range root.Running() {
			for name := range n.Properties {
				n.Strings(name)
				n.Cells(name)
			}
		}
	})
}
