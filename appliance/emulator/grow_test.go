package emulator

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"warren/appliance/partition"
	"warren/appliance/settings"
)

// The image is flashed to a card that is larger. When it starts for the first time its
// partition for data grows, to what its settings say; the plug is pulled in the middle of that. The
// next start finishes it, and the one after that has nothing to do.
//
// Its owner has typed settings into Raspberry Pi Imager, too, which wrote them onto the
// card: it starts all the same, and the host is told that they count for nothing. And
// an editor has left a warren.toml.txt.
func TestCardGrows(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	card := newCard(t, ImageForTest(t), uint64(time.Now().UnixNano()))
	if err := card.Enlarge(70 << 30); err != nil {
		t.Fatal(err)
	}
	line, err := card.Get(t.Context(), "cmdline.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"cmdline.txt": strings.TrimSpace(string(line)) + strings.Repeat(" ", 480) +
			" systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target",
		"firstrun.sh": "#!/bin/bash\nset +e\n", "userconf.txt": "pi:$5$x", "ssh": "", "wpa_supplicant.conf": "country=GB\n",
		"user-data": "#cloud-config\n", "network-config": "", "meta-data": "",
		settings.FileName: "[room]\ntitle = \"Burrow\"\n[card]\ndata_gb = 64\n", settings.FileName + ".txt": "[room]\ntitle = \"Other\"\n",
	} {
		put(t, card, name, content)
	}
	const resizing, resized, want = "EXT4-fs (vda4): resizing filesystem from", "EXT4-fs (vda4): resized filesystem to 16777216", 64 << 30

	// Each time a little later; the last time it may be done already.
	cut := true
	for _, later := range []time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond} {
		m := start(t, card, Options{})
		says(t, m, resizing)
		time.Sleep(later) // no wait for anything: the plug is pulled in the middle
		m.Cut()
		cut = !strings.Contains(m.Console(), resized)
		t.Logf("the plug was pulled %v after it had begun to grow: %d of 16777216 blocks, in the middle: %v; %d sectors lost so far", later, permBlocks(t, card), cut, card.Lost())
		if !cut {
			break
		}
	}

	m, times := boot(t, card, Options{})
	t.Logf("page after %v, RabbitMQ after %v", times[0], times[1])
	if text := m.Console(); cut && !strings.Contains(text, resized) {
		t.Errorf("it has not grown; the console's end:\n%s", text[max(0, len(text)-4<<10):])
	}
	for line := range strings.Lines(m.Console()) {
		if strings.Contains(line, "(vda4): resiz") {
			t.Log(strings.TrimSpace(line))
		}
	}
	page := get(t, m, "status")
	for _, told := range []string{
		"What was set in Raspberry Pi Imager means nothing on this card (firstrun.sh, meta-data, network-config, ssh, user-data, userconf.txt, what it has added to cmdline.txt and wpa_supplicant.conf)",
		"there is also warren.toml.txt on the card, which is not read",
	} {
		if !strings.Contains(page, told) {
			t.Errorf("the host is not told %q:\n%s", told, page)
		}
	}
	if ada := join(t, m, "Ada"); ada.title != "Burrow" {
		t.Errorf("the room is called %q", ada.title)
	}
	healthy(t, m)
	switchOff(t, m)
	if got := permBlocks(t, card); got*4096 != want {
		t.Errorf("the file system has %d blocks", got)
	}
	at := fmt.Sprintf("%s?offset=%d", card.Path(), partition.Perm(card.drive.size).Offset)
	if out, err := exec.Command("/usr/sbin/e2fsck", "-fn", at).CombinedOutput(); err != nil {
		t.Errorf("the file system has faults: %v\n%s", err, out)
	}
	table := readSector(t, card, 0)

	m = start(t, card, Options{})
	await(t, m, "")
	m.Cut()
	if strings.Contains(m.Console(), resizing) {
		t.Error("it grows again")
	}
	if !bytes.Equal(readSector(t, card, 0), table) {
		t.Error("the partition table has changed again")
	}
	if fdisk, err := exec.Command("/usr/sbin/sfdisk", "--dump", card.Path()).CombinedOutput(); err == nil {
		t.Logf("sfdisk says:\n%s", fdisk)
	}
}

// says waits until the machine says something on its serial line.
func says(t *testing.T, m *Machine, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), openTime)
	defer cancel()
	if err := m.AwaitConsole(ctx, text); err != nil {
		said := m.Console()
		t.Fatalf("waiting for %q: %v; the console's end:\n%s", text, err, said[max(0, len(said)-4<<10):])
	}
}

// switchOff presses the power button, and waits for the end.
func switchOff(t *testing.T, m *Machine) {
	t.Helper()
	if err := m.PressPower(t.Context()); err != nil {
		t.Fatal(err)
	}
	says(t, m, "reboot: Power down")
	<-m.Ended()
}

// permBlocks returns how many blocks the file system for data has, on a card that is
// off, as its superblock says.
func permBlocks(t *testing.T, card *Card) (blocks int64) {
	t.Helper()
	at := partition.Perm(card.drive.size).Offset + 1024
	super := readSector(t, card, at)
	return int64(super[4]) | int64(super[5])<<8 | int64(super[6])<<16 | int64(super[7])<<24
}

func readSector(t *testing.T, card *Card, at int64) []byte {
	t.Helper()
	b := make([]byte, sector)
	if _, err := card.drive.file.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	return b
}
