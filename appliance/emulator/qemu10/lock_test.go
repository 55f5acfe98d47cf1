package qemu10

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"warren/appliance/image/debian"
)

var update = flag.Bool("update-lock", false, "take the versions that Debian's mirror has now")

// cacheDir is the image builder's cache.
const cacheDir = "../../../build/cache"

func TestLock(t *testing.T) {
	pins, err := debian.ParseLockFor(arch, lock)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		apt, err := request(cacheDir).OpenApt(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		newest, differences, err := pins.Newest(t.Context(), apt, debian.SnapshotOf(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range differences {
			t.Log(d)
		}
		pins, lock = newest, newest.Format()
		if err := os.WriteFile("packages.lock", lock, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if names := pins.Unpinned(); names != nil {
		t.Errorf("no version: %v", names)
	}
	if !bytes.Equal(pins.Format(), lock) {
		t.Error("it is not as -update-lock writes it")
	}
}
