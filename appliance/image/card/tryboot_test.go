package card

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/update/bootfile"
)

// A trial starts the same kernel in the same way, with a command line of its
// own, which can take whatever the usual one can.
func TestAddTryboot(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	const config, line = "arm_control=0x200\n[pi4]\nx=1", "console=tty1 root=PARTUUID=6-0001/PARTNROFF=1 rootwait"
	write("config.txt", config)
	write("cmdline.txt", line)
	if err := AddTryboot(dir); err != nil {
		t.Fatal(err)
	}
	if got := read("tryboot.txt"); got != config+"\n[all]\ncmdline=trycmd.txt\n" {
		t.Errorf("tryboot.txt is %q", got)
	}
	if got := read("trycmd.txt"); strings.TrimRight(got, " \n") != line || len(got) != bootfile.Most {
		t.Errorf("trycmd.txt has %d bytes: %q", len(got), got)
	}
	if read("config.txt") != config || read("cmdline.txt") != line {
		t.Error("the usual files have changed")
	}
	write("cmdline.txt", strings.Repeat("x", bootfile.Most+1))
	if err := AddTryboot(dir); err == nil || !strings.Contains(err.Error(), "512") {
		t.Error(err)
	}
}
