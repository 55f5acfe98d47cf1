package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The daemon itself, on cards that cannot be written: it says so, and where a
// RabbitMQ is all the same. The container is not part of this: there is no image.
func TestUnwritableCards(t *testing.T) {
	if testing.Short() || os.Getuid() != 0 {
		t.Skip("it mounts file systems: run it as root, without -short")
	}
	bin := filepath.Join(t.TempDir(), "broker")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// tmpfs mounts one for data, has prepare fill it, and mounts it again with flags.
	tmpfs := func(options string, flags uintptr, prepare func(dir string) error) func(t *testing.T) string {
		return func(t *testing.T) string {
			dir := t.TempDir()
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
				t.Skipf("mount: %v", err)
			}
			t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
			if err := prepare(dir); err != nil {
				t.Fatal(err)
			}
			if flags != 0 {
				if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|flags, options); err != nil {
					t.Fatal(err)
				}
			}
			return dir
		}
	}
	nothing := func(string) error { return nil }
	for name, test := range map[string]struct {
		data func(t *testing.T) string
		why  string // "": the card is fine
	}{
		"fine":             {tmpfs("size=100m", 0, nothing), ""},
		"read-only":        {tmpfs("size=100m", unix.MS_RDONLY, nothing), errReadOnly.Error()},
		"read-only, known": {tmpfs("size=100m", unix.MS_RDONLY, func(dir string) error { _, err := ownURL(filepath.Join(dir, "warren", "broker.url")); return err }), errReadOnly.Error()},
		"full of files": {tmpfs("size=100m,nr_inodes=200", 0, func(dir string) error {
			for i := range 190 {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600); err != nil {
					return err
				}
			}
			return nil
		}), errNoFiles.Error()},
		"full": {tmpfs("size=100m", 0, func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "large"), make([]byte, 90<<20), 0o600)
		}), errNoRoom.Error()},
		"no folder":    {func(*testing.T) string { return "/dev/null/perm" }, "its data partition cannot be found"},
		"in the way":   {tmpfs("size=100m", 0, func(dir string) error { return os.WriteFile(filepath.Join(dir, "warren"), nil, 0o600) }), "not a directory"},
		"a torn card":  {tmpfs("size=100m", 0, func(dir string) error { return os.MkdirAll(filepath.Join(dir, "warren", "broker.url"), 0o700) }), "is a directory"},
		"another card": {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, "its data partition cannot be found"},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(t.TempDir(), "run")
			t.Cleanup(func() { unix.Unmount(filepath.Join(run, "broker", "memory"), unix.MNT_DETACH) })
			data := test.data(t)
			var before string
			for range 2 { // and again: the room stays where it is
				out, err := exec.Command(bin, "-data", data, "-run", run, "-image", "/none.squashfs").CombinedOutput()
				if err == nil {
					t.Fatalf("it ended well: %s", out)
				}
				s := readState(t, filepath.Join(run, "broker.state"))
				if s.State != failed || !strings.Contains(s.Why, "/none.squashfs") {
					t.Errorf("how it ended is told as %+v", s)
				}
				switch {
				case test.why == "" && s.InMemory != "":
					t.Errorf("the card is fine, and it says %q", s.InMemory)
				case test.why != "" && !(strings.HasPrefix(s.InMemory, "The card cannot be written, so what is said is kept in memory only") && strings.Contains(s.InMemory, test.why) && strings.Contains(s.InMemory, "Flash the card anew")):
					t.Errorf("it says %q", s.InMemory)
				}
				told, err := os.ReadFile(filepath.Join(run, "broker.url"))
				if u, parseErr := url.Parse(strings.TrimSpace(string(told))); err != nil || parseErr != nil || u.User.Username() != brokerUser {
					t.Errorf("no URL is told: %v, %v", err, parseErr)
				}
				if before != "" && before != string(told) {
					t.Error("started again it has another URL")
				}
				before = string(told)
			}
			if test.why == "" {
				return
			}
			var st unix.Statfs_t
			if err := unix.Statfs(filepath.Join(run, "broker", "memory"), &st); err != nil || st.Blocks*uint64(st.Bsize) != memorySize {
				t.Errorf("memory is bounded to %d bytes, %v", st.Blocks*uint64(st.Bsize), err)
			}
		})
	}
}

// What is asked of a card that is in use writes nothing, and notices that it is
// read-only now.
func TestStillWritable(t *testing.T) {
	if testing.Short() || os.Getuid() != 0 {
		t.Skip("it mounts file systems: run it as root, without -short")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	p := places{card: dir, memory: t.TempDir(), mount: func(string) error { return nil }, log: quiet()}
	if at, err := p.find(); err != nil || at.inMemory != "" || at.data != filepath.Join(dir, "rabbitmq") {
		t.Fatalf("%+v, %v", at, err)
	}
	if err := p.stillWritable(); err != nil {
		t.Error(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if err := p.stillWritable(); err != errReadOnly {
		t.Errorf("of a card that is read-only now: %v", err)
	}
	if at, err := p.find(); err != nil || at.inMemory == "" || at.data != filepath.Join(p.memory, "rabbitmq") {
		t.Errorf("%+v, %v", at, err)
	}
}
