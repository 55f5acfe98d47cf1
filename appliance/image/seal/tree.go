// Package seal makes what the image has from Debian out of an unpacked tree of
// its packages: only the files that are needed, found by what needs them, in
// squashfs files that the device mounts.
package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Tree is a directory with unpacked packages.
type Tree string

// one returns the one path in the tree that matches pattern, below the tree.
func (t Tree) one(pattern string) (string, error) {
	paths, err := t.glob(pattern)
	if err != nil {
		return "", err
	}
	if len(paths) != 1 {
		return "", fmt.Errorf("the packages have %d files %s: want one", len(paths), pattern)
	}
	return paths[0], nil
}

// glob returns the paths in the tree that match pattern, below the tree.
func (t Tree) glob(pattern string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(string(t), pattern))
	if err != nil {
		return nil, err
	}
	for i, path := range found {
		found[i] = strings.TrimPrefix(path, string(t)+"/")
	}
	return found, nil
}

func (t Tree) read(path string) ([]byte, error) { return os.ReadFile(filepath.Join(string(t), path)) }

// Stage is a directory in which a file system is put together. The first error
// stays: Err returns it.
type Stage struct {
	dir string
	err error
}

// NewStage makes a stage.
func NewStage(dir string) *Stage {
	s := &Stage{dir: dir}
	s.Dir(".")
	return s
}

// Err returns what went wrong first.
func (s *Stage) Err() error { return s.err }

func (s *Stage) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Dir makes a directory.
func (s *Stage) Dir(path string) {
	if s.err == nil {
		s.fail(os.MkdirAll(filepath.Join(s.dir, path), 0o755))
	}
}

// Link makes a symbolic link, or leaves the one that is there.
func (s *Stage) Link(to, path string) {
	s.Dir(filepath.Dir(path))
	if s.err != nil {
		return
	}
	if err := os.Symlink(to, filepath.Join(s.dir, path)); !errors.Is(err, fs.ErrExist) {
		s.fail(err)
	}
}

// Write writes a file.
func (s *Stage) Write(path string, content []byte, perm fs.FileMode) {
	s.Dir(filepath.Dir(path))
	if s.err != nil {
		return
	}
	full := filepath.Join(s.dir, path)
	s.fail(os.WriteFile(full, content, perm))
	s.fail(os.Chmod(full, perm)) // not the umask's
}

// Copy copies a file of the tree, and what a link leads to.
func (s *Stage) Copy(t Tree, from, to string) {
	if s.err != nil {
		return
	}
	info, err := os.Stat(filepath.Join(string(t), from))
	if err != nil {
		s.fail(err)
		return
	}
	content, err := t.read(from)
	s.fail(err)
	perm := fs.FileMode(0o644)
	if info.Mode()&0o111 != 0 {
		perm = 0o755
	}
	s.Write(to, content, perm)
}
