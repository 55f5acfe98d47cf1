package debian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Made is a folder that is made of packages, and kept in the cache for as long as the
// packages and what makes it are the same.
type Made struct {
	Name   string // what its name in the cache begins with
	Pins   Lock
	From   Request // From.Cache is where it is kept
	Source []byte  // the program text that Make is
	Make   func(tree, stage string) error

	Report io.Writer // gets a line for each package that is not as it is pinned
}

// Folder returns the folder, an absolute path. If it is not in the cache, the packages
// are taken and unpacked to tree, and Make makes the folder stage of that; an older one
// is removed then. Two programs that make the same one at once must not.
func (m Made) Folder(ctx context.Context) (string, error) {
	taken, err := Take(ctx, m.Pins, m.From)
	if err != nil {
		return "", err
	}
	for _, d := range taken.Differences {
		fmt.Fprintln(m.Report, d)
	}
	key := sha256.New()
	fmt.Fprintln(key, taken.Packages)
	key.Write(m.Source)
	dir, err := filepath.Abs(filepath.Join(m.From.Cache, m.Name+"-"+hex.EncodeToString(key.Sum(nil)[:8])))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	work, err := os.MkdirTemp(m.From.Cache, "work-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	tree, stage := filepath.Join(work, "tree"), filepath.Join(work, "stage")
	if err := taken.Store.Unpack(ctx, taken.Packages, tree); err != nil {
		return "", err
	}
	if err := m.Make(tree, stage); err != nil {
		return "", err
	}
	old, err := filepath.Glob(filepath.Join(m.From.Cache, m.Name+"-????????????????"))
	if err != nil {
		return "", err
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return "", err
		}
	}
	return dir, os.Rename(stage, dir)
}
