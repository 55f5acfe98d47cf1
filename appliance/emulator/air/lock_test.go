package air

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"warren/appliance/image/debian"
)

var update = flag.Bool("update-lock", false, "take the versions that Debian's mirror has now")

// cacheDir is the image builder's cache.
const cacheDir = "../../../build/cache"

func TestLock(t *testing.T) {
	if *update {
		if err := os.MkdirAll(cacheDir, 0o755); err != nil {
			t.Fatal(err)
		}
		newer, err := updateLock(t.Context(), cacheDir)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("packages.lock", newer, 0o644); err != nil {
			t.Fatal(err)
		}
		lock = newer
	}
	packages, err := debian.ParseLock(lock)
	if err != nil {
		t.Fatal(err)
	}
	if names := debian.Unpinned(packages); names != nil {
		t.Errorf("no version: %v", names)
	}
	if !bytes.Equal(debian.FormatLock(lock, packages), lock) {
		t.Error("it is not as -update-lock writes it")
	}
	kernels := 0
	for _, p := range packages {
		if strings.HasPrefix(p.Name, kernelPrefix) {
			kernels++
		}
	}
	if kernels != 1 {
		t.Errorf("%d kernels: want one", kernels)
	}
}
