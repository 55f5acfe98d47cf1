package emulator

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"warren/appliance/emulator/qemu10"
	"warren/appliance/settings"
	"warren/chatd/hostcode"
)

// cacheDir is the image builder's cache.
const cacheDir = "../../build/cache"

// The Pi's kernel, its device trees and the boot arguments that a Pi's loader makes,
// on each board there is: what the kernel finds, and how our daemons find it. The
// system is one of our own, see testdata/board.
func TestBoards(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	for board, want := range map[Board][]string{
		Virt: {"cores: 0-1."},
		Raspi3AP: {
			"cores: 0-3.",
			"model: Raspberry Pi 3 Model B+.", // a 3A+ has its tree
			"pins: pinctrl-bcm2835 0=ID_SDA 1=ID_SCL 2=GPIO2 17=GPIO17 27=GPIO27.",
		},
		Raspi4B: {
			"cores: 0-3.",
			"model: Raspberry Pi 4 Model B.",
			"pins: pinctrl-bcm2711 0=ID_SDA 1=ID_SCL 2=GPIO2 17=GPIO17 27=GPIO27.",
		},
	} {
		t.Run(string(board), func(t *testing.T) {
			c := newCard(t, ImageForTest(t), 0)
			putRoot(t, c, "./testdata/board")
			line, err := c.Get(t.Context(), "cmdline.txt")
			if err != nil {
				t.Fatal(err)
			}
			put(t, c, "cmdline.txt", strings.Replace(strings.TrimRight(string(line), "\x00\n "), "init=/gokrazy/init", "init=/init", 1))
			m := startQEMU10(t, c, board)
			ctx, cancel := context.WithTimeout(t.Context(), openTime)
			defer cancel()
			if err := m.AwaitConsole(ctx, "that is all"); err != nil {
				t.Fatalf("%v:\n%s", err, m.Console())
			}
			said := strings.ReplaceAll(m.Console(), "\r", "")
			for _, words := range want {
				if !strings.Contains(said, "board: "+words+"\n") {
					t.Errorf("it does not say %q", words)
				}
			}
			// The tree's arguments come first, and so memory is counted.
			_, rest, _ := strings.Cut(said, "board: arguments: ")
			arguments, _, _ := strings.Cut(rest, "\n")
			off, on := strings.Index(arguments, "cgroup_disable=memory"), strings.Index(arguments, "cgroup_enable=memory")
			if off < 0 || on < off {
				t.Errorf("the arguments are %q", arguments)
			}
			_, rest, _ = strings.Cut(said, "board: cgroups: ")
			groups, _, _ := strings.Cut(rest, ".\n")
			if !slices.Contains(strings.Fields(groups), "memory") {
				t.Errorf("the cgroups are %q", groups)
			}
			for line := range strings.Lines(said) {
				if strings.HasPrefix(line, "board: ") {
					t.Log(strings.TrimSpace(line))
				}
			}
		})
	}
}

// The very image on a board with the 512 MB that a Zero 2 W has, too: its room is
// there, and says that there is no Wi-Fi, which no emulator plays.
func TestImageOnRaspi3AP(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	begun := time.Now()
	m := start(t, newCard(t, ImageForTest(t), 0), Options{Board: Raspi3AP})
	await(t, m, "")
	t.Logf("the page is there after %v", time.Since(begun).Round(time.Second))
	// The hotspot gives a radio some seconds to show up.
	status := ""
	for begun := time.Now(); !strings.Contains(status, "no Wi-Fi radio"); time.Sleep(time.Second) {
		if status = get(t, m, "status"); time.Since(begun) > time.Minute {
			t.Fatalf("/status does not say that there is no radio:\n%s", status)
		}
	}
}

// The very image on a Pi 4, as far as QEMU goes: kernel, SD card, root, both
// partitions that are written to, and our daemons, of which one makes the host's
// code and another mounts Debian's programs. There is no network to ask them by.
func TestImageOnRaspi4B(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	c := newCard(t, ImageForTest(t), 0)
	begun := time.Now()
	m := startQEMU10(t, c, Raspi4B)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, words := range []string{
		"root=PARTUUID=", "Run /gokrazy/init as init process", "EXT4-fs (mmcblk", "gokrazy device model Raspberry Pi 4 Model B",
		"loop0: detected capacity change",
	} {
		if err := m.AwaitConsole(ctx, words); err != nil {
			t.Fatalf("%v:\n%s", err, m.Console())
		}
	}
	m.Cut()
	t.Logf("as far as that after %v", time.Since(begun).Round(time.Second))
	file, err := c.Get(t.Context(), settings.HostCodeName)
	if err != nil {
		t.Fatal(err)
	}
	if err := hostcode.Check(settings.HostCodeIn(file)); err != nil {
		t.Errorf("%s: %v: %s", settings.HostCodeName, err, file)
	}
}

// startQEMU10 switches a board on, with the QEMU that plays it.
func startQEMU10(t *testing.T, c *Card, board Board) *Machine {
	t.Helper()
	o := Options{Board: board}
	if board == Raspi4B {
		var err error
		if o.QEMU, err = qemu10.Command(t.Context(), cacheDir); err != nil {
			t.Fatal(err)
		}
	}
	return start(t, c, o)
}
