package partition_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"warren/appliance/image/card"
	"warren/appliance/partition"
)

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// flashed is a card of 6 GiB to which an image was flashed, in a real block device.
type flashed struct {
	*testing.T
	file   string
	device string // "" while it is out of the reader
	dir    string // where the partition for data is mounted
}

const cardSize = 6 << 30

// flash makes a card. That takes root.
func flash(t *testing.T) *flashed {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("block devices and mounting take root")
	}
	f := &flashed{T: t, file: filepath.Join(t.TempDir(), "card"), dir: t.TempDir()}
	if err := card.NewCard(f.file); err != nil {
		t.Fatal(err)
	}
	if err := card.FormatPerm(t.Context(), f.file, card.Size, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.file, cardSize); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.off)
	return f
}

// on starts the card: the kernel reads its table, and the partition for data is
// mounted, without options, as gokrazy does it. partx reads the table, because not
// every kernel that tests run on does.
func (f *flashed) on() {
	f.Helper()
	f.device = tool(f.T, "losetup", "--find", "--show", f.file)
	tool(f.T, "partx", "--add", f.device)
	if err := unix.Mount(f.perm(), f.dir, "ext4", 0, ""); err != nil {
		f.Fatal(err)
	}
}

// off switches it off.
func (f *flashed) off() {
	if f.device != "" {
		unix.Unmount(f.dir, 0)
		exec.Command("partx", "--delete", f.device).Run()
		exec.Command("losetup", "--detach", f.device).Run()
		f.device = ""
	}
}

func (f *flashed) perm() string { return f.device + "p4" }

// size returns how large the file system is, in MiB.
func (f *flashed) size() int64 {
	f.Helper()
	out := tool(f.T, "dumpe2fs", "-h", f.perm())
	var blocks int64
	for line := range strings.Lines(out) {
		fmt.Sscanf(line, "Block count: %d", &blocks)
	}
	return blocks * 4096 >> 20
}

// grows grows it, and checks what came of it.
func (f *flashed) grows(what string, most int64, grown bool, mib int64) {
	f.Helper()
	start := time.Now()
	g, err := partition.Grow(f.perm(), f.dir, most)
	if err != nil || g.Grown != grown || g.Size != mib<<20 {
		f.Errorf("%s: %+v, %v", what, g, err)
	}
	if got := f.size(); got != mib {
		f.Errorf("%s: the file system has %d MiB, not %d", what, got, mib)
	}
	f.Logf("%s: %v", what, time.Since(start).Round(time.Millisecond))
}

// needsResource skips a test where root may not grow what is mounted, as in some
// containers. The test of the emulated card (appliance/emulator) grows one in any case.
func needsResource(t *testing.T) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "CapEff:")
	var have uint64
	if _, err := fmt.Sscanf(rest, "%x", &have); err != nil || have>>unix.CAP_SYS_RESOURCE&1 == 0 {
		t.Skip("growing a file system in use takes CAP_SYS_RESOURCE, which this machine does not give")
	}
}

const room = 38 * 128 // MiB: all that the card has in whole block groups, of 5,040

// A card grows at its first start, while it is in use, keeps what is on it, and is
// left alone then. So is one whose power was cut between any two steps.
func TestGrow(t *testing.T) {
	needsResource(t)
	f := flash(t)
	f.on()
	file := filepath.Join(f.dir, "said")
	content := bytes.Repeat([]byte("hello "), 1<<20)
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	f.grows("to a bound", 3<<30, true, 3<<10)
	f.grows("again", 3<<30, false, 3<<10)
	f.grows("a smaller bound", 1<<30, false, 3<<10)
	f.grows("to the card's size", 1<<40, true, room)
	f.off()
	f.on()
	f.grows("at the next start", 1<<40, false, room)
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, content) {
		t.Errorf("what was said has become something else (%v)", err)
	}
	f.off()
	tool(t, "e2fsck", "-fn", fmt.Sprintf("%s?offset=%d", f.file, partition.RootB.Offset+partition.RootB.Size))
}

