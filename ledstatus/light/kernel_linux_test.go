package light

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// The brightness must be put back before the trigger: the kernel drops the
// trigger when 0 is written to the brightness. Here both are one pipe, in
// which the order is seen.
func TestKernelLEDIsPutBackInOrder(t *testing.T) {
	leds := fakeLEDs(t, "ACT")
	put(t, leds, "ACT/brightness", "0\n")
	k, err := openKernel(leds, "ACT")
	if err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(leds, "ACT", "journal")
	if err := unix.Mkfifo(journal, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(journal, os.O_RDONLY|unix.O_NONBLOCK, 0) // without waiting for a writer
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, file := range []string{"brightness", "trigger"} {
		path := filepath.Join(leds, "ACT", file)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(journal, path); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := r.Read(b)
	if err != nil || string(b[:n]) != "0mmc0" {
		t.Errorf("written: %q (%v), want the brightness 0, then mmc0", b[:n], err)
	}
}
