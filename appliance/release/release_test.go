package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"warren/appliance/emulator"
	"warren/appliance/image/card"
	"warren/appliance/partition"
	"warren/appliance/settings"
	"warren/chatd/hostcode"
)

func TestFlags(t *testing.T) {
	if o, err := parse([]string{"-version", "v0.2.0"}, &bytes.Buffer{}); err != nil || o.dir != "build/release" || o.verify {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{{}, {"-version", "0.2.0"}, {"-version", "v0.2"}, {"-version", "v0.2.0 "}, {"v0.2.0"}, {"-x"}} {
		if _, err := parse(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestNotes(t *testing.T) {
	const changelog = "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [0.2.0] - 2026-11-30\n\n### Added\n\n- a\n\n## [0.1.0] - 2026-11-23\n\n- first\n\n[0.1.0]: https://x.example\n"
	for version, want := range map[string]string{"v0.2.0": "### Added\n\n- a\n", "v0.1.0": "- first\n"} {
		if got, err := notes(changelog, version); got != want || err != nil {
			t.Errorf("%s: %q, %v", version, got, err)
		}
	}
	for _, version := range []string{"v0.2.1", "v0.2", "v2.0"} {
		if _, err := notes(changelog, version); err == nil || !strings.Contains(err.Error(), "CHANGELOG.md has nothing of "+version) {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// commitIn makes a checkout in which everything is committed.
func commitIn(t *testing.T, files map[string]string) {
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=x", "-c", "user.email=x@x.example", "commit", "-q", "-m", "x"}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
}

// What is wrong is said before anything is built.
func TestWhatCannotBeReleased(t *testing.T) {
	t.Setenv("MINISIGN_KEY", "")
	t.Setenv("MINISIGN_KEY_FILE", "")
	commitIn(t, map[string]string{"go.mod": "module x\n", "CHANGELOG.md": "## [0.2.0]\n\n- a\n", ".gitignore": "build/\n"})
	refused := func(version, why string) {
		t.Helper()
		err := release(t.Context(), &options{version: version, dir: filepath.Join("build", "release")}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%v, want %q", err, why)
		}
	}
	refused("v0.3.0", "CHANGELOG.md has nothing of v0.3.0")
	refused("v0.2.0", "no key to sign with")
	t.Setenv("MINISIGN_KEY_FILE", "none")
	refused("v0.2.0", "MINISIGN_KEY_FILE")
	t.Setenv("MINISIGN_KEY", "text")
	refused("v0.2.0", "no secret key")
	t.Setenv("MINISIGN_KEY", newKey(t, "").secret)
	if err := os.MkdirAll("build/release/mine", 0o755); err != nil {
		t.Fatal(err)
	}
	refused("v0.2.0", "no file of a release")
	if err := os.WriteFile("new", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	refused("v0.2.0", "?? new")
}

// key is a pair of keys that Debian's minisign has made.
type key struct{ secret, publicFile string }

func newKey(t *testing.T, password string) key {
	t.Helper()
	dir := t.TempDir()
	secret, public := filepath.Join(dir, "key"), filepath.Join(dir, "key.pub")
	args := []string{"-G", "-s", secret, "-p", public}
	if password == "" {
		args = append(args, "-W")
	}
	cmd := exec.Command("minisign", args...)
	cmd.Stdin = strings.NewReader(password + "\n" + password + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("minisign: %v: %s", err, out)
	}
	text, err := os.ReadFile(secret)
	if err != nil {
		t.Fatal(err)
	}
	return key{string(text), public}
}

func TestSign(t *testing.T) {
	for _, password := range []string{"", "a password"} {
		k := newKey(t, password)
		t.Setenv("MINISIGN_KEY", k.secret)
		t.Setenv("MINISIGN_PASSWORD", password)
		secret, err := secretKey()
		if err != nil {
			t.Fatal(err)
		}
		signature, public, err := sign(secret, "v0.2.0", []byte("sums\n"))
		if err != nil {
			t.Fatal(err)
		}
		made, err := os.ReadFile(k.publicFile)
		if err != nil || lastLine(made) != lastLine(public) {
			t.Errorf("the public key is %s, and minisign's %s (%v)", public, made, err)
		}
		dir := t.TempDir()
		for name, content := range map[string][]byte{sumsFile: []byte("sums\n"), signatureFile: signature, keyFile: public} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, public := range []string{k.publicFile, keyFile} {
			cmd := exec.Command("minisign", "-V", "-m", sumsFile, "-p", public)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Warren v0.2.0") {
				t.Errorf("minisign -V -p %s: %v: %s", public, err, out)
			}
		}
	}
	t.Setenv("MINISIGN_PASSWORD", "another")
	if _, err := secretKey(); err == nil || !strings.Contains(err.Error(), "MINISIGN_PASSWORD") {
		t.Errorf("with a wrong password: %v", err)
	}
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// The fields that Raspberry Pi Imager's schema demands of a list and of an entry.
func TestManifest(t *testing.T) {
	text, err := newManifest("v0.2.0", "https://x.example/v0.2.0", "", time.Unix(1e9, 0), blob{1, "aa"}, blob{2, "bb"})
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Imager map[string]any
		OSList []map[string]any `json:"os_list"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"name", "description", "icon", "url", "extract_size", "extract_sha256", "image_download_size", "release_date", "devices"} {
		if m.OSList[0][field] == nil {
			t.Errorf("the entry has no %s", field)
		}
	}
	if s := m.OSList[0]; s["url"] != "https://x.example/v0.2.0/warren-v0.2.0.img.xz" || s["init_format"] != "none" || s["release_date"] != "2001-09-09" || s["website"] != nil {
		t.Errorf("%v", s)
	}
	for _, d := range m.Imager["devices"].([]any) {
		for _, field := range []string{"name", "tags", "icon", "description"} {
			if d.(map[string]any)[field] == nil {
				t.Errorf("a board has no %s", field)
			}
		}
	}
	// Imager asks whoever has an older one to update if these are there.
	if m.Imager["latest_version"] != nil || m.Imager["url"] != nil {
		t.Error("it speaks of Imager's own version")
	}
}

func TestDaemonsAreTheSameEachTime(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out builds")
	}
	dir := t.TempDir()
	var sums []string
	for _, name := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name, daemonsFile("v0.2.0", "arm"))
		if err := buildDaemons(t.Context(), "../..", "v0.2.0", "arm", file, time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
		b, err := stat(file)
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, b.sha256)
	}
	if sums[0] != sums[1] {
		t.Error("two builds of the same differ")
	}
	names, err := unpack(filepath.Join(dir, "a", daemonsFile("v0.2.0", "arm")), filepath.Join(dir, "unpacked"))
	if err != nil || !slices.Contains(names, "chatd") || !slices.Contains(names, "licences/github.com/gorilla/websocket/LICENSE") || !slices.Contains(names, "licences/std/LICENSE") {
		t.Errorf("%v, %v", names, err)
	}
}

// chatd has modules of its own release's version in it.
func TestHoldsVersion(t *testing.T) {
	const modules = "dep\trsc.io/qr\tv0.2.0\th1:x\ndep\tother\tv0.2.1\th1:y\n"
	for program, want := range map[string]bool{
		"\x00v0.2.0\x00" + modules:      true,
		"\x00development\x00" + modules: false,
		"\x00v0.2.1\x00" + modules:      false,
	} {
		if holdsVersion(program, "v0.2.0") != want {
			t.Errorf("%q: %v", program, !want)
		}
	}
}

// TestRelease packs the image that the other tests boot, checks it as whoever
// downloads it would, and then each fault that it must find.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the image")
	}
	image := emulator.ImageForTest(t)
	k := newKey(t, "")
	t.Setenv("MINISIGN_KEY", k.secret)
	version := versionOf(t, image)
	o := &options{version: version, dir: t.TempDir(), url: "https://x.example"}
	module := t.TempDir()
	for _, name := range []string{"chatd", "ledstatus", "appliance", "web", "internal", "go.mod", "go.sum", "LICENSE"} {
		path, err := filepath.Abs(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		os.Symlink(path, filepath.Join(module, name))
	}
	changelog := "## [" + strings.TrimPrefix(version, "v") + "]\n\n- a\n"
	if err := os.WriteFile(filepath.Join(module, "CHANGELOG.md"), []byte(changelog), 0o644); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	s := source{module: module, at: time.Unix(1e9, 0)}
	if err := s.pack(t.Context(), o, image, []string{"-0", "--threads=2"}, &said); err != nil {
		t.Fatal(err)
	}
	check := func() error {
		said.Reset()
		return verify(t.Context(), o.dir, k.publicFile, &said)
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", &said)

	// What anybody does who has no Warren.
	cmd := exec.Command("sha256sum", "--check", "--strict", "--quiet", sumsFile)
	cmd.Dir = o.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v: %s", err, out)
	}
	if err := verify(t.Context(), o.dir, newKey(t, "").publicFile, &said); err == nil || !strings.Contains(err.Error(), "is not that of the key") {
		t.Errorf("with another key: %v", err)
	}
	for _, name := range append(files(version), sumsFile, signatureFile) {
		flip(t, filepath.Join(o.dir, name))
		if err := check(); err == nil {
			t.Errorf("%s: a byte has changed, and it is not found", name)
		}
		flip(t, filepath.Join(o.dir, name))
	}
	// What is signed, and wrong.
	for name, change := range map[string]func(string) string{
		"init_format":          func(m string) string { return strings.Replace(m, `"none"`, `"systemd"`, 1) },
		"of the image it says": func(m string) string { return strings.Replace(m, `"extract_size": 2`, `"extract_size": 3`, 1) },
		"unknown field": func(m string) string {
			return strings.Replace(m, `"imager": {`, `"imager": {"latest_version": "1",`, 1)
		},
		"it leads to": func(m string) string { return strings.Replace(m, ".img.xz", ".img.gz", 1) },
	} {
		file := filepath.Join(o.dir, manifestFile)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		resign := func(text string) {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			signAgain(t, o.dir, version)
		}
		resign(change(string(good)))
		if err := check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the manifest is wrong, and it says %v, not %q", err, name)
		}
		resign(string(good))
	}
	t.Run("a code in the image", func(t *testing.T) {
		for place, at := range map[string]int64{"boot": partition.Boot.Offset + partition.Boot.Size - 100, "data": partition.Perm(card.Size).Offset + partition.Perm(card.Size).Size/2} {
			if err := holdsCode(t, image, at); err == nil || !strings.Contains(err.Error(), "has a host's code in it") {
				t.Errorf("%s: %v", place, err)
			}
		}
	})
}

// signAgain signs the files of a release as they are now.
func signAgain(t *testing.T, dir, version string) {
	t.Helper()
	secret, err := secretKey()
	if err != nil {
		t.Fatal(err)
	}
	checksums, err := sums(dir, files(version))
	if err != nil {
		t.Fatal(err)
	}
	signature, _, err := sign(secret, version, checksums)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{sumsFile: checksums, signatureFile: signature} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// versionOf returns what the programs of an image say they are: the image that
// tests boot is of no release, and says the commit.
func versionOf(t *testing.T, image string) string {
	text, err := os.ReadFile(image + ".cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		Metadata struct{ Component struct{ Version string } }
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b.Metadata.Component.Version
}

// holdsCode reports what is found in a copy of the image that has a code at an
// offset.
func holdsCode(t *testing.T, image string, at int64) error {
	c, err := emulator.NewCard(image, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := os.OpenFile(c.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("\n"+hostcode.New()+"\n"), at); err != nil {
		t.Fatal(err)
	}
	return card.HoldsNoHostCode(t.Context(), c.Path(), t.TempDir())
}

// flip changes a byte in the middle of a file.
func flip(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b, info.Size()/2); err != nil {
		t.Fatal(err)
	}
}

// The text of what is shipped on the boot partition has no code in it either.
func TestShippedFiles(t *testing.T) {
	for name, text := range map[string][]byte{
		settings.FileName:     settings.File(settings.Default()),
		settings.HostCodeName: settings.HostCodeFile("", ""),
	} {
		if code, err := hostcode.Find(bytes.NewReader(text)); code != "" || err != nil {
			t.Errorf("%s: %q, %v", name, code, err)
		}
	}
	if !regexp.MustCompile(`(?m)^host_code = ""$`).Match(settings.File(settings.Default())) {
		t.Error("warren.toml has a code")
	}
}
