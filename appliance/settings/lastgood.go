package settings

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The last good settings are kept as a warren.toml below a line with its
// checksum: power is cut at any moment, and half a file would be read without a
// mistake, its other half as defaults.

// seal returns the first line of a file that holds body.
func seal(body []byte) []byte { return fmt.Appendf(nil, "# sha256 %x\n", sha256.Sum256(body)) }

// readLastGood returns the settings kept at path, or the defaults if there are
// none or they are damaged.
func readLastGood(path string) Settings {
	data, err := readFile(path)
	if err != nil {
		return Default()
	}
	return unseal(data)
}

// unseal returns the settings in a file of writeLastGood, or the defaults if it
// is damaged.
func unseal(data []byte) Settings {
	line := bytes.IndexByte(data, '\n') + 1
	if !bytes.Equal(data[:line], seal(data[line:])) {
		return Default()
	}
	// An older or newer Warren may have written settings that this one does
	// not know: the others are still good.
	s, _ := Parse(data[line:], Default())
	return s
}

// writeLastGood keeps s at path, readable by nobody else: there are secrets in
// it. After a power cut there is the old file or the new one.
func writeLastGood(path string, s Settings) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	body := File(s)
	_, err = f.Write(append(seal(body), body...))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a change of names in dir outlive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
