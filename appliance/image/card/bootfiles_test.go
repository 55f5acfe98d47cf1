package card

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/image/tool"
	"warren/appliance/update/bootfile"
)

// A card starts from its own table; a trial starts the same kernel in the same way,
// with a command line of its own, which can take whatever the usual one can, and with
// the board's watchdog.
func TestFinish(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
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
	const config = "arm_control=0x200\n[pi4]\nx=1"
	const line = "console=tty1 root=PARTUUID=60041a5a-02 rootwait panic=10"
	write("config.txt", config)
	write("cmdline.txt", "console=tty1 root=PARTUUID=60c24cc1-f3f9-427a-8199-60041a5a0001/PARTNROFF=1 rootwait panic=10"+strings.Repeat(" ", 64))
	write("loader/entries/gokrazy.conf", "options root=PARTUUID=60c24cc1-f3f9-427a-8199-60041a5a0001/PARTNROFF=1")
	write("EFI/BOOT/BOOTAA64.EFI", "MZ")
	if err := Finish(dir); err != nil {
		t.Fatal(err)
	}
	if got := read("cmdline.txt"); got != line+"\n" {
		t.Errorf("cmdline.txt is %q", got)
	}
	if got := read("tryboot.txt"); got != config+"\n[all]\ncmdline=trycmd.txt\ndtparam=watchdog\nkernel_watchdog_timeout=60\n" {
		t.Errorf("tryboot.txt is %q", got)
	}
	if got := read("trycmd.txt"); strings.TrimRight(got, " \n") != line || len(got) != bootfile.TrialBytes {
		t.Errorf("trycmd.txt has %d bytes: %q", len(got), got)
	}
	if read("config.txt") != config {
		t.Error("config.txt has changed")
	}
	if names, _ := os.ReadDir(dir); len(names) != 4 {
		t.Errorf("there are %v", names)
	}
	for wrong, why := range map[string]string{
		line + strings.Repeat(" x", bootfile.TrialBytes/2): "512",
		"console=tty1 rootwait":                            "cannot be used",
	} {
		write("cmdline.txt", wrong)
		if err := Finish(dir); err == nil || !strings.Contains(err.Error(), why) {
			t.Error(err)
		}
	}
}

// The firmware that is pinned knows the words that a trial needs. (That of a Pi 5 is
// in its boot ROM.)
func TestFirmwareKnowsTrials(t *testing.T) {
	dir, err := tool.Run(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/gokrazy/firmware")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"start.elf", "start4.elf"} {
		program, err := os.ReadFile(filepath.Join(strings.TrimSpace(dir), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"tryboot.txt", "cmdline", "arm_64bit", "kernel_watchdog_timeout", " watchdog.open_timeout=%u"} {
			if !strings.Contains(string(program), word) {
				t.Errorf("%s does not know %q", name, word)
			}
		}
	}
}
