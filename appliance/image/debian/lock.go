// Package debian brings packages of Debian from the archive into a directory:
// in the versions of a lock file or, where the archive has moved on, in its own;
// with signatures checked by apt, unpacked without running anything of theirs.
package debian

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The suite all packages come from, and the architecture of those in the image.
const (
	Suite        = "trixie"
	Architecture = "arm64"
)

// Package is one package in one version.
type Package struct {
	Name    string
	Version string
	Arch    string // of the package: that of the lock, or all
	SHA256  string // of the .deb, in hexadecimal

	// Meta is the package that always depends on the newest of this kind, whose
	// own name has its version in it, as those of kernels have; or "".
	Meta string
}

func (p Package) String() string { return p.Name + " " + p.Version }

// isFile reports whether both packages are the same file.
func (p Package) isFile(q Package) bool {
	return p.Name == q.Name && p.Version == q.Version && p.SHA256 == q.SHA256
}

// PURL returns the package's address in a bill of materials
// (purl-spec, type deb).
func (p Package) PURL() string {
	version := strings.NewReplacer(":", "%3A", "+", "%2B").Replace(p.Version)
	return fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&distro=%s", strings.ReplaceAll(p.Name, "+", "%2B"), version, p.Arch, Suite)
}

// Lock is what a lock file says: the packages in the versions that were tested
// last.
type Lock struct {
	Packages []Package
	Snapshot string // URL of the archive as it was then: it has all of them; or ""

	comment []byte // the lines for people at the top
}

// snapshotWord begins the line that names the snapshot.
const snapshotWord = "snapshot"

// ParseLock reads a lock file: a package a line, with its name, version,
// architecture and SHA-256, and Meta if it has one. A name alone is a package
// that was not looked up yet. The line "snapshot URL" names the archive as it was
// when the file was written. Empty lines and lines that begin with # are for
// people.
func ParseLock(file []byte) (Lock, error) { return ParseLockFor(Architecture, file) }

// ParseLockFor is ParseLock for packages of another architecture, as Debian calls it.
func ParseLockFor(arch string, file []byte) (Lock, error) {
	var l Lock
	seen := map[string]bool{}
	n := 0
	for line := range strings.Lines(string(file)) {
		n++
		if strings.HasPrefix(line, "#") && len(l.Packages) == 0 {
			l.comment = append(l.comment, line...)
		}
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) == 2 && fields[0] == snapshotWord {
			l.Snapshot = fields[1]
			continue
		}
		p, err := parsePackage(arch, fields)
		if err == nil && seen[p.Name] {
			err = fmt.Errorf("%s is there twice", p.Name)
		}
		if err != nil {
			return Lock{}, fmt.Errorf("line %d: %w", n, err)
		}
		seen[p.Name] = true
		l.Packages = append(l.Packages, p)
	}
	return l, nil
}

func parsePackage(arch string, fields []string) (Package, error) {
	p := Package{Name: fields[0]}
	switch len(fields) {
	case 1:
		return p, nil
	case 5:
		p.Meta = fields[4]
	case 4:
	default:
		return p, errors.New("want a name, version, architecture and SHA-256, or a name alone")
	}
	p.Version, p.Arch, p.SHA256 = fields[1], fields[2], fields[3]
	if p.Arch != arch && p.Arch != "all" {
		return p, fmt.Errorf("the architecture of %s is %s, not %s or all", p.Name, p.Arch, arch)
	}
	if sum, err := hex.DecodeString(p.SHA256); err != nil || len(sum) != 32 {
		return p, fmt.Errorf("the SHA-256 of %s is not one", p.Name)
	}
	return p, nil
}

// Format is ParseLock's opposite, with the packages sorted.
func (l Lock) Format() []byte {
	var out bytes.Buffer
	out.Write(l.comment)
	if l.Snapshot != "" {
		fmt.Fprintf(&out, "%s %s\n", snapshotWord, l.Snapshot)
	}
	for _, p := range slices.SortedFunc(slices.Values(l.Packages), func(a, b Package) int { return strings.Compare(a.Name, b.Name) }) {
		fmt.Fprintln(&out, strings.TrimRight(strings.Join([]string{p.Name, p.Version, p.Arch, p.SHA256, p.Meta}, " "), " "))
	}
	return out.Bytes()
}

// Unpinned returns the packages that have no version yet.
func (l Lock) Unpinned() []string {
	var names []string
	for _, p := range l.Packages {
		if p.Version == "" {
			names = append(names, p.Name)
		}
	}
	return names
}
