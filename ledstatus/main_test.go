package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// execute runs the program and returns its exit code and what it wrote.
func execute(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	files := [2]*os.File{}
	for i, name := range []string{"stdout", "stderr"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	code = run(ctx, args, files[0], files[1])
	written := [2]string{}
	for i, f := range files {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		written[i] = string(b)
	}
	return code, written[0], written[1]
}

func TestExitCodes(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string // beginnings
	}{
		{[]string{"-h"}, 0, "ledstatus blinks", ""},
		{[]string{"-version"}, 0, "ledstatus ", ""},
		{nil, 2, "", "ledstatus: -broker is missing"},
		{[]string{"-broker", broker, "-light", "blue"}, 2, "", `ledstatus: light "blue": no such light`},
		{[]string{"-broker", broker, "-light", "blue", "-wait"}, 0, "", "time="}, // one line in the log, until the signal
		{[]string{"-broker", broker, "-light", "none", "-user", "no-such-user"}, 1, "", "time="},
		// Nothing listens on port 1. The signal to end has come already.
		{[]string{"-broker", "amqp://localhost:1/", "-log-level", "error"}, 0, "", ""},
	} {
		code, stdout, stderr := execute(t, stopped, c.args...)
		if code != c.code {
			t.Errorf("%q: exit code %d, want %d", c.args, code, c.code)
		}
		if !strings.HasPrefix(stdout, c.stdout) || (stdout == "") != (c.stdout == "") {
			t.Errorf("%q: wrote %q to stdout, want %q", c.args, stdout, c.stdout)
		}
		if !strings.HasPrefix(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%q: wrote %q to stderr, want %q", c.args, stderr, c.stderr)
		}
	}
}
