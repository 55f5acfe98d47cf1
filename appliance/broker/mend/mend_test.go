package mend

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestConsistentLogIsNotTouched(t *testing.T) {
	for _, filter := range []byte{0, 16} {
		dir := build(t, 4, 10, filter)
		before := stats(t, dir)
		r, err := Log(dir)
		if err != nil || r.Mended || r.Dropped != 0 || r.Chunks != 40 {
			t.Fatalf("%+v, %v", r, err)
		}
		if after := stats(t, dir); after != before {
			t.Errorf("was\n%s, is\n%s", before, after)
		}
	}
}

func stats(t *testing.T, dir string) (s string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		s += fmt.Sprintln(f.Name(), info.Size(), info.ModTime().UnixNano(), info.Mode())
	}
	return s
}

// TestEveryLength cuts each of the four newest files at each length.
func TestEveryLength(t *testing.T) {
	whole := build(t, 3, 6, 0)
	was, err := check(whole)
	if err != nil || len(was) != 18 {
		t.Fatalf("%d chunks, %v", len(was), err)
	}
	files, _ := filepath.Glob(filepath.Join(whole, "*"))
	for _, path := range files[2:] {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		last := path == files[4] || path == files[5]
		for size := range info.Size() {
			dir := t.TempDir()
			copyTree(t, whole, dir)
			if err := os.Truncate(filepath.Join(dir, filepath.Base(path)), size); err != nil {
				t.Fatal(err)
			}
			kept := mended(t, dir, was)
			// An index can be made again from its segment; a segment loses at
			// most what is behind the cut, and two segments whatever it is.
			if filepath.Ext(path) == ".index" && kept != 18 {
				t.Errorf("%s of %d bytes: %d chunks kept", filepath.Base(path), size, kept)
			}
			if last && kept < 12 || kept < 6 {
				t.Errorf("%s of %d bytes: %d chunks kept", filepath.Base(path), size, kept)
			}
		}
	}
}

func TestDamages(t *testing.T) {
	first, second, third := "00000000000000000000", "00000000000000000013", "00000000000000000026"
	for name, test := range map[string]struct {
		damage func(path func(string) string) error
		keeps  int
	}{
		"no newest index":   {func(p func(string) string) error { return os.Remove(p(third + ".index")) }, 18},
		"no newest segment": {func(p func(string) string) error { return os.Remove(p(third + ".segment")) }, 12},
		"no middle index":   {func(p func(string) string) error { return os.Remove(p(second + ".index")) }, 18},
		"no middle segment": {func(p func(string) string) error { return os.Remove(p(second + ".segment")) }, 6},
		"no oldest segment": {func(p func(string) string) error { return os.Remove(p(first + ".segment")) }, 12},
		"no oldest pair": {func(p func(string) string) error {
			return errors.Join(os.Remove(p(first+".segment")), os.Remove(p(first+".index")))
		}, 12},
		"no middle pair": {func(p func(string) string) error {
			return errors.Join(os.Remove(p(second+".segment")), os.Remove(p(second+".index")))
		}, 6},
		"a bit flipped in a chunk": {func(p func(string) string) error { return flip(p(third+".segment"), 8+48+16+5) }, 12},
		"a bit in a later chunk":   {func(p func(string) string) error { return flip(p(third+".segment"), -1) }, 17},
		"a bit in an old index":    {func(p func(string) string) error { return flip(p(first+".index"), -20) }, 18},
		"zeros behind the segment": {func(p func(string) string) error { return grow(p(third+".segment"), make([]byte, 4096)) }, 18},
		"zeros behind the index":   {func(p func(string) string) error { return grow(p(third+".index"), make([]byte, 290)) }, 18},
		"an index all of zeros":    {func(p func(string) string) error { return os.WriteFile(p(third+".index"), make([]byte, 182), 0o640) }, 18},
		"segments all of zeros": {func(p func(string) string) error {
			return errors.Join(zero(p(first+".segment")), zero(p(second+".segment")), zero(p(third+".segment")))
		}, 0},
		"an empty newest pair": {func(p func(string) string) error {
			return errors.Join(os.Truncate(p(third+".segment"), 0), os.Truncate(p(third+".index"), 0))
		}, 12},
		"a pair just begun": {func(p func(string) string) error {
			return errors.Join(os.Truncate(p(third+".segment"), 8), os.Truncate(p(third+".index"), 8))
		}, 12},
		"a half-written mending": {func(p func(string) string) error { return os.WriteFile(p(third+".index.mended"), nil, 0o640) }, 18},
	} {
		t.Run(name, func(t *testing.T) {
			dir := build(t, 3, 6, 16)
			was, err := check(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := test.damage(func(file string) string { return filepath.Join(dir, file) }); err != nil {
				t.Fatal(err)
			}
			if kept := mended(t, dir, was); kept != test.keeps {
				t.Errorf("%d chunks kept, want %d", kept, test.keeps)
			}
		})
	}
}

func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(b) - 2 // before the trailer of the last chunk
	}
	b[at] ^= 4
	return os.WriteFile(path, b, 0o640)
}

