package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"warren/appliance/image/bom"
)

// defaultFirmware is where firmware for radios is looked for. It may be missing.
const defaultFirmware = "build/firmware"

// Where firmware that whoever builds has brought is in the image, and its licences.
const (
	radioDir         = "lib/firmware/brcm"
	radioLicencesDir = "usr/share/doc/radio-firmware"
)

// broughtFirmware is a folder with files for radios, by the names that their driver
// asks for, and their licences. They take the place of Debian's of the same name.
type broughtFirmware struct {
	dir             string
	files, licences []string
}

// bring looks through a folder; "": there is none, nor if it is the default and
// missing. Links in it are followed.
func bring(dir string) (broughtFirmware, error) {
	b := broughtFirmware{dir: dir}
	if dir == "" {
		return b, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) && dir == defaultFirmware {
		return b, nil
	}
	if err != nil {
		return b, fmt.Errorf("-firmware: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err != nil {
			return b, fmt.Errorf("-firmware: %w", err)
		} else if !info.Mode().IsRegular() || info.Size() == 0 {
			return b, fmt.Errorf("-firmware: %s is no file, or empty", path)
		}
		switch name := strings.ToUpper(e.Name()); {
		case strings.HasPrefix(e.Name(), "brcmfmac"):
			b.files = append(b.files, e.Name())
		case slices.ContainsFunc([]string{"LICEN", "COPYING", "COPYRIGHT"}, func(begin string) bool { return strings.HasPrefix(name, begin) }):
			b.licences = append(b.licences, e.Name())
		default:
			return b, fmt.Errorf("-firmware: %s is neither a file for a radio (brcmfmac…) nor a licence (LICENSE…, COPYING…, copyright…)", path)
		}
	}
	if len(b.files) > 0 && len(b.licences) == 0 {
		return b, fmt.Errorf("-firmware: %s has no licence (LICENSE…, COPYING… or copyright…): nobody may pass the files on without theirs", dir)
	}
	return b, nil
}

// add puts the files into the unpacked root, and returns their entries in the bill
// of materials.
func (b broughtFirmware) add(root string) ([]cdx.Component, error) {
	var components []cdx.Component
	var texts []string
	for _, name := range b.licences {
		to := filepath.Join(radioLicencesDir, name)
		if err := b.copy(name, filepath.Join(root, to)); err != nil {
			return nil, err
		}
		texts = append(texts, "/"+to)
	}
	for _, name := range b.files {
		to := filepath.Join(root, radioDir, name)
		if err := b.copy(name, to); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(to)
		if err != nil {
			return nil, err
		}
		sum := fmt.Sprintf("%x", sha256.Sum256(content))
		components = append(components, cdx.Component{
			Type: cdx.ComponentTypeFirmware, Name: name, Version: sum[:12], Hashes: bom.SHA256(sum),
			Licenses:   bom.Named(b.licences...),
			Properties: bom.TextAt(strings.Join(texts, " ")),
		})
	}
	return components, nil
}

func (b broughtFirmware) copy(name, to string) error {
	content, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		return err
	}
	return writeFile(to, content)
}
