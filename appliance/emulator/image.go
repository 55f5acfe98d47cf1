package emulator

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// ImageForTest returns the image that tests boot: the file that WARREN_TEST_IMAGE
// names, or build/warren.img, which is built when it is first asked for in a
// process; that is quick if there is nothing to do.
func ImageForTest(t testing.TB) string {
	t.Helper()
	if image := os.Getenv("WARREN_TEST_IMAGE"); image != "" {
		return image
	}
	image, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return image
}

var built = sync.OnceValues(func() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w", err)
	}
	checkout := filepath.Dir(strings.TrimSpace(string(mod)))
	image := filepath.Join(checkout, "build", "warren.img")
	build := exec.Command("go", "run", "./appliance/image", "-o", image)
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the image cannot be built: %w\n%s", err, out)
	}
	return image, nil
})
