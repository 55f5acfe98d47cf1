package daemon

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// start parses args as a daemon of two flags would.
func start(args ...string) (rate float64, exit int, run bool, stdout, stderr string) {
	f := NewFlags("burrowd", "burrowd digs.")
	rate = 5
	Number(f, &rate, "dig-rate", 0, 100, "how many `HOLES` a second")
	where := f.String("where", "here", "the `PLACE` to dig")
	var out, errs bytes.Buffer
	exit, run = f.Parse(args, &out, &errs, func() error {
		if *where == "" {
			return errors.New("-where is empty: it must be a place")
		}
		return nil
	})
	return rate, exit, run, out.String(), errs.String()
}

func TestFlagsAndEnvironment(t *testing.T) {
	t.Setenv("WARREN_DIG_RATE", "7.5")
	if rate, _, run, _, _ := start(); rate != 7.5 || !run {
		t.Errorf("the environment gives %v", rate)
	}
	if rate, _, run, _, _ := start("-dig-rate", "0"); rate != 0 || !run {
		t.Errorf("the flag gives %v", rate)
	}
}

func TestConfigFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	if _, exit, run, _, stderr := start("-config", path); run || exit != ExitUsage || !strings.Contains(stderr, path) {
		t.Errorf("without the file: exit %d, said %q", exit, stderr)
	}
	os.WriteFile(path, []byte(`{"dig-rate": "9", "where": "there"}`), 0o600)
	if rate, _, run, _, stderr := start("-config", path); rate != 9 || !run {
		t.Errorf("the file gives %v, said %q", rate, stderr)
	}
	if rate, _, run, _, _ := start("-config", path, "-dig-rate", "8"); rate != 8 || !run {
		t.Errorf("the flag gives %v", rate)
	}
	os.WriteFile(path, []byte(`{"dig-rate": "many"}`), 0o600)
	if _, exit, run, _, stderr := start("-config", path); run || exit != ExitUsage || !strings.Contains(stderr, "dig-rate") {
		t.Errorf("a wrong value: exit %d, said %q", exit, stderr)
	}
}

func TestWrongCallsAreExplained(t *testing.T) {
	for _, test := range []struct{ arg, names, right string }{
		{"-dig-rate=many", "-dig-rate", "a number from 0 to 100"},
		{"-dig-rate=101", "-dig-rate", "a number from 0 to 100"},
		{"-dig-rate=NaN", "-dig-rate", "a number from 0 to 100"},
		{"-where=", "-where", "must be a place"},
		{"-log-level=loud", "-log-level", "debug, info, warn or error"},
		{"-nonsense", "-nonsense", "-h explains"},
		{"dig", `"dig"`, "flags begin with -"},
	} {
		_, exit, run, stdout, stderr := start(test.arg)
		if run || exit != ExitUsage || stdout != "" || !strings.Contains(stderr, test.names) || !strings.Contains(stderr, test.right) {
			t.Errorf("%s: exit %d, said %q", test.arg, exit, stderr)
		}
	}
	t.Setenv("WARREN_DIG_RATE", "x")
	if _, exit, _, _, stderr := start(); exit != ExitUsage || !strings.Contains(stderr, "WARREN_DIG_RATE") {
		t.Errorf("exit %d, said %q", exit, stderr)
	}
}

func TestHelpNamesEachVariable(t *testing.T) {
	_, exit, run, stdout, stderr := start("-h")
	if run || exit != ExitOK || stderr != "" {
		t.Errorf("exit %d, said %q", exit, stderr)
	}
	for line := range strings.Lines(stdout) {
		if len(line) > helpWidth+1 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
	for _, want := range []string{"burrowd digs.", "-dig-rate HOLES", "WARREN_DIG_RATE", "(default 5)", "WARREN_LOG_LEVEL"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("help lacks %q:\n%s", want, stdout)
		}
	}
	if _, _, run, stdout, _ := start("-version"); run || !strings.HasPrefix(stdout, "burrowd ") {
		t.Errorf("version is %q", stdout)
	}
}

// gokrazy does not start a program again that exits with 0.
func TestForever(t *testing.T) {
	for _, err := range []error{nil, context.Canceled, errors.New("the card is gone")} {
		var said bytes.Buffer
		code := NewFlags("burrowd", "").Forever(t.Context(), "burrowd", slog.New(slog.NewTextHandler(&said, nil)), func(context.Context) error { return err })
		if code == ExitOK {
			t.Errorf("after %v it exits with 0", err)
		}
		asked := err == nil || errors.Is(err, context.Canceled)
		if asked != strings.Contains(said.String(), "burrowd has ended") || !asked && !strings.Contains(said.String(), err.Error()) {
			t.Errorf("after %v it says %s", err, &said)
		}
	}
}
