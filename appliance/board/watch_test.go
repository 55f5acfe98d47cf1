package main

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"warren/internal/status"
)

// pi is the proc, sys and dev of a Pi 4, as far as they are looked at.
func pi(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"proc/device-tree/model":                      "Raspberry Pi 4 Model B Rev 1.4\x00",
		"proc/meminfo":                                "MemTotal:         425984 kB\nMemFree:           10000 kB\nMemAvailable:     262144 kB\n",
		"proc/self/mountinfo":                         "1 0 179:2 / / ro,relatime - squashfs /dev/root ro\n30 1 179:4 / /perm rw,relatime - ext4 /dev/mmcblk0p4 rw\n",
		"sys/class/hwmon/hwmon0/name":                 "cpu_thermal\n",
		"sys/class/hwmon/hwmon1/name":                 "rpi_volt\n",
		"sys/class/hwmon/hwmon1/in0_lcrit_alarm":      "0\n",
		"sys/class/thermal/thermal_zone0/type":        "cpu-thermal\n",
		"sys/class/thermal/thermal_zone0/temp":        "54530\n",
		"sys/devices/mmc0/block/mmcblk0/size":         "31116288\n",
		"sys/devices/mmc0/block/mmcblk0/ro":           "0\n",
		"sys/devices/mmc0/block/mmcblk0/device/name":  "SC16G\n",
		"sys/devices/mmc0/block/mmcblk0/p2/partition": "2\n",
		"dev/kmsg": "6,1,0,-;Booting Linux\n4,2,0,-;EXT4-fs (mmcblk0p4): error count since last fsck: 2\n",
	} {
		set(t, root, name, content)
	}
	for link, to := range map[string]string{"sys/class/block/mmcblk0": "../../devices/mmc0/block/mmcblk0", "sys/dev/block/179:2": "../../devices/mmc0/block/mmcblk0/p2"} {
		path := filepath.Join(root, link)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(to, path)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// set writes a file of such a machine.
func set(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// look returns what is seen of a machine.
func look(w *watch, up time.Duration) status.Board {
	w.lookAtPower(up)
	w.lookAtBoard()
	return w.now
}

func newPi(t *testing.T) (*watch, string) {
	root := pi(t)
	w := newWatch(root, status.Board{})
	t.Cleanup(w.close)
	w.statfs = func(path string) (s unix.Statfs_t, err error) {
		s.Bsize, s.Blocks, s.Bavail, s.Ffree = 4096, 2000, 1500, 700
		return s, nil
	}
	return w, root
}

func TestWatch(t *testing.T) {
	w, root := newPi(t)
	want := status.Board{
		Model: "Raspberry Pi 4 Model B Rev 1.4", Power: &status.Power{}, Temperature: &status.Temperature{Now: 54, Most: 54},
		Memory: &status.Space{Free: 256 << 20, All: 416 << 20},
		Card:   &status.Card{Disk: "mmcblk0", Name: "SC16G", Bytes: 15931539456},
		Data:   &status.Data{Space: status.Space{Free: 1500 * 4096, All: 2000 * 4096}, Files: 700},
	}
	if got := look(w, time.Minute); !reflect.DeepEqual(got, want) {
		t.Fatalf("it is %+v, want %+v", got, want)
	}
	for _, test := range []struct {
		file, content string
		change        func(*status.Board)
	}{
		{"sys/class/thermal/thermal_zone0/temp", "81000", func(b *status.Board) { b.Temperature = &status.Temperature{Now: 81, Most: 81, Hot: true} }},
		{"sys/class/thermal/thermal_zone0/temp", "78000", func(b *status.Board) { b.Temperature = &status.Temperature{Now: 78, Most: 81, Hot: true} }},
		{"sys/class/thermal/thermal_zone0/temp", "76900", func(b *status.Board) { b.Temperature = &status.Temperature{Now: 76, Most: 81} }},
		{"sys/class/thermal/thermal_zone0/temp", "79900", func(b *status.Board) { b.Temperature = &status.Temperature{Now: 79, Most: 81} }},
		{"sys/devices/mmc0/block/mmcblk0/ro", "1", func(b *status.Board) { b.Card.ReadOnly = true }},
		{"proc/self/mountinfo", "1 0 179:2 / / ro - squashfs /dev/root ro\n30 1 179:4 / /perm rw,relatime - ext4 /dev/mmcblk0p4 ro,errors=remount-ro\n", func(b *status.Board) { b.Data.ReadOnly = true }},
		{"proc/self/mountinfo", "1 0 179:2 / / ro - squashfs /dev/root ro\n", func(b *status.Board) { b.Data = nil }},
	} {
		set(t, root, test.file, test.content)
		test.change(&want)
		if got := look(w, time.Minute); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %q: %+v, want %+v", test.file, test.content, got, want)
		}
	}
}

// A board that says nothing of itself, as that of the emulator, is no fault.
func TestWatchNothing(t *testing.T) {
	w := newWatch(t.TempDir(), status.Board{})
	defer w.close()
	if got := look(w, time.Hour); !reflect.DeepEqual(got, status.Board{}) {
		t.Errorf("%+v", got)
	}
}

// Each time that the supply is too weak counts once, and is seen for a minute.
func TestPower(t *testing.T) {
	w, root := newPi(t)
	const alarm = "sys/class/hwmon/hwmon1/in0_lcrit_alarm"
	for _, step := range []struct {
		up    time.Duration
		alarm string
		want  status.Power
	}{
		{5 * time.Second, "0", status.Power{}},
		{6 * time.Second, "1", status.Power{Low: true, Times: 1}},
		{7 * time.Second, "1", status.Power{Low: true, Times: 1}},
		{8 * time.Second, "0", status.Power{Low: true, Times: 1}},
		{9 * time.Second, "1", status.Power{Low: true, Times: 2}},
		{68 * time.Second, "0", status.Power{Low: true, Times: 2}},
		{69 * time.Second, "0", status.Power{Times: 2}},
		{time.Hour, "0", status.Power{Times: 2}},
	} {
		set(t, root, alarm, step.alarm+"\n")
		if got := look(w, step.up).Power; *got != step.want {
			t.Errorf("after %v: %+v, want %+v", step.up, *got, step.want)
		}
	}
	// Another life of the daemon goes on from there.
	again := newWatch(root, w.now)
	defer again.close()
	if got := look(again, 2*time.Hour).Power; got.Times != 2 {
		t.Errorf("a daemon that has just been started says %+v", *got)
	}
}

func TestKernelErrors(t *testing.T) {
	for record, want := range map[string]bool{
		"3,512,7001234,-;I/O error, dev mmcblk0, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2\n": true,
		"3,513,7001234,-;Buffer I/O error on dev mmcblk0p4, logical block 0, lost async page write\n":           true,
		"2,514,7001234,-;EXT4-fs error (device mmcblk0p4): ext4_find_entry:1463: inode #2\n":                    true,
		"3,515,7001234,-;mmcblk0: error -110 sending status command, retrying\n":                                true,
		"3,516,7001234,-;I/O error, dev sda, sector 2048\n":                                                     false,
		"3,517,7001234,-;mmc1: error -110 whilst initialising SDIO card\n":                                      false,
		"5,518,7001234,-;EXT4-fs (mmcblk0p4): error count since last fsck: 3\n":                                 false,
		"6,519,7001234,-;mmcblk0: mmc0:aaaa SC16G 14.8 GiB\n":                                                   false,
		"11,520,7001234,-;a daemon speaks of an error of mmcblk0\n":                                             false,
		" SUBSYSTEM=block error mmcblk0\n":                                                                      false,
		"":                                                                                                      false,
	} {
		if got := isError(record, "mmcblk0"); got != want {
			t.Errorf("%q: %v", record, got)
		}
	}
	w, root := newPi(t)
	if got := look(w, time.Minute).Card; got.Errors != 0 {
		t.Errorf("%+v", *got)
	}
	f, err := os.OpenFile(filepath.Join(root, "dev/kmsg"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("3,3,0,-;I/O error, dev mmcblk0, sector 1\n3,4,0,-;I/O error, dev mmcblk0, sector 9\n")
	f.Close()
	for range 2 { // each is counted once
		if got := look(w, time.Minute).Card; got.Errors != 2 {
			t.Errorf("%+v", *got)
		}
	}
}
