package seal

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// beam returns a module with these chunks; each content is its name's length
// long.
func beam(names ...string) []byte {
	out := []byte("FOR1\x00\x00\x00\x00BEAM")
	for i, name := range names {
		content := bytes.Repeat([]byte{byte(i + 1)}, i+1)
		out = append(out, name...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
		out = append(out, content...)
		out = append(out, make([]byte, padding(len(content)))...)
	}
	binary.BigEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

func TestStripBeam(t *testing.T) {
	module := beam("AtU8", "Code", "Dbgi", "StrT", "ImpT", "ExpT", "Docs", "CInf", "Attr", "Line")
	want := []string{"AtU8", "Code", "StrT", "ImpT", "ExpT", "Attr", "Line"}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(module)
	z.Close()
	for _, in := range [][]byte{module, packed.Bytes()} {
		out, err := StripBeam(in)
		if err != nil {
			t.Fatal(err)
		}
		chunks, err := parseBeam(out)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range chunks {
			names = append(names, c.name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("kept %v", names)
		}
		if c := chunks[2].content; !bytes.Equal(c, []byte{4, 4, 4, 4}) {
			t.Errorf("StrT is %v", c)
		}
		if again, err := StripBeam(out); err != nil || !bytes.Equal(again, out) {
			t.Errorf("stripped twice it is another: %v", err)
		}
	}
}

func TestWrongBeams(t *testing.T) {
	module := beam("AtU8", "Code", "StrT", "ImpT", "ExpT")
	for name, in := range map[string][]byte{
		"empty": nil, "text": []byte("#!/bin/sh\nexit 0\n"), "cut off": module[:len(module)-4],
		"no code": beam("AtU8", "StrT", "ImpT", "ExpT"), "half a chunk": beam("AtU8", "Code")[:22],
	} {
		if _, err := StripBeam(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// newTree makes a tree with files; one whose content begins with -> is a link.
func newTree(t *testing.T, files map[string]string) Tree {
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if to, ok := strings.CutPrefix(content, "->"); ok {
			if err := os.Symlink(to, path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Tree(dir)
}

func TestApplications(t *testing.T) {
	const plugins = "usr/lib/rabbitmq/lib/rabbitmq_server-4.0.5/plugins/"
	tree := newTree(t, map[string]string{
		plugins + "rabbit-4.0.5/ebin/rabbit.app":       "%% {applications, [no]}\n{application, rabbit, [{applications, [kernel,\n  ra]}]}.",
		plugins + "ra-2.14.0/ebin/ra.app":              "{application, ra, [{included_applications,[seshat]},{applications,[kernel]}]}.",
		plugins + "seshat-0.6/ebin/seshat.app":         "{application, seshat, [{applications,[]}]}.",
		plugins + "cowboy-2.12/ebin/cowboy.app":        "{application, cowboy, [{applications,[kernel]}]}.",
		"usr/lib/erlang/lib/kernel-10/ebin/kernel.app": "{application, kernel, [{applications, []}]}.",
	})
	got, err := findApplications(tree, []string{"rabbit"})
	want := []string{"usr/lib/erlang/lib/kernel-10", plugins + "ra-2.14.0", plugins + "rabbit-4.0.5", plugins + "seshat-0.6"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := findApplications(tree, []string{"mnesia"}); err == nil || !strings.Contains(err.Error(), "packages.lock") {
		t.Error(err)
	}
}

func TestUnused(t *testing.T) {
	for path, want := range map[string]bool{
		"lib/crypto-5/priv/lib/crypto.so":            false,
		"lib/crypto-5/priv/lib/otp_test_engine.so":   true,
		"lib/runtime_tools-2/priv/lib/dyntrace.so":   true,
		"plugins/rabbit-4/priv/schema/rabbit.schema": false,
	} {
		if unused(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

func TestNeededIsForThePi(t *testing.T) {
	host, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	tree := newTree(t, map[string]string{"usr/bin/text": "#!/bin/sh", "usr/bin/host": string(host)})
	for _, name := range []string{"usr/bin/text", "usr/bin/host", "usr/bin/none"} {
		if strings.HasSuffix(name, "host") && string(host[18:20]) == "\xb7\x00" {
			continue // this machine is arm64, too
		}
		if _, err := tree.needed(arm64, []string{name}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFirmware(t *testing.T) {
	files := map[string]string{
		"usr/lib/firmware/cypress/cyfmac43455-sdio.bin":                      "firmware",
		"usr/lib/firmware/brcm/brcmfmac43455-sdio.bin":                       "->../cypress/cyfmac43455-sdio.bin",
		"usr/lib/firmware/brcm/brcmfmac43455-sdio.raspberrypi,4-model-b.txt": "nvram",
		"usr/lib/firmware/brcm/brcmfmac43455-sdio.raspberrypi,5-model-b.txt": "->brcmfmac43455-sdio.raspberrypi,4-model-b.txt",
		"usr/lib/firmware/brcm/brcmfmac43455-sdio.pine64,pinebook-pro.txt":   "nvram of another",
		"usr/lib/firmware/brcm/brcmfmac43430-sdio.raspberrypi,3-model-b.txt": "nvram",
		"usr/lib/firmware/regulatory.db-upstream":                            "rules",
		"usr/lib/firmware/regulatory.db.p7s-upstream":                        "signature",
	}
	for _, name := range []string{"43430-sdio.bin", "43430-sdio.clm_blob", "43430-sdio.txt", "43455-sdio.clm_blob", "43455-sdio.txt", "43456-sdio.bin", "43456-sdio.clm_blob", "43456-sdio.txt"} {
		files["usr/lib/firmware/brcm/brcmfmac"+name] = "x"
	}
	dir := t.TempDir()
	if err := Firmware(newTree(t, files), dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"brcm/brcmfmac43455-sdio.bin":                       "firmware",
		"brcm/brcmfmac43455-sdio.raspberrypi,5-model-b.txt": "nvram",
		"regulatory.db": "rules", "regulatory.db.p7s": "signature",
	} {
		if got, err := os.ReadFile(filepath.Join(dir, "lib/firmware", name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if others, _ := filepath.Glob(filepath.Join(dir, "lib/firmware/brcm/*pine64*")); others != nil {
		t.Error("it has firmware of other boards")
	}
	delete(files, "usr/lib/firmware/brcm/brcmfmac43456-sdio.bin")
	if err := Firmware(newTree(t, files), t.TempDir()); err == nil || !strings.Contains(err.Error(), "43456") {
		t.Errorf("a file is missing, and it says %v", err)
	}
}

// A library of another day may be there under its name, and lack what a program
// was linked against.
func TestLibrariesHaveTheSymbolsWanted(t *testing.T) {
	found, _ := filepath.Glob("/lib/*-linux-gnu/libc.so.6")
	if len(found) == 0 {
		t.Skip("this machine has no glibc to look into")
	}
	libc, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	tree := newTree(t, map[string]string{libraryDir + "/libc.so.6": string(libc)})
	if err := tree.haveSymbols(arm64, []symbols{{"usr/sbin/hostapd", "libc.so.6", []string{"GLIBC_2.17"}}}); err != nil {
		t.Error(err)
	}
	err = tree.haveSymbols(arm64, []symbols{{"usr/sbin/hostapd", "libc.so.6", []string{"GLIBC_2.17", "GLIBC_9.99"}}})
	if err == nil || !strings.Contains(err.Error(), "usr/sbin/hostapd wants symbols of version GLIBC_9.99, which libc.so.6 does not have") {
		t.Error(err)
	}
}
