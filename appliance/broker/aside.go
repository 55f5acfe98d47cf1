package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// asideExt ends the name of a folder that was set aside.
const asideExt = ".aside"

// setAside gives the folder dir another name, so that RabbitMQ begins anew. At
// most one is kept: it goes when the next one comes, and until then costs no
// more than the log may.
func setAside(dir string) (string, error) {
	aside := dir + asideExt
	if err := os.RemoveAll(aside); err != nil {
		return "", fmt.Errorf("remove what was set aside before: %w", err)
	}
	if err := os.Rename(dir, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("set %s aside: %w", dir, err)
	}
	d, err := os.Open(filepath.Dir(dir))
	if err != nil {
		return "", err
	}
	return aside, errors.Join(d.Sync(), d.Close())
}
