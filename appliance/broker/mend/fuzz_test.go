package mend

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLog puts anything into the newest pair of a log. Whatever it is, what is
// left is consistent and begins with what was there before.
func FuzzLog(f *testing.F) {
	const newest = "00000000000000000006"
	whole := build(f, 2, 3, 0)
	segment, err := os.ReadFile(filepath.Join(whole, newest+segmentExt))
	if err != nil {
		f.Fatal(err)
	}
	index, err := os.ReadFile(filepath.Join(whole, newest+indexExt))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(segment, index)
	f.Add(segment[:len(segment)-1], index)
	f.Add(segment, index[:len(index)-1])
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, segment, index []byte) {
		dir := build(t, 1, 3, 0)
		err := errors.Join(
			os.WriteFile(filepath.Join(dir, newest+segmentExt), segment, 0o600),
			os.WriteFile(filepath.Join(dir, newest+indexExt), index, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Log(dir); err != nil {
			if errors.Is(err, ErrFormat) {
				return
			}
			t.Fatal(err)
		}
		data, err := check(dir)
		if err != nil {
			t.Fatal(err)
		}
		// What looks like a large piece of a log may outweigh the three chunks
		// before it, but only if it is one.
		if len(data) < 3 && len(segment) < 1000 {
			t.Errorf("%d chunks are left", len(data))
		}
		if r, err := Log(dir); err != nil || r.Mended {
			t.Errorf("the second mending: %v, %v", r, err)
		}
	})
}
