package debian

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A folder is made once, again when something else makes it, and never half.
func TestMade(t *testing.T) {
	w := newWorld(t)
	times := 0
	m := Made{Name: "tools", Pins: w.lock, From: w.request, Source: []byte("one"), Report: io.Discard}
	m.Make = func(tree, stage string) error {
		times++
		if entries, err := os.ReadDir(tree); err != nil || len(entries) == 0 {
			t.Errorf("the tree has %d entries, %v", len(entries), err)
		}
		return os.Mkdir(stage, 0o755)
	}
	folder := func() string {
		t.Helper()
		dir, err := m.Folder(t.Context())
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || !filepath.IsAbs(dir) {
			t.Errorf("%q: %v", dir, err)
		}
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	first := folder()
	if again := folder(); again != first || times != 1 {
		t.Errorf("it is %s, then %s, and was made %d times", first, again, times)
	}
	m.Source = []byte("two")
	if second := folder(); second == first || times != 2 {
		t.Errorf("made by something else it is %s, too, and was made %d times", second, times)
	}
	if _, err := os.Stat(first); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the older one is still there: %v", err)
	}

	m.Source = []byte("three")
	failure := errors.New("no room")
	m.Make = func(tree, stage string) error { return errors.Join(os.Mkdir(stage, 0o755), failure) }
	if dir, err := m.Folder(t.Context()); !errors.Is(err, failure) {
		t.Errorf("half made, it is %q, %v", dir, err)
	}
	if left, _ := filepath.Glob(filepath.Join(w.request.Cache, "work-*")); left != nil {
		t.Errorf("%v is left", left)
	}
}
