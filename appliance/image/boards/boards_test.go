package boards

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"warren/appliance/emulator"
	"warren/appliance/image/card"
)

var update = flag.Bool("update", false, "write the tables into docs/image.md")

// unpack returns what boards read of the image, and the folders with copies of it.
func unpack(t *testing.T) (i Image, boot, root string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what needs the image")
	}
	image := emulator.ImageForTest(t)
	dir := t.TempDir()
	boot, root = filepath.Join(dir, "boot"), filepath.Join(dir, "root")
	if err := card.UnpackBoot(t.Context(), image, boot); err != nil {
		t.Fatal(err)
	}
	if err := card.UnpackRoot(t.Context(), image, root, "lib"); err != nil {
		t.Fatal(err)
	}
	for _, open := range []struct {
		dir string
		fs  *fs.FS
	}{{boot, &i.Boot}, {root, &i.Root}} {
		r, err := os.OpenRoot(open.dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		*open.fs = r.FS()
	}
	return i, boot, root
}

// The image has what each board reads, docs/image.md says what, and what is missing
// or wrong is found.
func TestImage(t *testing.T) {
	i, boot, root := unpack(t)
	rows, err := i.Check()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Lacks() && !r.Brought {
			t.Errorf("Pi %s, %s: %+v", r.Board.Name, r.Chip, r.Found)
		}
	}
	t.Run("docs", func(t *testing.T) { compare(t, "../../../docs/image.md", Tables(rows)) })

	brcm := filepath.Join(root, "lib/firmware/brcm")
	modules, _ := filepath.Glob(filepath.Join(root, "lib/modules/*", driverDir))
	if len(modules) != 1 {
		t.Fatalf("%d kernels", len(modules))
	}
	gone := func(file string) func(*testing.T) {
		return func(t *testing.T) {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	replaced := func(file, old, new string) func(*testing.T) {
		return func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(content), old, new, 1)
			if len(old) != len(new) || changed == string(content) {
				t.Fatalf("%s has no %q", file, old)
			}
			if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, planted := range []struct {
		file string
		do   func(file string) func(*testing.T)
		want []string // words of one line of the error
	}{
		{boot + "/bootcode.bin", gone, []string{"Pi Zero 2 W: it lacks bootcode.bin"}},
		{boot + "/fixup4.dat", gone, []string{"Pi 400: it lacks fixup4.dat"}},
		{boot + "/bcm2712d0-rpi-5-b.dtb", gone, []string{"Pi 5 (D0): it lacks bcm2712d0-rpi-5-b.dtb"}},
		{boot + "/overlays/bcm2712d0.dtbo", gone, []string{"Pi CM5: it lacks overlays/bcm2712d0.dtbo"}},
		{boot + "/overlays/overlay_map.dtb", gone, []string{"Pi 3A+: it lacks overlays/overlay_map.dtb"}},
		{boot + "/vmlinuz", gone, []string{"it lacks vmlinuz"}},
		{brcm + "/brcmfmac43430-sdio.raspberrypi,3-model-b.txt", gone, []string{"Pi Zero 2 W: radio BCM43430/1: ", "model-zero-2-w.txt is a link", "not there"}},
		{brcm + "/brcmfmac43455-sdio.bin", gone, []string{"Pi 3B+: radio BCM4345/6: it lacks /lib/firmware/brcm/brcmfmac43455-sdio.raspberrypi,3-model-b-plus.bin"}},
		{brcm + "/brcmfmac43456-sdio.txt", gone, []string{"Pi 400: radio BCM4345/9: it lacks ", "raspberrypi,400.txt"}},
		{modules[0] + "/brcmfmac/wcc/brcmfmac-wcc.ko", gone, []string{"it lacks ", "brcmfmac-wcc.ko"}},
		{boot + "/bcm2711-rpi-4-b.dtb", func(f string) func(*testing.T) { return replaced(f, "ACT\x00", "act\x00") }, []string{"Pi 4: bcm2711-rpi-4-b.dtb: it has no LED with the label ACT"}},
		{boot + "/bcm2710-rpi-3-b.dtb", func(f string) func(*testing.T) { return replaced(f, "raspberrypi,3-model-b", "raspberrypi,3-model-x") }, []string{"Pi 3B: ", `it is for "raspberrypi,3-model-x"`}},
		{boot + "/bcm2712-rpi-500.dtb", func(f string) func(*testing.T) { return replaced(f, "ID_SDA\x00", "GPIO0\x00\x00") }, []string{"Pi 500: ", "line 0 of pinctrl-rp1 is not called ID_SDA"}},
		{boot + "/cmdline.txt", func(f string) func(*testing.T) {
			return replaced(f, "cgroup_enable=memory", "cgroup_enable=mumory")
		}, []string{"Pi 3B: bcm2710-rpi-3-b.dtb: ", "limits no program's memory"}},
		{modules[0] + "/brcmfmac/brcmfmac.ko", func(f string) func(*testing.T) {
			return replaced(f, "brcmfmac43430b0-sdio.bin", "brcmfmac43430x0-sdio.bin")
		}, []string{"the driver brcmfmac does not know BCM43430/2"}},
	} {
		t.Run(filepath.Base(planted.file), func(t *testing.T) {
			good, err := os.ReadFile(planted.file)
			if err != nil {
				t.Fatal(err)
			}
			planted.do(planted.file)(t)
			t.Cleanup(func() { os.WriteFile(planted.file, good, 0o644) })
			_, err = i.Check()
			if err == nil {
				t.Fatal("it is not found")
			}
			if !slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool {
				return !slices.ContainsFunc(planted.want, func(words string) bool { return !strings.Contains(line, words) })
			}) {
				t.Errorf("no line has %q:\n%v", planted.want, err)
			}
		})
	}
	// The files of the radio that somebody must bring: all of them, or none.
	t.Run("brought", func(t *testing.T) {
		for n, ending := range []string{".raspberrypi,model-zero-2-w.bin", ".txt"} {
			file := filepath.Join(brcm, bcm43436.Files+ending)
			if err := os.WriteFile(file, []byte(ending), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Remove(file) })
			rows, err := i.Check()
			if n == 0 && (err == nil || !strings.Contains(err.Error(), "Pi Zero 2 W: radio BCM43430/2: it lacks ")) {
				t.Errorf("without its settings: %v", err)
			}
			if n == 1 && (err != nil || slices.ContainsFunc(rows, Row.Lacks)) {
				t.Errorf("with all its files: %v", err)
			}
		}
	})
}

// compare compares what is between two marks of a document, or writes it there.
func compare(t *testing.T, document, want string) {
	t.Helper()
	const begin, end = "<!-- boards: go test ./appliance/image/boards -update -->\n", "<!-- boards end -->"
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	have, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no marks %q and %q", document, begin, end)
	}
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the image has: go test ./appliance/image/boards -update\nit has\n%s\nand should have\n%s", document, have, want)
	}
	if err := os.WriteFile(document, fmt.Append(nil, head, begin, want, end, tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryGroup(t *testing.T) {
	for arguments, want := range map[string]bool{
		"": true, "cgroup_disable=memory": false,
		"cgroup_disable=memory console=tty1 cgroup_enable=memory": true,
		"cgroup_enable=memory console=tty1 cgroup_disable=memory": false,
	} {
		if got := hasMemoryGroup(arguments); got != want {
			t.Errorf("%q: %v", arguments, got)
		}
	}
}
