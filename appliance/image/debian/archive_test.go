package debian

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// archive is an archive of Debian packages as mirrors have them, with a security
// archive beside it, signed and served on loopback.
type archive struct {
	t       *testing.T
	dir     string
	url     string
	signer  *signer
	minute  int                    // how often the lists were published
	suites  map[string][]paragraph // by suite
	expired bool                   // the lists are valid no more
}

// paragraph is a package in an archive's list.
type paragraph struct {
	Package
	text string
}

// build is a package to be built.
type build struct {
	name, version   string
	source, depends string // may be ""
	content         string // of its one file
}

func newArchive(t *testing.T, s *signer) *archive {
	a := &archive{t: t, dir: t.TempDir(), signer: s, suites: map[string][]paragraph{}}
	server := httptest.NewServer(http.FileServer(http.Dir(a.dir)))
	t.Cleanup(server.Close)
	a.url = server.URL + "/debian"
	return a
}

// mirror returns the archive as a mirror.
func (a *archive) mirror() Mirror {
	m := MirrorAt(a.url)
	m.Keyring = a.signer.keyring
	return m
}

// root returns the directory of the archive that has a suite.
func (a *archive) root(suite string) string {
	if suite == "trixie-security" {
		return filepath.Join(a.dir, "debian-security")
	}
	return filepath.Join(a.dir, "debian")
}

// add builds packages into a suite of the archive, and returns them.
func (a *archive) add(suite string, builds ...build) []Package {
	var made []Package
	for _, b := range builds {
		tree := a.t.TempDir()
		control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: nobody\nDescription: a test\n", b.name, b.version, Architecture)
		if b.source != "" {
			control += "Source: " + b.source + "\n"
		}
		if b.depends != "" {
			control += "Depends: " + b.depends + "\n"
		}
		write(a.t, filepath.Join(tree, "DEBIAN/control"), control)
		write(a.t, filepath.Join(tree, "usr/share", b.name), b.content)
		file := fmt.Sprintf("pool/%s_%s_%s.deb", b.name, strings.ReplaceAll(b.version, ":", "%3a"), Architecture)
		path := filepath.Join(a.root(suite), file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			a.t.Fatal(err)
		}
		command(a.t, "dpkg-deb", "--root-owner-group", "--build", tree, path)
		content, err := os.ReadFile(path)
		if err != nil {
			a.t.Fatal(err)
		}
		p := Package{Name: b.name, Version: b.version, Arch: Architecture, SHA256: fmt.Sprintf("%x", sha256.Sum256(content))}
		text := control + fmt.Sprintf("Filename: %s\nSize: %d\nSHA256: %s\n", file, len(content), p.SHA256)
		a.suites[suite] = append(a.suites[suite], paragraph{p, text})
		made = append(made, p)
	}
	return made
}

// lose takes packages out of all lists.
func (a *archive) lose(packages ...Package) {
	for suite := range a.suites {
		a.suites[suite] = slices.DeleteFunc(a.suites[suite], func(p paragraph) bool { return slices.Contains(packages, p.Package) })
	}
}

// publish writes and signs the lists, each time as of another minute: apt asks
// only for what has changed since.
func (a *archive) publish() {
	a.minute++
	date := time.Now().Add(-2*time.Hour + time.Duration(a.minute)*time.Minute)
	for _, suite := range []string{"trixie", "trixie-updates", "trixie-security"} {
		lists := map[string]string{"main": "", "non-free-firmware": ""}
		for _, p := range a.suites[suite] {
			lists["main"] += p.text + "\n"
		}
		dist := filepath.Join(a.root(suite), "dists", suite)
		until := date.Add(24 * time.Hour)
		if a.expired {
			until = date.Add(time.Hour)
		}
		release := fmt.Sprintf("Origin: Debian\nLabel: Debian\nSuite: %[1]s\nCodename: %[1]s\nDate: %[2]s\nValid-Until: %[3]s\nArchitectures: arm64\nComponents: main non-free-firmware\nSHA256:\n",
			suite, date.UTC().Format(time.RFC1123), until.UTC().Format(time.RFC1123))
		for component, list := range lists {
			name := component + "/binary-arm64/Packages"
			write(a.t, filepath.Join(dist, name), list)
			release += fmt.Sprintf(" %x %d %s\n", sha256.Sum256([]byte(list)), len(list), name)
		}
		signed := filepath.Join(dist, "InRelease")
		write(a.t, signed, a.signer.sign(release))
		if err := os.Chtimes(signed, date, date); err != nil {
			a.t.Fatal(err)
		}
	}
}

// signer signs with a key that is made for the test.
type signer struct {
	t       *testing.T
	home    string
	keyring string // file with the public key
}

func newSigner(t *testing.T) *signer {
	home, err := os.MkdirTemp("", "gnupg-") // gpg-agent's socket needs a short name
	if err != nil {
		t.Fatal(err)
	}
	s := &signer{t: t, home: home, keyring: filepath.Join(home, "archive.gpg")}
	t.Cleanup(func() {
		exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	s.gpg("", "--passphrase", "", "--quick-generate-key", "archive", "ed25519", "sign", "never")
	s.gpg("", "--output", s.keyring, "--export")
	return s
}

// gpg runs gpg and returns what it prints.
func (s *signer) gpg(in string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command("gpg", append([]string{"--homedir", s.home, "--batch", "--quiet"}, args...)...)
	cmd.Stdin = strings.NewReader(in)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("gpg: %v: %s", err, &complaint)
	}
	return out.String()
}

func (s *signer) sign(text string) string { return s.gpg(text, "--clearsign") }

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func command(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}
