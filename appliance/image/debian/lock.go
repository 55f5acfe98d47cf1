// Package debian brings packages of Debian from the archive into a directory:
// pinned, with signatures checked by apt, unpacked without running anything of
// theirs.
package debian

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// The suite all packages come from, and their architecture.
const (
	Suite        = "trixie"
	Architecture = "arm64"
)

// Package is one package in one version.
type Package struct {
	Name    string
	Version string
	Arch    string // of the package: arm64 or all
	SHA256  string // of the .deb, in hexadecimal
}

func (p Package) String() string { return p.Name + " " + p.Version }

// PURL returns the package's address in a bill of materials
// (purl-spec, type deb).
func (p Package) PURL() string {
	version := strings.NewReplacer(":", "%3A", "+", "%2B").Replace(p.Version)
	return fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&distro=%s", strings.ReplaceAll(p.Name, "+", "%2B"), version, p.Arch, Suite)
}

// ParseLock reads a lock file: a package a line, with its name, version,
// architecture and SHA-256. A name alone is a package that was not looked up
// yet. Empty lines and lines that begin with # are for people.
func ParseLock(file []byte) ([]Package, error) {
	var packages []Package
	seen := map[string]bool{}
	n := 0
	for line := range strings.Lines(string(file)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 1 && len(fields) != 4 {
			return nil, fmt.Errorf("line %d: want a name, version, architecture and SHA-256, or a name alone", n)
		}
		p := Package{Name: fields[0]}
		if seen[p.Name] {
			return nil, fmt.Errorf("line %d: %s is there twice", n, p.Name)
		}
		seen[p.Name] = true
		if len(fields) == 4 {
			p.Version, p.Arch, p.SHA256 = fields[1], fields[2], fields[3]
			if p.Arch != Architecture && p.Arch != "all" {
				return nil, fmt.Errorf("line %d: the architecture of %s is %s, not %s or all", n, p.Name, p.Arch, Architecture)
			}
			if sum, err := hex.DecodeString(p.SHA256); err != nil || len(sum) != 32 {
				return nil, fmt.Errorf("line %d: the SHA-256 of %s is not one", n, p.Name)
			}
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// FormatLock is ParseLock's opposite. It keeps what file, an older lock, has in
// lines for people.
func FormatLock(file []byte, packages []Package) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(file) {
		if line[0] != '#' {
			break
		}
		out.Write(line)
	}
	packages = slices.SortedFunc(slices.Values(packages), func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range packages {
		fmt.Fprintf(&out, "%s %s %s %s\n", p.Name, p.Version, p.Arch, p.SHA256)
	}
	return out.Bytes()
}

// Unpinned returns the packages that have no version yet.
func Unpinned(packages []Package) []string {
	var names []string
	for _, p := range packages {
		if p.Version == "" {
			names = append(names, p.Name)
		}
	}
	return names
}
