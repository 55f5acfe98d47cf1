package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"warren/appliance/image/debian"
)

// cache keeps what was made, each under a key that is a hash of all it was made
// of. One of a name is kept: the newest.
type cache string

// make returns the directory name-key, and makes it if it is not there: fill
// gets an empty directory, which becomes it when fill succeeds.
func (c cache) make(name, key string, fill func(dir string) error) (dir string, had bool, err error) {
	dir = filepath.Join(string(c), name+"-"+key[:16])
	if _, err := os.Stat(dir); err == nil {
		return dir, true, nil
	}
	old, err := filepath.Glob(filepath.Join(string(c), name+"-*"))
	if err != nil {
		return "", false, err
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return "", false, err
		}
	}
	work, err := c.work()
	if err != nil {
		return "", false, err
	}
	defer os.RemoveAll(work)
	if err := fill(work); err != nil {
		return "", false, err
	}
	return dir, false, os.Rename(work, dir)
}

// work returns an empty directory, which the caller removes. It removes what
// builds that were killed have left behind a day ago.
func (c cache) work() (string, error) {
	if err := os.MkdirAll(string(c), 0o755); err != nil {
		return "", err
	}
	old, err := filepath.Glob(filepath.Join(string(c), "work-*"))
	if err != nil {
		return "", err
	}
	for _, dir := range old {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			os.RemoveAll(dir)
		}
	}
	dir, err := os.MkdirTemp(string(c), "work-")
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// key hashes what something is made of.
type key struct{ parts []any }

func (k *key) add(parts ...any) { k.parts = append(k.parts, parts...) }

func (k *key) sum() string {
	h := sha256.New()
	for _, p := range k.parts {
		fmt.Fprintf(h, "%q\n", fmt.Sprint(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// addTree adds names, modes and contents of all files below dir but those named
// in except.
func (k *key) addTree(dir string, except ...string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || slices.Contains(except, name) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case d.Type().IsRegular():
			content, err = debian.SHA256File(path)
		case d.Type()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		}
		if err != nil {
			return err
		}
		k.add(name, info.Mode(), content)
		return nil
	})
}
