package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBroughtFirmware(t *testing.T) {
	const nvram = "brcmfmac43430-sdio.raspberrypi,model-zero-2-w.txt"
	dir, root := t.TempDir(), t.TempDir()
	put := func(dir, name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(want string) {
		t.Helper()
		if _, err := bring(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q: %v", want, err)
		}
	}
	put(dir, "brcmfmac43430b0-sdio.bin", "firmware")
	refused("has no licence")
	put(dir, "LICENSE.firmware", "for these chips only")
	put(dir, "notes", "x")
	refused("notes is neither")
	os.Remove(filepath.Join(dir, "notes"))
	if err := os.Symlink("../43436s.txt", filepath.Join(dir, nvram)); err != nil {
		t.Fatal(err)
	}
	refused(nvram) // a link that leads nowhere
	put(filepath.Dir(dir), "43436s.txt", "boardtype=0x0727")

	// Debian has the Zero 2 W's file as a link to that of the 3B, which stays.
	brcm := filepath.Join(root, radioDir)
	if err := os.MkdirAll(brcm, 0o755); err != nil {
		t.Fatal(err)
	}
	put(brcm, "3b.txt", "boardtype=0x0726")
	if err := os.Symlink("3b.txt", filepath.Join(brcm, nvram)); err != nil {
		t.Fatal(err)
	}
	b, err := bring(dir)
	if err != nil {
		t.Fatal(err)
	}
	components, err := b.add(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		radioDir + "/brcmfmac43430b0-sdio.bin": "firmware", radioDir + "/" + nvram: "boardtype=0x0727",
		radioDir + "/3b.txt": "boardtype=0x0726", radioLicencesDir + "/LICENSE.firmware": "for these chips only",
	} {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if len(components) != 2 || components[1].Name != "brcmfmac43430b0-sdio.bin" || components[1].Licenses == nil ||
		(*components[1].Properties)[0].Value != "/"+radioLicencesDir+"/LICENSE.firmware" {
		t.Errorf("%+v", components)
	}
	t.Chdir(t.TempDir())
	if b, err := bring(defaultFirmware); err != nil || b.files != nil {
		t.Errorf("nobody brings anything: %+v, %v", b, err)
	}
	if _, err := bring("elsewhere"); err == nil {
		t.Error("a folder that is named may be missing")
	}
}
