package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPinned starts a program that starts another: both run on one processor, and
// this one as before.
func TestPinned(t *testing.T) {
	var before, after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "status")
	p, err := StartPinned(exec.Command("sh", "-c", "cat /proc/self/status >"+out))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Ended
	status, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(status), "Cpus_allowed_list:")
	list, _, _ = strings.Cut(list, "\n")
	if list = strings.TrimSpace(list); list == "" || strings.ContainsAny(list, ",-") {
		t.Errorf("pinned, it may run on the processors %q", list)
	}
	for range 100 { // threads
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := unix.SchedGetaffinity(0, &after); err != nil || after != before {
				t.Errorf("this process itself may run on %d processors now, not %d (%v)", after.Count(), before.Count(), err)
			}
		}()
		<-done
	}
}
