package debian

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sum1 = "5330362213dc8b9327a56383104235c269797d5db2fd8688f535298d4c44e4d2"

func TestLock(t *testing.T) {
	file := "# for people\nnew\nlibc6 2.41-12 arm64 " + sum1 + "\n\nbase 1:1+x all " + sum1 + "\n"
	packages, err := ParseLock([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{{Name: "new"}, {"libc6", "2.41-12", "arm64", sum1}, {"base", "1:1+x", "all", sum1}}
	if !slices.Equal(packages, want) {
		t.Errorf("got %v", packages)
	}
	if names := Unpinned(packages); !slices.Equal(names, []string{"new"}) {
		t.Errorf("unpinned: %v", names)
	}
	again := string(FormatLock([]byte(file), want[1:]))
	if want := "# for people\nbase 1:1+x all " + sum1 + "\nlibc6 2.41-12 arm64 " + sum1 + "\n"; again != want {
		t.Errorf("written again:\n%s", again)
	}
	if purl := want[2].PURL(); purl != "pkg:deb/debian/base@1%3A1%2Bx?arch=all&distro=trixie" {
		t.Error(purl)
	}
}

func TestWrongLocks(t *testing.T) {
	for file, want := range map[string]string{
		"libc6 2.41\n":                              "line 1",
		"a\n\na\n":                                  "line 3: a is there twice",
		"libc6 2.41 amd64 " + sum1:                  "is amd64",
		"libc6 2.41 arm64 " + sum1[2:]:              "SHA-256",
		"libc6 2.41 arm64 " + sum1 + " more fields": "line 1",
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
	packages, err := ParseLock(file)
	if err != nil {
		t.Fatal(err)
	}
	if names := Unpinned(packages); names != nil {
		t.Errorf("no version: %v", names)
	}
	for _, name := range []string{"rabbitmq-server", "erlang-base", "hostapd", "dnsmasq-base", "crun", "firmware-brcm80211", "wireless-regdb"} {
		if !slices.ContainsFunc(packages, func(p Package) bool { return p.Name == name }) {
			t.Errorf("%s is missing", name)
		}
	}
	if !bytes.Equal(FormatLock(file, packages), file) {
		t.Error("it is not as -update-lock writes it")
	}
}

func TestMirror(t *testing.T) {
	const other = "Other\tOther\thttp://mirror.example/other/\n"
	for targets, want := range map[string]Mirror{
		other + "Debian\tDebian\thttp://mirror.example/debian/\nDebian\tDebian-Security\thttp://sec.example/s/\n": {"http://mirror.example/debian", "http://sec.example/s"},
		"Debian\tDebian\tfile:/srv/debian/\n": {"file:/srv/debian", "file:/srv/debian-security"},
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
}

func TestURIs(t *testing.T) {
	got, err := parseURIs("Reading…\n'http://m.example/libcap2_1%3a2.75-10_arm64.deb' libcap2_1%3a2.75-10_arm64.deb 27000 SHA256:" + sum1 + "\n")
	if err != nil || !slices.Equal(got, []Package{{"libcap2", "1:2.75-10", "arm64", sum1}}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parseURIs("'http://m.example/x.deb' x.deb 1 MD5Sum:aa\n"); err == nil {
		t.Error("MD5 is believed")
	}
}

func TestCompare(t *testing.T) {
	pinned := []Package{{"crun", "1.21-1", "arm64", sum1}}
	if err := compare(pinned, pinned); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		have Package
		want string
	}{
		{Package{"crun", "1.22-1", "arm64", sum1}, "crun 1.21-1 (it has 1.22-1). Take its versions with -update-lock"},
		{Package{"crun", "1.21-1", "arm64", strings.Repeat("0", 64)}, "do not use it"},
		{Package{}, "crun 1.21-1. Take"},
	} {
		if err := compare(pinned, []Package{test.have}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

func archive(t *testing.T, headers ...tar.Header) *bytes.Buffer {
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
	err := untar(archive(t,
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
		if err := untar(archive(t, headers...), openRoot(t)); err == nil {
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
