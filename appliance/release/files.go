package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"warren/appliance/image/debian"
)

// The files of a release. Those with a version in their names are made by
// imageFile and its like.
const (
	sumsFile      = "SHA256SUMS"
	signatureFile = "SHA256SUMS.minisig"
	keyFile       = "warren.pub" // the public key
	manifestFile  = "warren.rpi-imager-manifest"
	iconFile      = "warren.svg"
	notesFile     = "NOTES.md"
)

func imageFile(version string) string { return "warren-" + version + ".img.xz" }
func rootFile(version string) string  { return "warren-" + version + ".root" }
func bomFile(version string) string   { return "warren-" + version + ".cdx.json" }

// architectures are those of the daemons for Linux machines: what Go calls them.
var architectures = []string{"amd64", "arm64", "arm"}

func daemonsFile(version, arch string) string {
	return fmt.Sprintf("warren-%s-linux-%s.tar.gz", version, arch)
}

// files returns the names of all files of a release that SHA256SUMS has.
func files(version string) []string {
	names := []string{imageFile(version), rootFile(version), bomFile(version), manifestFile, iconFile, notesFile}
	for _, arch := range architectures {
		names = append(names, daemonsFile(version, arch))
	}
	slices.Sort(names)
	return names
}

// sums returns the checksums of files in dir, as sha256sum -c reads them.
func sums(dir string, names []string) ([]byte, error) {
	var out []byte
	for _, name := range names {
		sum, err := debian.SHA256File(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "%s  %s\n", sum, name)
	}
	return out, nil
}

// checkSums checks the files in dir against their checksums, and returns their
// names.
func checkSums(dir string, text []byte) ([]string, error) {
	var names []string
	for line := range strings.Lines(string(text)) {
		want, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || name != filepath.Base(name) {
			return nil, fmt.Errorf("%s has a line that is not understood: %q", sumsFile, line)
		}
		sum, err := debian.SHA256File(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if sum != want {
			return nil, fmt.Errorf("%s is not the file that was released: its SHA-256 is %s, not %s. Download it again", name, sum, want)
		}
		names = append(names, name)
	}
	return names, nil
}

// copyFile copies a file.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
