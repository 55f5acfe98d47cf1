package fat

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tree makes a directory with files, and returns its path.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var volume = Volume{Label: "WARREN", Size: 20 << 20, Start: 4 << 20, At: time.Date(2026, 11, 30, 12, 34, 56, 0, time.UTC), First: []string{"cmdline.txt", "config.txt"}}

// written writes a file system, and returns the file that it is in.
func written(t *testing.T, v Volume, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fat")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(v.Size); err != nil {
		t.Fatal(err)
	}
	if err := v.Write(f, dir); err != nil {
		t.Fatal(err)
	}
	return file
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

// What others read is what was written: dosfstools find no fault, and mtools get
// every file, by its name in full.
func TestWrite(t *testing.T) {
	files := map[string]string{
		"cmdline.txt": "console=tty1", "config.txt": "kernel=vmlinuz", "vmlinuz": strings.Repeat("0123456789abcdef", 10_000),
		"HOST-CODE.TXT": "x", "a": "", "no extension, but blanks": "y", "two.dots.txt": "z", "ünï©ode.txt": "rabbit",
		"thirteen.name": "13", "fourteen.names": "14", ".hidden": "h", "aux~1.txt": "tilde", "exactly2.048": strings.Repeat("x", clusterBytes),
	}
	for i := range 200 { // more than one cluster of a directory
		files[fmt.Sprintf("overlays/overlay-with-a-name-%d.dtbo", i)] = fmt.Sprint("overlay ", i)
		files[fmt.Sprintf("overlays/deep/er/%d.x", i)] = fmt.Sprint("deeper ", i)
	}
	dir := tree(t, files)
	file := written(t, volume, dir)
	tool(t, "fsck.vfat", "-n", file)
	back := t.TempDir()
	tool(t, "mcopy", "-s", "-Q", "-n", "-m", "-i", file, "::*", back)
	found := 0
	err := filepath.WalkDir(back, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found++
		name, _ := filepath.Rel(back, path)
		content, err := os.ReadFile(path)
		if want, ok := files[name]; !ok || string(content) != want {
			t.Errorf("%q has %.20q", name, content)
		}
		return err
	})
	if err != nil || found != len(files) {
		t.Errorf("%d of %d files are there, %v", found, len(files), err)
	}
	if out := tool(t, "mdir", "-i", file, "::config.txt"); !strings.Contains(out, "2026-11-30  12:34") || !strings.Contains(out, "WARREN") {
		t.Errorf("mdir says:\n%s", out)
	}
	if again, err := os.ReadFile(written(t, volume, dir)); err != nil || !bytes.Equal(again, must(os.ReadFile(file))) {
		t.Errorf("written twice it is another (%v)", err)
	}
	// What is replaced in place comes first, and is in one piece.
	if b := must(os.ReadFile(file)); !bytes.Contains(b[:64<<10], []byte("console=tty1")) || !bytes.Contains(b, []byte(files["vmlinuz"])) {
		t.Error("the first files are not at the beginning, or not in one piece")
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestWhatCannotBeWritten(t *testing.T) {
	many := map[string]string{}
	for i := range rootEntries / 2 {
		many[fmt.Sprint(i, ".txt")] = ""
	}
	small := volume
	small.Size = 1 << 20
	for name, test := range map[string]struct {
		v     Volume
		files map[string]string
		want  string
	}{
		"a size for FAT12":       {small, nil, "no size of a FAT16"},
		"more than fits":         {volume, map[string]string{"x": strings.Repeat("x", 21<<20)}, "do not fit"},
		"too many files":         {volume, many, "room for 512 entries"},
		"a name that is no name": {volume, map[string]string{"dir/...": ""}, "no such name"},
	} {
		f, err := os.Create(filepath.Join(t.TempDir(), "fat"))
		if err != nil {
			t.Fatal(err)
		}
		if err := test.v.Write(f, tree(t, test.files)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
		f.Close()
	}
}

// LongNames finds what has no long name.
func TestLongNames(t *testing.T) {
	file := written(t, volume, tree(t, map[string]string{"start4.elf": "x", "overlays/a.dtbo": "y", "overlays/deep/b": "z"}))
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, err := LongNames(f)
	if want := "[overlays overlays/a.dtbo overlays/deep overlays/deep/b start4.elf]"; err != nil || fmt.Sprint(names) != want {
		t.Errorf("%v, %v", names, err)
	}
	// One that mtools adds has none.
	source := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(source, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	tool(t, "mcopy", "-i", file, source, "::overlays/deep/late.txt")
	if _, err := LongNames(f); err == nil || !strings.Contains(err.Error(), "overlays/deep/LATE.TXT has no long name") {
		t.Error(err)
	}
	tool(t, "mdel", "-i", file, "::overlays/deep/late.txt")
	// One whose checksum is wrong has none, either.
	b := must(os.ReadFile(file))
	at := bytes.Index(b, []byte("START4  ELF"))
	binary.LittleEndian.PutUint16(b[at-entryBytes+13:], uint16(b[at-entryBytes+13])+1)
	if _, err := LongNames(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), "START4.ELF has no long name") {
		t.Error(err)
	}
}
