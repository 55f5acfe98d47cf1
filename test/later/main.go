// Command later runs a command in which all that Go builds has its clock some
// years ahead:
//
//	go run ./test/later -years 5 go test -short ./...
//
// What breaks on a date breaks today, then. faketime(1) cannot do that: it is a
// library in front of libc, and Go asks the kernel itself. So Go is told to build
// with another time.go in the place of its own, with one line changed. Timers and
// deadlines stay as they are: they count from the start of the machine.
//
// Programs that are not Go's, and the times of files, are as today.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// yearsVariable tells the command how far its clock is ahead, so that a test can
// see whether it is (TestClock).
const yearsVariable = "WARREN_YEARS_LATER"

func main() {
	years := flag.Int("years", 1, "how far the clock is ahead")
	dir := flag.String("dir", "build/later", "where the changed time.go is kept")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: later [flags] command...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, *years, *dir, flag.Args())
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		os.Exit(exit.ExitCode()) // it has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "later:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, years int, dir string, command []string) error {
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("asking go where it is: %w", err)
	}
	overlay, err := writeOverlay(filepath.Join(strings.TrimSpace(string(goroot)), "src/time/time.go"), dir, years)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	// What tests build themselves is built likewise.
	cmd.Env = append(os.Environ(),
		"GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay),
		yearsVariable+"="+strconv.Itoa(years))
	return cmd.Run()
}

// writeOverlay writes a time.go that is years ahead of that of timeGo, and the
// file that makes Go build with it (go help build, -overlay). It returns the
// path of the latter.
func writeOverlay(timeGo, dir string, years int) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(timeGo)
	if err != nil {
		return "", err
	}
	now := time.Now()
	changed, err := ahead(string(source), now.AddDate(years, 0, 0).Sub(now))
	if err != nil {
		return "", fmt.Errorf("%s: %w", timeGo, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	here := filepath.Join(dir, "time.go")
	if err := os.WriteFile(here, []byte(changed), 0o644); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{timeGo: here}})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, overlay, 0o644)
}

// ahead returns the source of time.go with Now that much later.
func ahead(source string, by time.Duration) (string, error) {
	const reading = "\nfunc Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(source, reading) != 1 {
		return "", errors.New("this version of Go reads the clock in another way: see time.Now there, and mend test/later")
	}
	return strings.Replace(source, reading, fmt.Sprintf("%s\tsec += %d\n", reading, int64(by.Seconds())), 1), nil
}
