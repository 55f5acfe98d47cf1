package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"warren/appliance/image/card"
	"warren/appliance/image/tool"
	"warren/appliance/partition"
)

func TestFlags(t *testing.T) {
	if o, err := parse(nil, io.Discard); err != nil || o.out != "build/warren.img" || o.dev {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{{"-o="}, {"-cache="}, {"build/x.img"}, {"-x"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestCache(t *testing.T) {
	c := cache(filepath.Join(t.TempDir(), "cache"))
	made := 0
	makeIt := func(in string) (string, bool, error) {
		var k key
		k.add("debian", in)
		return c.make("part", k.sum(), func(dir string) error {
			made++
			if in == "bad" {
				return errors.New("bad")
			}
			return os.WriteFile(filepath.Join(dir, "file"), []byte(in), 0o644)
		})
	}
	first, had, err := makeIt("one")
	if err != nil || had || made != 1 {
		t.Fatalf("had %v, made %d, %v", had, made, err)
	}
	if again, had, err := makeIt("one"); err != nil || !had || made != 1 || again != first {
		t.Errorf("%s, had %v, made %d, %v", again, had, made, err)
	}
	second, had, err := makeIt("two")
	if err != nil || had || second == first {
		t.Errorf("%s, had %v, %v", second, had, err)
	}
	if _, err := os.Stat(first); err == nil {
		t.Error("what is of no use any more is kept")
	}
	if _, _, err := makeIt("bad"); err == nil {
		t.Error("no error")
	}
	if left, _ := filepath.Glob(filepath.Join(string(c), "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTreeKey(t *testing.T) {
	dir := t.TempDir()
	sum := func(except ...string) string {
		var k key
		if err := k.addTree(dir, except...); err != nil {
			t.Fatal(err)
		}
		return k.sum()
	}
	file := filepath.Join(dir, "file")
	keys := map[string]string{}
	for name, change := range map[string]func(){
		"content": func() { os.WriteFile(file, []byte("b"), 0o644) },
		"mode":    func() { os.Chmod(file, 0o755) },
		"link":    func() { os.Remove(file); os.Symlink("b", file) },
		"name":    func() { os.Rename(file, file+"2") },
	} {
		os.Remove(file)
		os.Remove(file + "2")
		os.WriteFile(file, []byte("a"), 0o644)
		before := sum()
		change()
		if sum() == before {
			t.Errorf("another %s has the same key", name)
		}
		if other := keys[sum()]; other != "" {
			t.Errorf("%s and %s have the same key", name, other)
		}
		keys[sum()] = name
	}
	os.Remove(file) // it may be a link
	before := sum("file2", "file")
	os.WriteFile(file, []byte("other"), 0o644)
	if sum("file2", "file") != before {
		t.Error("what is excepted counts")
	}
}

func TestCommit(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1000000000")
	if _, at, err := commit(context.Background(), "."); err != nil || at.Unix() != 1e9 {
		t.Errorf("%v, %v", at, err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if _, _, err := commit(context.Background(), "."); err == nil {
		t.Error("no error")
	}
}

func TestStamp(t *testing.T) {
	dir := t.TempDir()
	b := &builder{options: &options{out: filepath.Join(dir, "x.img")}, cache: cache(dir)}
	for _, suffix := range append([]string{""}, suffixes...) {
		if err := os.WriteFile(b.out+suffix, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.remember("key"); err != nil {
		t.Fatal(err)
	}
	if !b.isThere("key") || b.isThere("other") {
		t.Error("the key is not looked at")
	}
	os.Chtimes(b.out, time.Now(), time.Unix(1e9, 0))
	if b.isThere("key") {
		t.Error("an image that somebody wrote to is up to date")
	}
	b.remember("key")
	os.Remove(b.out + ".root")
	if b.isThere("key") {
		t.Error("an image without its .root is up to date")
	}
}

// TestBuild builds the image twice, from an empty cache and in two places: it
// must be the same but for what docs/image.md names, leave the sources alone,
// and be up to date the third time.
func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the build of the image: it needs a mirror of Debian and some minutes")
	}
	if err := tool.Check(); err != nil {
		t.Fatal(err)
	}
	t.Chdir("../..")
	// The image is as large as a card, with holes.
	dir := t.TempDir()
	pins := readAll(t, "go.mod", "go.sum")
	var roots []string
	var b *builder
	var said bytes.Buffer
	for _, name := range []string{"a", "b"} {
		b = newTestBuilder(t, filepath.Join(dir, name), &said)
		if err := b.build(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, &said)
		}
		root := filepath.Join(dir, name, "unpacked")
		if _, err := tool.Run(t.Context(), "unsquashfs", "-q", "-n", "-d", root, b.out+".root"); err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
	}
	out, _ := exec.Command("diff", "-rq", "--no-dereference", roots[0], roots[1]).Output() // differences are no error here
	if want := "Files " + roots[0] + "/gokrazy/init and " + roots[1] + "/gokrazy/init differ\n"; string(out) != want {
		t.Errorf("the roots differ:\n%s", out)
	}
	if !bytes.Equal(pins, readAll(t, "go.mod", "go.sum")) {
		t.Error("go.mod or go.sum has changed")
	}
	said.Reset()
	if err := newTestBuilder(t, filepath.Join(dir, "b"), &said).build(t.Context()); err != nil || !strings.Contains(said.String(), "is up to date") {
		t.Errorf("%v\n%s", err, &said)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "b/cache/work-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
	t.Run("damage is found", func(t *testing.T) { findsDamage(t, b.out) })
}

// findsDamage damages a good card in one place after the other.
func findsDamage(t *testing.T, img string) {
	check := func() error {
		_, err := card.Check(t.Context(), img, t.TempDir(), wanted.root, wanted.boot)
		return err
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(img, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	root, err := os.Stat(img + ".root")
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]int64{
		"partition table":      440,
		"boot partition":       partition.Boot.Offset + 4*512, // its table
		"root file system":     partition.RootA.Offset + root.Size() - 8192,
		"file system for data": partition.Perm(card.Size).Offset + 1024,
	} {
		good := make([]byte, 4096)
		if _, err := f.ReadAt(good, at); err != nil {
			t.Fatal(err)
		}
		f.WriteAt(bytes.Repeat([]byte{0x5a}, len(good)), at)
		if err := check(); err == nil {
			t.Errorf("%s: the damage is not found", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
		f.WriteAt(good, at)
	}
}

func newTestBuilder(t *testing.T, dir string, log io.Writer) *builder {
	b, err := newBuilder(t.Context(), &options{out: filepath.Join(dir, "warren.img"), cache: filepath.Join(dir, "cache")}, log)
	if err != nil {
		t.Fatal(err)
	}
	b.version, b.at = "test", time.Unix(1e9, 0) // somebody may commit meanwhile
	return b
}

func readAll(t *testing.T, names ...string) []byte {
	var all []byte
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return all
}
