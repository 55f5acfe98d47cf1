package daemon

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// somebody is a user that every Debian has, with as few rights as can be.
const somebody = "nobody"

// become builds a program that calls Become, as the card's programs are built.
func become(t *testing.T) program {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can give its rights up: run this test as root")
	}
	// A folder that others may enter: the program runs as somebody else.
	bin := filepath.Join(openDir(t), "become")
	build := exec.Command("go", "build", "-o", bin, "./testdata/become")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program(bin)
}

// program is the path of one.
type program string

func (p program) run(args ...string) (string, error) {
	out, err := exec.Command(string(p), args...).CombinedOutput()
	return string(out), err
}

// as runs the program as another user.
func (p program) as(u *user.User, args ...string) (string, error) {
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	cmd := exec.Command(string(p), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func lookup(t *testing.T) *user.User {
	t.Helper()
	u, err := user.Lookup(somebody)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// openDir is a temporary folder that everybody may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBecome(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what needs root")
	}
	bin, u := become(t), lookup(t)
	gid, _ := strconv.Atoi(u.Gid)
	dir := openDir(t)
	for name, file := range map[string]struct {
		mode os.FileMode
		gid  int
	}{"secret": {0o600, 0}, "root's": {0o640, 0}, "broker.url": {0o640, gid}} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("hi"), file.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, 0, file.gid); err != nil {
			t.Fatal(err)
		}
	}
	out, err := bin.run(somebody, filepath.Join(dir, "secret"), filepath.Join(dir, "root's"), filepath.Join(dir, "broker.url"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`open "hi" <nil>`, // what was open stays open
		`read secret "" true`, `read root's "" true`, `read broker.url "hi" false`,
		"again false false false",
	} {
		if !strings.Contains(out, want+"\n") {
			t.Errorf("it does not say %q", want)
		}
	}
	id := func(n string) string { return strings.Repeat(" "+n, 4) }
	gone := regexp.MustCompile(`^thread Uid:` + id(u.Uid) + ` Gid:` + id(u.Gid) + ` Groups: ` + u.Gid +
		` CapInh: 0+ CapPrm: 0+ CapEff: 0+ CapBnd: 0+ CapAmb: 0+ NoNewPrivs: 1$`)
	threads := regexp.MustCompile(`(?m)^thread.*$`).FindAllString(out, -1)
	for _, thread := range threads {
		if !gone.MatchString(thread) {
			t.Errorf("not all rights are given up: %s", thread)
		}
	}
	if len(threads) < 8 {
		t.Errorf("only %d threads", len(threads))
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestBecomeSaysWhatIsWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what needs root")
	}
	bin := become(t)
	for name, want := range map[string]string{
		"":              `open "hi" <nil>`,
		"no such guest": `there is no user "no such guest" in /etc/passwd`,
		"root":          `the user "root" is root: it must be one with fewer rights`,
	} {
		path := filepath.Join(t.TempDir(), "f")
		os.WriteFile(path, []byte("hi"), 0o600)
		out, err := bin.run(name, path)
		if !strings.Contains(out, want) || (err == nil) != (name == "") {
			t.Errorf("%q: %v, %s", name, err, out)
		}
	}
	// Whoever is not root cannot become another.
	path := filepath.Join(openDir(t), "f")
	os.WriteFile(path, []byte("hi"), 0o644)
	if out, err := bin.as(lookup(t), "daemon", path); err == nil || !strings.Contains(out, "only root may") {
		t.Errorf("%v, %s", err, out)
	}
}
