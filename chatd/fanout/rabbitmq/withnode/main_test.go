package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// TestMain lets the test binary be withnode.
func TestMain(m *testing.M) {
	if os.Getenv("WARREN_TEST_WITHNODE") != "" {
		os.Unsetenv("WARREN_TEST_WITHNODE")
		main()
	}
	os.Exit(m.Run())
}

func withnode(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "WARREN_TEST_WITHNODE=1")
	cmd.Stderr = os.Stderr
	return cmd
}

func TestCode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	cmd := withnode(t, "-dir", dir, "sh", "-c", "echo $WARREN_BROKER; exit 7")
	out, err := cmd.Output()
	if err == nil || cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("ended with %v", err)
	}
	if !strings.HasPrefix(string(out), "amqp://warren:") {
		t.Errorf("WARREN_BROKER is %q", out)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	if conn, err := amqp.Dial(strings.TrimSpace(string(out))); err == nil {
		conn.Close()
		t.Error("the node is still there")
	}
}

// TestSignals interrupts withnode and its command, as a terminal does. The
// command uses the broker once more and then ends.
func TestSignals(t *testing.T) {
	cmd := withnode(t, "sh", "-c", `trap 'sleep 0.2; echo bye; exit 3' INT TERM; echo $WARREN_BROKER; while :; do sleep 0.05; done`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	url := lines.Text()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	time.Sleep(50 * time.Millisecond) // the node must outlive the signal
	if conn, err := amqp.Dial(url); err != nil {
		t.Errorf("the node has gone before the command: %v", err)
	} else {
		conn.Close()
	}
	if !lines.Scan() || lines.Text() != "bye" {
		t.Errorf("the command says %q", lines.Text())
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
}

func TestNoCommand(t *testing.T) {
	cmd := withnode(t, "/does/not/exist")
	cmd.Stderr = nil
	cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitNoStart {
		t.Errorf("exit code %d", code)
	}
}
