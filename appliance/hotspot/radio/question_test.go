package radio

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUndisturbed: while the kernel is asked, a signal waits until it has answered.
func TestUndisturbed(t *testing.T) {
	var q question
	status, err := ask(t.Context(), &q, func() (string, error) {
		if err := unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGURG); err != nil {
			return "", err
		}
		status, err := os.ReadFile("/proc/thread-self/status")
		return string(status), err
	})
	if err != nil {
		t.Fatal(err)
	}
	// proc_pid_status(5): signals that wait for this thread; SIGURG is 23.
	if !strings.Contains(status, "SigPnd:\t0000000000400000\n") {
		t.Errorf("it does not wait: %s", status)
	}
	_, err = ask(t.Context(), &q, func() (int, error) { return 0, nil })
	if err != nil {
		t.Errorf("the next question: %v", err)
	}
}
