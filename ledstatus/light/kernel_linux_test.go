package light

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// The brightness must be put back before the trigger: the kernel drops the
// trigger when 0 is written to the brightness.
func TestKernelLEDIsPutBackInOrder(t *testing.T) {
	leds := fakeLEDs(t, "ACT")
	put(t, leds, "ACT/brightness", "0\n")
	k, err := openKernel(leds, "ACT")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	names := make(map[uint32]string)
	for _, name := range []string{"brightness", "trigger"} {
		watch, err := unix.InotifyAddWatch(fd, filepath.Join(leds, "ACT", name), unix.IN_MODIFY)
		if err != nil {
			t.Fatal(err)
		}
		names[uint32(watch)] = name
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1024)
	n, err := unix.Read(fd, b)
	if err != nil {
		t.Fatal(err)
	}
	var written string
	for b = b[:n]; len(b) > 0; b = b[unix.SizeofInotifyEvent:] {
		written += names[binary.NativeEndian.Uint32(b)] + " "
	}
	if written != "brightness trigger " {
		t.Errorf("written in the order %s: the trigger must be the last", written)
	}
	expect(t, leds, "ACT/brightness", "0")
	expect(t, leds, "ACT/trigger", "mmc0")
}
