package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("WARREN_SUPERVISE_PARENT"); dir != "" {
		parent(dir)
	}
	goleak.VerifyTestMain(m)
}

// script returns a program that runs lines of shell.
func script(t *testing.T, text string) Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return Program{Path: path, Log: func(string) {}, Patience: 5 * time.Second}
}

func TestEndsByItself(t *testing.T) {
	var said []string
	p := script(t, `echo one; echo two >&2; printf 'last'; exit 3`)
	p.Log = func(line string) { said = append(said, line) }
	var exit *exec.ExitError
	if err := p.Run(t.Context()); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("exit 3: %v", err)
	}
	if got := strings.Join(said, "|"); got != "one|two|last" {
		t.Errorf("said %q", got)
	}
	if err := script(t, `exit 0`).Run(t.Context()); err != nil {
		t.Errorf("exit 0: %v", err)
	}
	if err := (Program{Path: "/does/not/exist", Log: func(string) {}}).Run(t.Context()); err == nil {
		t.Error("a program that is not there runs")
	}
}

func TestEndsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := script(t, `trap 'echo bye; exit 1' TERM; echo ready; while :; do sleep 0.01; done`)
	var said []string
	p.Log = func(line string) {
		said = append(said, line)
		cancel()
	}
	if err := p.Run(ctx); err != nil || strings.Join(said, "|") != "ready|bye" {
		t.Errorf("%v, said %q", err, said)
	}
}

func TestIsKilledWhenItHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := script(t, `trap '' TERM; echo ready; while :; do sleep 0.01; done`)
	p.Log = func(string) { cancel() }
	p.Patience = 100 * time.Millisecond
	forced := false
	p.Force = func() { forced = true }
	if err := p.Run(ctx); !errors.Is(err, ErrKilled) || !forced {
		t.Errorf("%v, forced %v", err, forced)
	}
}

// TestOutputHeldOpen runs a program that leaves a child behind with its output.
func TestOutputHeldOpen(t *testing.T) {
	p := script(t, `sleep 5 & exit 0`)
	begin := time.Now()
	if err := p.Run(t.Context()); err != nil {
		t.Error(err)
	}
	if d := time.Since(begin); d > drainTime+2*time.Second {
		t.Errorf("it took %v", d)
	}
}

// TestFlood writes more than the log takes while the log stands still.
func TestFlood(t *testing.T) {
	const flood = 20000
	release := make(chan struct{})
	var got int
	var note string
	p := script(t, fmt.Sprintf(`i=0; while [ $i -lt %d ]; do echo "line $i"; i=$((i+1)); done; echo over >%s; sleep 0.3; echo end`,
		flood, filepath.Join(t.TempDir(), "over")))
	p.Log = func(line string) {
		<-release
		got++
		if strings.Contains(line, "missing") {
			note = line
		}
	}
	time.AfterFunc(500*time.Millisecond, func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.Run(ctx); err != nil || ctx.Err() != nil {
		t.Fatalf("%v, %v", err, ctx.Err())
	}
	if got == 0 || got > flood {
		t.Errorf("%d lines", got)
	}
	t.Logf("%d of %d lines, %q", got, flood, note)
}

func TestLines(t *testing.T) {
	stop, got := make(chan struct{}), []string{}
	l := newLines(func(line string) {
		<-stop
		got = append(got, line)
	})
	for _, s := range []string{"a", "b\r\n\n", strings.Repeat("x", 3*maxLine), "y\nc\n"} {
		if n, err := l.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	for i := range maxLines + 10 {
		fmt.Fprintln(l, i)
	}
	close(stop)
	// Now there is room again, and what is missing is said.
	for len(l.queue) > 0 {
		time.Sleep(time.Millisecond)
	}
	fmt.Fprint(l, "d")
	l.close()
	if got[0] != "ab" || got[1] != strings.Repeat("x", maxLine)+"…" || got[2] != "c" {
		t.Errorf("lines are %.40q", got[:3])
	}
	if n := len(got); !strings.Contains(got[n-2], "lines are missing") || got[n-1] != "d" || n > maxLines+3 {
		t.Errorf("%d lines, the last %.40q", n, got[n-2:])
	}
	l.Write([]byte("too late\n")) // must not panic
}

func TestBackoff(t *testing.T) {
	var b Backoff
	want := []time.Duration{1, 2, 4, 8, 16, 30, 30}
	for i, w := range want {
		if d := b.Pause(); d != w*time.Second {
			t.Errorf("pause %d is %v", i, d)
		}
	}
	b.Reset()
	if d := b.Pause(); d != time.Second {
		t.Errorf("after a reset it is %v", d)
	}
}

// TestDiesWithParent kills a process that runs a program.
func TestDiesWithParent(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WARREN_SUPERVISE_PARENT="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for deadline := time.Now().Add(10 * time.Second); pid == 0; time.Sleep(10 * time.Millisecond) {
		b, _ := os.ReadFile(filepath.Join(dir, "pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
		if time.Now().After(deadline) {
			t.Fatal("the program does not start")
		}
	}
	time.Sleep(100 * time.Millisecond) // other goroutines come and go: the thread must stay
	if syscall.Kill(pid, 0) != nil {
		t.Fatal("the program ended while its parent lived")
	}
	cmd.Process.Kill()
	cmd.Wait()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if zombie(pid) {
			break // nobody waits for it here
		}
		if time.Now().After(deadline) {
			t.Fatal("the program outlives its parent")
		}
	}
}

func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

func parent(dir string) {
	text := "#!/bin/sh\ntrap 'exit 0' TERM\necho $$ >" + dir + "/new; mv " + dir + "/new " + dir + "/pid\nwhile :; do sleep 0.01; done\n"
	path := filepath.Join(dir, "program")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		os.Exit(1)
	}
	Program{Path: path, Log: func(string) {}, Patience: time.Second}.Run(context.Background())
	os.Exit(0)
}