func grow(path string, more []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, more...), 0o640)
}

func zero(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, make([]byte, info.Size()), 0o640)
}

func TestEmptyLogs(t *testing.T) {
	dir := t.TempDir()
	if r, err := Log(dir); err != nil || r.Mended {
		t.Errorf("no file: %v, %v", r, err)
	}
	fresh := build(t, 1, 0, 0)
	if r, err := Log(fresh); err != nil || r.Mended {
		t.Errorf("nothing said yet: %v, %v", r, err)
	}
	if _, err := check(fresh); err != nil {
		t.Error(err)
	}
	if _, err := Log(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there is mended")
	}
}

func TestUnknownFormatIsLeftAlone(t *testing.T) {
	for name, at := range map[string]int{"file version": 7, "chunk version": 8} {
		dir := build(t, 1, 3, 0)
		segment := filepath.Join(dir, "00000000000000000000.segment")
		b, err := os.ReadFile(segment)
		if err != nil {
			t.Fatal(err)
		}
		b[at]++
		if err := os.WriteFile(segment, b, 0o640); err != nil {
			t.Fatal(err)
		}
		before := stats(t, dir)
		if _, err := Log(dir); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if stats(t, dir) != before {
			t.Errorf("%s: the files were changed", name)
		}
	}
}

func TestLinkIsNotFollowed(t *testing.T) {
	dir, other := build(t, 2, 3, 0), filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	segment := filepath.Join(dir, "00000000000000000006.segment")
	if err := errors.Join(os.Remove(segment), os.Symlink(other, segment)); err != nil {
		t.Fatal(err)
	}
	if _, err := Log(dir); err == nil {
		t.Error("a log with a link in it is mended")
	}
	if b, _ := os.ReadFile(other); string(b) != "precious" {
		t.Errorf("the other file is %q", b)
	}
}

func TestStreams(t *testing.T) {
	data := t.TempDir()
	stream := filepath.Join(data, "mnesia", "rabbit@localhost", "stream")
	for _, name := range []string{"one", "two", "bad"} {
		copyTree(t, build(t, 2, 3, 0), filepath.Join(stream, name))
	}
	if err := zero(filepath.Join(stream, "two", "00000000000000000006.segment")); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"00000000000000000000", "00000000000000000006"} {
		if err := zero(filepath.Join(stream, "bad", f+".segment")); err != nil {
			t.Fatal(err)
		}
	}
	reports, err := Streams(t.Context(), data)
	if err != nil || len(reports) != 3 {
		t.Fatalf("%v, %v", reports, err)
	}
	if r := reports[0]; r.Aside != filepath.Join(stream, "bad.aside") {
		t.Errorf("of the bad log: %v", r)
	}
	if reports[1].Mended || !reports[2].Mended || reports[2].Chunks != 3 {
		t.Errorf("of the others: %v", reports[1:])
	}
	if reports, err = Streams(t.Context(), data); err != nil || len(reports) != 2 {
		t.Errorf("the second time: %v, %v", reports, err)
	}
	if reports, err = Streams(t.Context(), filepath.Join(data, "none")); err != nil || len(reports) != 0 {
		t.Errorf("no data yet: %v, %v", reports, err)
	}
}
