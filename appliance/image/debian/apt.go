package debian

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	if err := mirror.checkKeyring(); err != nil {
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
		"APT::Architecture=" + mirror.arch(),
		"APT::Architectures=" + mirror.arch(),
		"APT::Sandbox::User=", // root's apt would want to be _apt, which may not write here
		"Acquire::Languages=none",
		"Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
		"Acquire::AllowInsecureRepositories=false",
		"APT::Get::AllowUnauthenticated=false",
	} {
		a.options = append(a.options, "-o", option)
	}
	if mirror.Dated {
		a.options = append(a.options, "-o", "Acquire::Check-Valid-Until=false")
	}
	// "any": a mirror that cannot be reached is an error, and not a warning.
	if _, err := a.run(ctx, "apt-get", dir, "-o", "APT::Update::Error-Mode=any", "update"); err != nil {
		return nil, fmt.Errorf("the archive at %s does not give Debian %s: %w", mirror.Main, Suite, err)
	}
	return a, nil
}

func (a *Apt) run(ctx context.Context, program, dir string, args ...string) (string, error) {
	args = append(append([]string{"-q"}, a.options...), args...)
	return tool.Command{Program: program, Args: args, Dir: dir}.Run(ctx)
}

// offer is a package that the archive has.
type offer struct {
	Package
	source   string // name of the source that it is built from
	security bool   // it is in the security archive
	depends  string // the field Depends (Debian Policy, 7.1)
}

// offers returns what the archive has of the packages of these names, the newest
// version of each first. It has none of a package that it does not know.
func (a *Apt) offers(ctx context.Context, names []string) (map[string][]offer, error) {
	table, err := a.run(ctx, "apt-cache", a.dir, append([]string{"madison"}, names...)...)
	if err != nil {
		return nil, err
	}
	versions, err := parseMadison(table)
	if err != nil || len(versions) == 0 {
		return nil, err
	}
	var known []string
	for _, v := range versions {
		known = append(known, v.name)
	}
	text, err := a.run(ctx, "apt-cache", a.dir, append([]string{"show", "--all-versions"}, slices.Compact(known)...)...)
	if err != nil {
		return nil, err
	}
	found, err := parseShow(text)
	if err != nil {
		return nil, err
	}
	offers := map[string][]offer{}
	for _, v := range versions {
		for _, o := range found {
			if o.Name == v.name && o.Version == v.version {
				o.security = v.security
				offers[v.name] = append(offers[v.name], o)
			}
		}
	}
	return offers, nil
}

// version is a line of apt-cache's madison.
type version struct {
	name, version string
	security      bool
}

// parseMadison reads lines of the form "name | version | URI suite/component
// arch Packages", the newest version of a package first (apt-cache(8)). A version
// that several suites have is one.
func parseMadison(table string) ([]version, error) {
	var versions []version
	for line := range strings.Lines(table) {
		columns := strings.Split(line, "|")
		if len(columns) != 3 {
			return nil, fmt.Errorf("apt-cache says %q, which is not understood", strings.TrimSpace(line))
		}
		from := strings.Fields(columns[2])
		if len(from) < 2 || from[len(from)-1] != "Packages" {
			continue
		}
		suite, _, _ := strings.Cut(from[1], "/")
		v := version{strings.TrimSpace(columns[0]), strings.TrimSpace(columns[1]), strings.HasSuffix(suite, securitySuffix)}
		at := slices.IndexFunc(versions, func(w version) bool { return w.name == v.name && w.version == v.version })
		if at < 0 {
			versions = append(versions, v)
		} else {
			versions[at].security = versions[at].security || v.security
		}
	}
	return versions, nil
}

// parseShow reads paragraphs of the archive's list of packages (Debian Policy,
// 5.1).
func parseShow(text string) ([]offer, error) {
	var found []offer
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		fields := map[string]string{}
		for line := range strings.Lines(paragraph) {
			if name, value, ok := strings.Cut(line, ":"); ok && line[0] != ' ' {
				fields[name] = strings.TrimSpace(value)
			}
		}
		o := offer{
			Package: Package{Name: fields["Package"], Version: fields["Version"], Arch: fields["Architecture"], SHA256: fields["SHA256"]},
			depends: fields["Depends"],
		}
		if o.Name == "" || o.Version == "" || o.Arch == "" || o.SHA256 == "" {
			return nil, fmt.Errorf("the archive's list has a package without name, version, architecture or SHA-256: %.200q", paragraph)
		}
		o.source, _, _ = strings.Cut(fields["Source"], " ") // "glibc (2.41-12)"
		if o.source == "" {
			o.source = o.Name
		}
		found = append(found, o)
	}
	return found, nil
}

// pinOffers returns what the archive has of the packages of a lock, each under
// its name in the lock. Of one with a Meta that includes what its Meta depends on
// now.
func (a *Apt) pinOffers(ctx context.Context, pins []Package) (map[string][]offer, error) {
	var names []string
	for _, p := range pins {
		names = append(names, p.Name)
		if p.Meta != "" {
			names = append(names, p.Meta)
		}
	}
	offers, err := a.offers(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, p := range pins {
		meta := offers[p.Meta]
		if p.Meta == "" || len(meta) == 0 {
			continue
		}
		newest, err := dependency(meta[0])
		if err != nil {
			return nil, err
		}
		if newest == p.Name {
			continue
		}
		further, err := a.offers(ctx, []string{newest})
		if err != nil {
			return nil, err
		}
		for i := range further[newest] {
			further[newest][i].Meta = p.Meta
		}
		offers[p.Name] = append(further[newest], offers[p.Name]...)
	}
	return offers, nil
}

var firstName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+`)

// dependency returns the first package that a package depends on.
func dependency(o offer) (string, error) {
	name := firstName.FindString(o.depends)
	if name == "" {
		return "", fmt.Errorf("%s depends on no package, so it does not name the newest", o)
	}
	return name, nil
}

// download brings packages into dir. apt checks them against the archive's
// signed list.
func (a *Apt) download(ctx context.Context, dir string, packages []Package) error {
	args := []string{"download"}
	for _, p := range packages {
		args = append(args, p.Name+"="+p.Version)
	}
	_, err := a.run(ctx, "apt-get", dir, args...)
	return err
}
