package debian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"warren/appliance/image/tool"
)

// Apt is the machine's apt with directories of its own: it knows our sources
// and architecture and no installed package, and leaves the machine alone. What
// else the machine's apt is told, such as a proxy, holds for it too.
type Apt struct {
	dir     string
	options []string
}

// NewApt returns an apt in the directory dir, with the packages that the mirror
// has now.
func NewApt(ctx context.Context, dir string, mirror Mirror) (*Apt, error) {
	if err := checkKeyring(); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	for name, content := range map[string]string{"status": "", "sources.list": mirror.sourcesList()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	a := &Apt{dir: dir}
	for _, option := range []string{
		"Dir::State=" + dir,
		"Dir::State::status=" + dir + "/status",
		"Dir::State::lists=" + dir + "/lists",
		"Dir::Cache=" + dir + "/cache",
		"Dir::Etc::sourcelist=" + dir + "/sources.list",
		"Dir::Etc::sourceparts=/dev/null",
		"Dir::Etc::preferences=/dev/null",
		"Dir::Etc::preferencesparts=/dev/null",
		"APT::Architecture=" + Architecture,
		"APT::Architectures=" + Architecture,
		"APT::Sandbox::User=", // root's apt would want to be _apt, which may not write here
		"Acquire::Languages=none",
		"Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
		"Acquire::AllowInsecureRepositories=false",
		"APT::Get::AllowUnauthenticated=false",
	} {
		a.options = append(a.options, "-o", option)
	}
	// "any": a mirror that cannot be reached is an error, and not a warning.
	if _, err := a.get(ctx, dir, "-o", "APT::Update::Error-Mode=any", "update"); err != nil {
		return nil, fmt.Errorf("the mirror %s does not give Debian %s: %w", mirror.Main, Suite, err)
	}
	return a, nil
}

func (a *Apt) get(ctx context.Context, dir string, args ...string) (string, error) {
	args = append(append([]string{"-q"}, a.options...), args...)
	return tool.Command{Program: "apt-get", Args: args, Dir: dir}.Run(ctx)
}

// Newest returns the packages of these names in the version that is to be
// installed now.
func (a *Apt) Newest(ctx context.Context, names []string) ([]Package, error) {
	out, err := a.get(ctx, a.dir, append([]string{"download", "--print-uris"}, names...)...)
	if err != nil {
		return nil, err
	}
	return parseURIs(out)
}

// parseURIs reads apt's list of what it would download: for each package its
// quoted URI, file name, size and SHA256:….
func parseURIs(out string) ([]Package, error) {
	var packages []Package
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) != 4 || !strings.HasPrefix(line, "'") {
			continue
		}
		file, err := url.PathUnescape(fields[1])
		parts := strings.Split(strings.TrimSuffix(file, ".deb"), "_")
		sum, isSHA256 := strings.CutPrefix(fields[3], "SHA256:")
		if err != nil || len(parts) != 3 || !isSHA256 {
			return nil, fmt.Errorf("apt says %q, which is not understood", strings.TrimSpace(line))
		}
		packages = append(packages, Package{Name: parts[0], Version: parts[1], Arch: parts[2], SHA256: sum})
	}
	return packages, nil
}

// Store is a directory with .deb files, each named after its SHA-256.
type Store string

func (s Store) path(p Package) string { return filepath.Join(string(s), p.SHA256+".deb") }

// Lacks returns those of the packages that are not in the store.
func (s Store) Lacks(packages []Package) []Package {
	var lacking []Package
	for _, p := range packages {
		if _, err := os.Stat(s.path(p)); err != nil {
			lacking = append(lacking, p)
		}
	}
	return lacking
}

// Fetch brings packages into the store. Each must be what the lock says.
func (s Store) Fetch(ctx context.Context, apt *Apt, packages []Package) error {
	if err := apt.offers(ctx, packages); err != nil {
		return err
	}
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(string(s), "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := apt.get(ctx, dir, append([]string{"download"}, pinned(packages)...)...); err != nil {
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
	if lacking := s.Lacks(packages); len(lacking) > 0 {
		return fmt.Errorf("apt did not bring %s with the SHA-256 that the lock has", lacking[0])
	}
	return nil
}

// offers checks that the mirror has all packages as they are pinned.
func (a *Apt) offers(ctx context.Context, packages []Package) error {
	var names []string
	for _, p := range packages {
		names = append(names, p.Name)
	}
	out, err := a.get(ctx, a.dir, append([]string{"download", "--print-uris"}, pinned(packages)...)...)
	if err == nil {
		var have []Package
		if have, err = parseURIs(out); err == nil {
			return compare(packages, have)
		}
	}
	newest, newestErr := a.Newest(ctx, names)
	if newestErr != nil {
		return newestErr // it says which package is not there at all
	}
	if gone := compare(packages, newest); gone != nil {
		return gone
	}
	return err
}

// compare says which pinned packages are not among those that a mirror has.
func compare(want, have []Package) error {
	byName := map[string]Package{}
	for _, p := range have {
		byName[p.Name] = p
	}
	var gone []string
	for _, p := range want {
		switch other := byName[p.Name]; {
		case other == p:
		case other.Version == p.Version:
			return fmt.Errorf("the mirror's %s is not the file that packages.lock has (%s instead of %s): do not use it before you know why", p, other.SHA256, p.SHA256)
		case other.Version == "":
			gone = append(gone, p.String())
		default:
			gone = append(gone, fmt.Sprintf("%s (it has %s)", p, other.Version))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return fmt.Errorf("the mirror has other versions than packages.lock: %s. Take its versions with -update-lock, build and test, and commit packages.lock; or name an older mirror with -mirror", strings.Join(gone, ", "))
}

// pinned returns packages in the words of apt-get.
func pinned(packages []Package) []string {
	var specs []string
	for _, p := range packages {
		specs = append(specs, p.Name+"="+p.Version)
	}
	return specs
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
