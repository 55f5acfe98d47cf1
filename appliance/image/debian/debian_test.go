package debian

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const sum1 = "5330362213dc8b9327a56383104235c269797d5db2fd8688f535298d4c44e4d2"

func TestLock(t *testing.T) {
	file := "# for people\nsnapshot http://then.example/debian\nnew\nlinux-6.1 6.1-1 arm64 " + sum1 + " linux\n\nbase 1:1+x all " + sum1 + "\n"
	l, err := ParseLock([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{{Name: "new"}, {"linux-6.1", "6.1-1", "arm64", sum1, "linux"}, {"base", "1:1+x", "all", sum1, ""}}
	if !slices.Equal(l.Packages, want) || l.Snapshot != "http://then.example/debian" {
		t.Errorf("got %+v", l)
	}
	if names := l.Unpinned(); !slices.Equal(names, []string{"new"}) {
		t.Errorf("unpinned: %v", names)
	}
	l.Packages = want[1:]
	if want := "# for people\nsnapshot http://then.example/debian\nbase 1:1+x all " + sum1 + "\nlinux-6.1 6.1-1 arm64 " + sum1 + " linux\n"; string(l.Format()) != want {
		t.Errorf("written again:\n%s", l.Format())
	}
	if purl := want[2].PURL(); purl != "pkg:deb/debian/base@1%3A1%2Bx?arch=all&distro=trixie" {
		t.Error(purl)
	}
}

func TestWrongLocks(t *testing.T) {
	for file, want := range map[string]string{
		"libc6 2.41\n":                           "line 1",
		"a\n\na\n":                               "line 3: a is there twice",
		"libc6 2.41 amd64 " + sum1:               "is amd64",
		"libc6 2.41 arm64 " + sum1[2:]:           "SHA-256",
		"libc6 2.41 arm64 " + sum1 + " two more": "line 1",
	} {
		if _, err := ParseLock([]byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
}

func TestTheLockOfTheRepository(t *testing.T) {
	file, err := os.ReadFile("../packages.lock")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ParseLock(file)
	if err != nil {
		t.Fatal(err)
	}
	if names := l.Unpinned(); names != nil {
		t.Errorf("no version: %v", names)
	}
	for _, name := range []string{"rabbitmq-server", "erlang-base", "hostapd", "dnsmasq-base", "crun", "firmware-brcm80211", "wireless-regdb"} {
		if !slices.ContainsFunc(l.Packages, func(p Package) bool { return p.Name == name }) {
			t.Errorf("%s is missing", name)
		}
	}
	if !bytes.Equal(l.Format(), file) {
		t.Error("it is not as -update-lock writes it")
	}
	if l.Snapshot == "" {
		t.Error("it names no snapshot, so that -locked fails when the mirror has moved")
	}
}

func TestMirror(t *testing.T) {
	const other = "Other\tOther\thttp://mirror.example/other/\n"
	for targets, want := range map[string]Mirror{
		other + "Debian\tDebian\thttp://mirror.example/debian/\nDebian\tDebian-Security\thttp://sec.example/s/\n": {Main: "http://mirror.example/debian", Security: "http://sec.example/s"},
		"Debian\tDebian\tfile:/srv/debian/\n": {Main: "file:/srv/debian", Security: "file:/srv/debian-security"},
	} {
		if m, err := mirrorOf(targets); err != nil || m != want {
			t.Errorf("%v, %v", m, err)
		}
	}
	for _, targets := range []string{"", other, "Ubuntu\tUbuntu\thttp://mirror.example/ubuntu/\n"} {
		if _, err := mirrorOf(targets); err == nil || !strings.Contains(err.Error(), "-mirror") {
			t.Errorf("%q: %v", targets, err)
		}
	}
	list := MirrorAt("http://mirror.example/debian/").sourcesList()
	if want := "deb [signed-by=" + Keyring + "] http://mirror.example/debian-security trixie-security main non-free-firmware\n"; !strings.HasSuffix(list, want) || strings.Count(list, "\n") != 3 {
		t.Error(list)
	}
	for url, want := range map[string]string{
		"http://then.example/archive/debian/20261122T000000Z/": "http://then.example/archive/debian-security/20261122T000000Z",
		"http://mirror.example/copy":                           "http://mirror.example/copy-security",
	} {
		if got := SnapshotAt(url); got.Security != want || !got.Dated {
			t.Errorf("%s: %+v", url, got)
		}
	}
	if url := SnapshotOf(time.Unix(1e9, 0)); !strings.HasSuffix(url, "/debian/20010909T134640Z") {
		t.Error(url)
	}
}

func tarball(t *testing.T, headers ...tar.Header) *bytes.Buffer {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == tar.TypeReg {
			h.Size = 4
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			w.Write([]byte("text"))
		}
	}
	w.Close()
	return &b
}

func openRoot(t *testing.T) *os.Root {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestUntar(t *testing.T) {
	root := openRoot(t)
	if err := root.MkdirAll("usr/lib", 0o755); err != nil {
		t.Fatal(err)
	}
	root.Symlink("usr/lib", "lib")
	err := untar(tarball(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./lib", Typeflag: tar.TypeSymlink, Linkname: "usr/lib"},
		tar.Header{Name: "./lib/firmware/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./lib/firmware/a", Typeflag: tar.TypeReg, Mode: 0o444},
		tar.Header{Name: "./usr/bin/su", Typeflag: tar.TypeReg, Mode: 0o4755},
		tar.Header{Name: "./usr/bin/b", Typeflag: tar.TypeLink, Linkname: "./usr/bin/su"},
		tar.Header{Name: "./usr/bin/c", Typeflag: tar.TypeSymlink, Linkname: "/etc/anything"},
	), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"usr/lib/firmware/a", "usr/bin/b"} {
		if content, err := root.ReadFile(name); err != nil || string(content) != "text" {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
	if info, err := root.Stat("usr/bin/su"); err != nil || info.Mode() != 0o755 {
		t.Errorf("%v, %v: setuid must be gone", info.Mode(), err)
	}
	if to, err := root.Readlink("usr/bin/c"); err != nil || to != "/etc/anything" {
		t.Errorf("%s, %v", to, err)
	}
}

func TestUntarStaysInside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	for name, headers := range map[string][]tar.Header{
		"a name":   {{Name: "../outside", Typeflag: tar.TypeReg, Mode: 0o644}},
		"a link":   {{Name: "d", Typeflag: tar.TypeSymlink, Linkname: filepath.Dir(outside)}, {Name: "d/outside", Typeflag: tar.TypeReg, Mode: 0o644}},
		"a device": {{Name: "null", Typeflag: tar.TypeChar}},
	} {
		if err := untar(tarball(t, headers...), openRoot(t)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("it wrote outside")
	}
}

func TestLicences(t *testing.T) {
	const machine = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: x

Files: *
Copyright: 2020 A
License: GPL-2+
 Some text.

Files: debian/*
Copyright: 2020 B
License: Expat

License: GPL-2+
 The text.
`
	if got := Licences([]byte(machine)); !slices.Equal(got, []string{"Expat", "GPL-2+"}) {
		t.Error(got)
	}
	if got := Licences([]byte("This is x, under License: GPL\n")); got != nil {
		t.Error(got)
	}
}

func TestCopyright(t *testing.T) {
	tree := t.TempDir()
	doc := filepath.Join(tree, "usr/share/doc")
	if err := os.MkdirAll(filepath.Join(doc, "base"), 0o755); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(doc, "base/copyright"), []byte("text"), 0o644)
	os.Symlink("base", filepath.Join(doc, "other"))
	if text, err := Copyright(tree, Package{Name: "other"}); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := Copyright(tree, Package{Name: "none"}); err == nil || !strings.Contains(err.Error(), "packages.lock") {
		t.Error(err)
	}
}
