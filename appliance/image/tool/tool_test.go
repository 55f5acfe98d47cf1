package tool

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCheckNamesWhatIsMissing(t *testing.T) {
	packages["no-such-program"] = "some-package"
	defer delete(packages, "no-such-program")
	err := Check()
	if err == nil {
		t.Fatal("nothing is missing")
	}
	for _, want := range []string{"no-such-program", "sudo apt-get install ", "some-package", "make image CONTAINER=podman"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwithout %q", err, want)
		}
	}
}

// TestContainerHasAll is about who builds in a container because programs are
// missing: they must not be missing there.
func TestContainerHasAll(t *testing.T) {
	container, err := os.ReadFile("../../../Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	installed := strings.Fields(string(container))
	for program, pkg := range packages {
		if !slices.Contains(installed, pkg) {
			t.Errorf("the Containerfile does not install %s, which has %s", pkg, program)
		}
	}
	gomod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(gomod)
	if version == nil || !strings.Contains(string(container), "golang:"+string(version[1])+"-") {
		t.Errorf("the Containerfile is not made from Go's version in go.mod, %s", version)
	}
}

func TestRun(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1")
	out, err := Run(context.Background(), "sh", "-c", "echo $TZ $SOURCE_DATE_EPOCH")
	if err != nil || out != "UTC\n" {
		t.Errorf("%q, %v", out, err)
	}
	_, err = Run(context.Background(), "sh", "-c", "seq 20 >&2; exit 3")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.HasSuffix(err.Error(), "\n  20") || strings.Contains(err.Error(), "\n  12\n") {
		t.Error(err)
	}
	if _, err := Run(context.Background(), "no-such-program"); err == nil || !strings.Contains(err.Error(), "does not have no-such-program") {
		t.Error(err)
	}
}

func TestStream(t *testing.T) {
	read := func(err error) func(io.Reader) error {
		return func(out io.Reader) error {
			io.ReadFull(out, make([]byte, 4))
			return err
		}
	}
	mine := errors.New("mine")
	for _, test := range []struct {
		script string
		err    error
		want   string
	}{
		{"seq 100000", nil, ""},
		{"seq 100000", mine, "mine"},
		{"echo long >&2; exit 1", nil, "long"},
	} {
		_, err := Command{Program: "sh", Args: []string{"-c", test.script}, Stdout: read(test.err)}.Run(context.Background())
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.script, err, test.want)
		}
	}
}
