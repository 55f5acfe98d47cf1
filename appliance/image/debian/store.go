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

// Store is a directory with .deb files, each named after its SHA-256.
type Store string

func (s Store) path(p Package) string { return filepath.Join(string(s), p.SHA256+".deb") }

// has reports whether a package is in the store.
func (s Store) has(p Package) bool {
	_, err := os.Stat(s.path(p))
	return err == nil
}

// lacks returns those of the packages that are not in the store.
func (s Store) lacks(packages []Package) []Package {
	var lacking []Package
	for _, p := range packages {
		if !s.has(p) {
			lacking = append(lacking, p)
		}
	}
	return lacking
}

// fetch brings packages into the store that apt knows. Each must have the SHA-256
// that it is asked for with.
func (s Store) fetch(ctx context.Context, apt *Apt, packages []Package) error {
	if len(packages) == 0 {
		return nil
	}
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(string(s), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := apt.download(ctx, dir, packages); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	for _, file := range files {
		sum, err := SHA256File(file)
		if err != nil {
			return err
		}
		if err := os.Rename(file, s.path(Package{SHA256: sum})); err != nil {
			return err
		}
	}
	if lacking := s.lacks(packages); len(lacking) > 0 {
		return fmt.Errorf("apt did not bring %s with the SHA-256 %s", lacking[0], lacking[0].SHA256)
	}
	return nil
}

// SHA256File returns the SHA-256 of a file, in hexadecimal.
func SHA256File(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