// The power is cut after the table is written; or setup is killed there; or while the
// file system grows.
func TestGrowGoesOn(t *testing.T) {
	needsResource(t)
	f := flash(t)
	ahead := func() { // the table of a card that has grown
		table := partition.NewTable(partition.RootB.Offset + partition.RootB.Size + room<<20)
		disk, err := os.OpenFile(f.file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		if _, err := disk.WriteAt(table[:], 0); err != nil {
			t.Fatal(err)
		}
	}
	f.on()
	ahead()
	f.grows("the kernel was not told", 1<<40, true, room)
	f.off()

	f = flash(t)
	ahead()
	f.on()
	f.grows("the file system has not begun", 1<<40, true, room)
	f.off()

	f = flash(t)
	ahead()
	f.on()
	tool(t, "resize2fs", f.perm(), "2222M")
	f.off()
	f.on()
	f.grows("it was in the middle", 1<<40, true, room)
}

// What is no card of ours is not touched, and why is said.
func TestGrowTouchesNothingElse(t *testing.T) {
	f := flash(t)
	for _, test := range []struct {
		what, why string
		at        int64
		bytes     string
	}{
		{"another table", "not one of a card of Warren's", 440, "\x01\x02\x03\x04"},
		{"no table", "the card has no partition table", 510, "\x00\x00"},
		{"an older card", "", 446 + 16 + 4, "\xee"},
	} {
		f.on()
		disk, err := os.OpenFile(f.device, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		before := make([]byte, partition.Sector)
		if _, err := disk.ReadAt(before, 0); err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(before)
		copy(damaged[test.at:], test.bytes)
		if _, err := disk.WriteAt(damaged, 0); err != nil {
			t.Fatal(err)
		}
		g, err := partition.Grow(f.perm(), f.dir, 1<<40)
		if g.Grown || (err != nil) != (test.why != "") || err != nil && !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: %+v, %v", test.what, g, err)
		}
		after := make([]byte, partition.Sector)
		if _, err := disk.ReadAt(after, 0); err != nil || !bytes.Equal(after, damaged) {
			t.Errorf("%s: the table has changed (%v)", test.what, err)
		}
		if _, err := disk.WriteAt(before, 0); err != nil {
			t.Fatal(err)
		}
		disk.Close()
		if got := f.size(); got != 944 {
			t.Errorf("%s: the file system has %d MiB", test.what, got)
		}
		f.off()
	}
	f.on()
	if _, err := partition.Grow(f.device+"p3", f.dir, 1<<40); err == nil || !strings.Contains(err.Error(), "not the fourth partition") {
		t.Error(err)
	}
	if _, err := partition.Grow(filepath.Join(t.TempDir(), "none"), f.dir, 1<<40); err == nil {
		t.Error("a partition that is not there grows")
	}
}

// A desktop of Linux shows the partition with the settings: the rules of udev and of
// udisks, which GNOME and KDE go by, are asked about a real device. With the type
// that it would have as one of UEFI, they hide it.
func TestADesktopShowsTheSettings(t *testing.T) {
	const rules = "/usr/lib/udev/rules.d/80-udisks2.rules"
	if _, err := os.Stat(rules); err != nil {
		t.Skip("there are no rules of udisks2: apt-get install udev udisks2")
	}
	f := flash(t)
	boot := t.TempDir()
	if err := os.WriteFile(filepath.Join(boot, "warren.toml"), []byte("[room]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := card.WriteBoot(f.file, boot, time.Now()); err != nil {
		t.Fatal(err)
	}
	asked := func() string {
		device := tool(t, "losetup", "--find", "--show", "--read-only", f.file)
		defer exec.Command("losetup", "--detach", device).Run()
		tool(t, "partx", "--add", device)
		defer exec.Command("partx", "--delete", device).Run()
		name := "/sys/class/block/" + filepath.Base(device)
		tool(t, "udevadm", "test", "--action=add", name) // the partition takes over what is known of its disk
		return tool(t, "udevadm", "test", "--action=add", name+"p1")
	}
	said := asked()
	for _, want := range []string{"ID_PART_ENTRY_SCHEME=dos", "ID_PART_ENTRY_TYPE=0xc\n", "ID_PART_ENTRY_UUID=60041a5a-01", "ID_FS_TYPE=vfat", "ID_FS_LABEL=WARREN"} {
		if !strings.Contains(said, want) {
			t.Errorf("udev does not say %s:\n%s", want, said)
		}
	}
	if strings.Contains(said, "UDISKS_IGNORE=1") {
		t.Error("the desktop does not show it")
	}
	disk, err := os.OpenFile(f.file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	if _, err := disk.WriteAt([]byte{0xef}, 446+4); err != nil { // EFI System
		t.Fatal(err)
	}
	if said := asked(); !strings.Contains(said, "UDISKS_IGNORE=1") {
		t.Errorf("with another type it is shown, too: that was no test:\n%s", said)
	}
}
