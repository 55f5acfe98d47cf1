package sealed

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestListed(t *testing.T) {
	const table = `22 1 0:21 / / rw shared:1 - squashfs /dev/root ro
31 22 7:0 / /run/warren/broker/img ro,nosuid,nodev - squashfs /dev/loop0 ro
32 22 7:1 / /a\040b\134c ro - squashfs /dev/loop1 ro
`
	for dir, want := range map[string]bool{
		"/run/warren/broker/img": true, "/run/warren/broker": false, "/": true, `/a b\c`: true, "/dev/loop0": false,
	} {
		if got := listed(table, dir); got != want {
			t.Errorf("%s: %v", dir, got)
		}
	}
}

// TestMount mounts a squashfs. It takes root, a kernel with loop devices and
// mksquashfs.
func TestMount(t *testing.T) {
	tool, err := exec.LookPath("mksquashfs")
	if err != nil || os.Getuid() != 0 {
		t.Skip("mounting takes root and mksquashfs")
	}
	dir := t.TempDir()
	tree, image, at := filepath.Join(dir, "tree"), filepath.Join(dir, "image"), filepath.Join(dir, "a place")
	if err := os.MkdirAll(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "hello"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, tree, image, "-comp", "gzip", "-quiet", "-no-progress").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { unix.Unmount(at, 0) })
	for range 2 { // the second time it is there already
		if err := Mount(image, at); err != nil {
			t.Skipf("this machine cannot: %v", err)
		}
	}
	if b, err := os.ReadFile(filepath.Join(at, "hello")); err != nil || string(b) != "hello" {
		t.Errorf("read: %q, %v", b, err)
	}
	if err := os.WriteFile(filepath.Join(at, "new"), nil, 0o644); err == nil {
		t.Error("it can be written to")
	}
	if err := unix.Unmount(at, 0); err != nil {
		t.Fatal(err)
	}
	if mounted, err := Mounted(at); err != nil || mounted {
		t.Errorf("after unmounting: %v, %v", mounted, err)
	}
	if err := Mount(filepath.Join(dir, "none"), at); err == nil {
		t.Error("a file that is not there is mounted")
	}
}
