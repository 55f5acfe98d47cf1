package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"warren/chatd/fanout/rabbitmq/node"
)

// TestMain lets the test binary be withcluster.
func TestMain(m *testing.M) {
	if os.Getenv("WARREN_TEST_WITHCLUSTER") != "" {
		os.Unsetenv("WARREN_TEST_WITHCLUSTER")
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestShow starts it, kills a node as it says, and ends it as a terminal does.
func TestShow(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	chatd := filepath.Join(t.TempDir(), "chatd")
	if out, err := exec.Command("go", "build", "-o", chatd, "warren/chatd").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	port, err := node.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-rest", "1s", "-port", fmt.Sprint(port), chatd)
	cmd.Env = append(os.Environ(), "WARREN_TEST_WITHCLUSTER=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	// await returns the line with this text.
	await := func(text string) string {
		t.Helper()
		timeout := time.After(2 * time.Minute)
		for {
			select {
			case line, ok := <-lines:
				if strings.Contains(line, text) {
					return line
				}
				if !ok {
					t.Fatalf("it ends without %q", text)
				}
			case <-timeout:
				t.Fatalf("it does not say %q", text)
			}
		}
	}
	var pid int
	line := await("node 2, which dies of")
	if _, err := fmt.Sscanf(line[strings.LastIndex(line, " ")+1:], "%d", &pid); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	ready(t, port)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await("Node 2 is dead")
	await("Node 2 is up again")
	ready(t, port)

	syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	for range lines {
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(-cmd.Process.Pid, 0); err == nil {
		t.Error("processes are left behind")
	}
}

// ready waits until all three chatd have reached the exchange.
func ready(t *testing.T, port int) {
	t.Helper()
	for i := range 3 {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", port+i))
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					break
				}
			}
			if time.Now().After(deadline) {
				t.Fatalf("the chatd at port %d is not ready: %v", port+i, err)
			}
		}
	}
}
