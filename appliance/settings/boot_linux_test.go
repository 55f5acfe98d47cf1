package settings

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a /proc and a /sys: "path: content" or "path -> target" a line.
func machine(t *testing.T, lines string) string {
	root := t.TempDir()
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		path, content, isFile := strings.Cut(line, ": ")
		target := ""
		if !isFile {
			path, target, _ = strings.Cut(line, " -> ")
		}
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if isFile {
			err = os.WriteFile(path, []byte(content+"\n"), 0o600)
		} else {
			err = os.Symlink(target, path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestBootDevice(t *testing.T) {
	const pi = `
sys/devices/platform/soc/mmc0/block/mmcblk0/size: 4194304
sys/devices/platform/soc/mmc0/block/mmcblk0/queue/rotational: 0
sys/devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p1/partition: 1
sys/devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p2/partition: 2
sys/devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p3/partition: 3
sys/devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p4/partition: 4
sys/dev/block/179:0 -> ../../devices/platform/soc/mmc0/block/mmcblk0
sys/dev/block/179:2 -> ../../devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p2
sys/dev/block/179:3 -> ../../devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p3
`
	for _, test := range []struct{ name, lines, want, err string }{
		{"a Pi", pi + "proc/self/mountinfo: 1 0 179:2 / / ro,relatime - squashfs /dev/root ro", "/dev/mmcblk0p1", ""},
		{"after an update", pi + "proc/self/mountinfo: 1 0 179:3 / / ro,relatime - squashfs /dev/root ro", "/dev/mmcblk0p1", ""},
		{"the emulator", `
sys/devices/pci0/virtio1/block/vda/vda1/partition: 1
sys/devices/pci0/virtio1/block/vda/vda2/partition: 2
sys/dev/block/254:2 -> ../../devices/pci0/virtio1/block/vda/vda2
proc/self/mountinfo: 1 0 254:2 / / ro - squashfs /dev/root ro`, "/dev/vda1", ""},
		{"root without partitions", `
sys/devices/pci0/virtio1/block/vda/size: 5
sys/dev/block/254:0 -> ../../devices/pci0/virtio1/block/vda
proc/self/mountinfo: 1 0 254:0 / / ro - squashfs /dev/vda ro`, "", "/ is on vda, which is no partition"},
		{"no partition 1", `
sys/devices/x/block/sda/sda2/partition: 2
sys/dev/block/8:2 -> ../../devices/x/block/sda/sda2
proc/self/mountinfo: 1 0 8:2 / / ro - squashfs /dev/root ro`, "", "the card has no partition 1"},
		{"root in memory", pi + "proc/self/mountinfo: 1 0 0:21 / / rw - tmpfs tmpfs rw", "", "no such file"},
		{"no root", pi + "proc/self/mountinfo: 25 1 0:21 / /proc rw - proc proc rw", "", "nothing is mounted as /"},
		{"no /proc", pi, "", "no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := bootDevice(machine(t, test.lines))
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v, want %q, %s", got, err, test.want, test.err)
			}
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v would be taken for a missing file", err)
			}
		})
	}
	// The last mount in one place is the one that is seen.
	root := machine(t, pi)
	stacked := "1 1 0:2 / / rw - rootfs rootfs rw\n20 1 179:2 / / ro - squashfs /dev/root ro\n21 20 0:5 / /dev rw - devtmpfs devtmpfs rw\n"
	if err := os.MkdirAll(filepath.Join(root, "proc/self"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "proc/self/mountinfo"), []byte(stacked), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := bootDevice(root); got != "/dev/mmcblk0p1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPartitions(t *testing.T) {
	devices, running, err := partitions(machine(t, `
sys/devices/platform/soc/mmc0/block/mmcblk0/size: 4194304
sys/devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p1/partition: 1
sys/devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p2/partition: 2
sys/devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p3/partition: 3
sys/dev/block/179:3 -> ../../devices/platform/soc/mmc0/block/mmcblk0/mmcblk0p3
proc/self/mountinfo: 1 0 179:3 / / ro,relatime - squashfs /dev/root ro`))
	want := map[string]string{"1": "/dev/mmcblk0p1", "2": "/dev/mmcblk0p2", "3": "/dev/mmcblk0p3"}
	if err != nil || running != "3" || !maps.Equal(devices, want) {
		t.Errorf("%v, %s runs, %v", devices, running, err)
	}
}

func TestReadMounted(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var mounted string
	read := func(content string, mountErr error) ([]byte, error) {
		unmounted := false
		data, err := readMounted("/dev/mmcblk0p1", func(device, dir string) (func() error, error) {
			if mounted = dir; mountErr != nil {
				return nil, mountErr
			}
			if content != "-" {
				if err := os.WriteFile(filepath.Join(dir, FileName), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			return func() error { unmounted = true; return os.RemoveAll(dir) }, nil
		})
		if unmounted != (mountErr == nil) {
			t.Errorf("unmounted is %v", unmounted)
		}
		if _, err := os.Stat(mounted); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", mounted, err)
		}
		return data.settings, err
	}
	if data, err := read("[room]", nil); string(data) != "[room]" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := read("-", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if data, err := read(strings.Repeat("#", 2*MaxFileBytes), nil); len(data) != MaxFileBytes+1 || err != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := read("", fs.ErrNotExist); errors.Is(err, fs.ErrNotExist) || err.Error() != "mount /dev/mmcblk0p1: file does not exist" {
		t.Error(err)
	}
}

// Without a card, the hotspot comes up as it was.
func TestLoadBootWithoutCard(t *testing.T) {
	c := newCard(t)
	c.expect(string(File(base)), base, "")
	s, mistakes, _ := LoadBoot(filepath.Join(t.TempDir(), "mmcblk0p1"), c.lastGood)
	if s != base || !strings.HasPrefix(sentences(mistakes), "warren.toml: it cannot be read, and the last good settings stay: mount ") {
		t.Errorf("%v: %v", s, mistakes)
	}
}
