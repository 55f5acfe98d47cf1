package emulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warren/appliance/image/card"
	"warren/appliance/image/seal"
	"warren/appliance/partition"
)

// The machine boots as a Pi does: config.txt, tryboot.txt for one boot that was
// asked for, config.txt again after a panic; and what was flushed to the card
// outlasts a cut, what was not need not. The system is one of our own, which
// does all of that by itself: see testdata/guest.
func TestFirmware(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	c := newCard(t, ImageForTest(t), 1)
	putRoot(t, c, "./testdata/guest")
	put(t, c, "config.txt", "[pi5]\nkernel=none\n[all]\n#kernel=none\nkernel=vmlinuz\n")
	put(t, c, "tryboot.txt", "kernel=vmlinuz\ncmdline=trycmd.txt\n")
	const line = "root=/dev/vda2 rootwait init=/init panic=1 step="
	put(t, c, "cmdline.txt", line+"config\n")
	put(t, c, "trycmd.txt", line+"tryboot\n")

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	m, err := Start(ctx, c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Cut)
	if _, err := Start(ctx, c, Options{}); err == nil {
		t.Error("two machines have one card")
	}
	expect := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			if err := m.AwaitConsole(ctx, text); err != nil {
				t.Fatalf("%v:\n%s", err, m.Console())
			}
		}
	}
	expect("step config, write cache write back", "boots before 0", tryboot)
	expect("step tryboot", "boots before 1", "the guest gives up")
	expect("step config", "boots before 2", "of u there are 1000", "ready for the cut")
	m.Cut()
	if m.Boots() != 3 || c.Flushes() == 0 {
		t.Errorf("%d boots, %d flushes", m.Boots(), c.Flushes())
	}
	// Sectors of the last round, and of older ones: no drive promises an order.
	kinds := map[byte]int{}
	torn := make([]byte, 1000*sector)
	if _, err := c.drive.file.ReadAt(torn, partition.Perm(card.Size).Offset+2000*sector); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(torn); at += sector {
		kinds[torn[at]]++
		if !bytes.Equal(torn[at:at+sector], bytes.Repeat(torn[at:at+1], sector)) {
			t.Errorf("sector %d is torn", at/sector)
		}
	}
	if c.Lost() == 0 || len(kinds) < 2 {
		t.Errorf("the cut took %d sectors; what is there is of %v", c.Lost(), kinds)
	}

	m, err = Start(ctx, c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Cut)
	expect("step config", "of f there are 1000", "reboot: Power down")
	<-m.Ended()
	if _, err := m.Monitor(ctx, "info status"); err == nil {
		t.Error("a machine that is off has a monitor")
	}
	if err := m.Await(ctx, ""); err == nil || !strings.Contains(err.Error(), "switched off") {
		t.Errorf("the room of a machine that is off: %v", err)
	}
}

// A port that somebody else has is a reason that can be read.
func TestPortInUse(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	m := start(t, newCard(t, ImageForTest(t), 0), Options{Ports: map[int]int{RoomPort: port}})
	if err := m.Await(t.Context(), ""); err == nil || !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("the room behind a port in use: %v", err)
	}
}

// putRoot has the card boot a Go program, as /init and all there is, but for
// further ones, each at the root under the last element of its package's path.
func putRoot(t *testing.T, c *Card, pkg string, further ...string) {
	t.Helper()
	dir := t.TempDir()
	tree, file := filepath.Join(dir, "tree"), filepath.Join(dir, "root.squashfs")
	for _, name := range []string{"dev", "proc", "sys", "run"} {
		if err := os.MkdirAll(filepath.Join(tree, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, pkg := range append([]string{pkg}, further...) {
		name := "init"
		if i > 0 {
			name = filepath.Base(pkg)
		}
		build := exec.Command("go", "build", "-o", filepath.Join(tree, name), pkg)
		build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", pkg, err, out)
		}
	}
	if err := seal.Squash(t.Context(), tree, file, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	root, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := io.Copy(io.NewOffsetWriter(c.drive.file, partition.RootA.Offset), root); err != nil {
		t.Fatal(err)
	}
}
