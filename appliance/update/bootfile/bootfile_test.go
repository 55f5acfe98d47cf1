package bootfile

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"warren/appliance/update/trial"
)

const (
	line = "console=tty1 root=PARTUUID=60041a5a-02 init=/gokrazy/init rootwait panic=10"
	// That of a card that was flashed until November 2026.
	lineGPT = "console=tty1 root=PARTUUID=60c24cc1-f3f9-427a-8199-60041a5a0001/PARTNROFF=1 init=/gokrazy/init rootwait panic=10"
)

// partition returns a boot partition as the builder makes it, with files.
func partition(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	device := filepath.Join(dir, "boot")
	tool := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	tool("mkfs.vfat", "-C", "-F", "16", "-f", "1", "-s", "4", "-R", "4", "-r", "512", "-n", "WARREN", device, "20480")
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		tool("mcopy", "-i", device, file, "::")
	}
	return device
}

// file returns a file as the rest of the world sees it.
func file(t *testing.T, device, name string) string {
	t.Helper()
	out, err := exec.Command("mtype", "-i", device, "::"+name).Output()
	if err != nil {
		t.Fatalf("mtype %s: %v", name, err)
	}
	return string(out)
}

// A file is overwritten where it is, and nothing else on the partition changes.
func TestOverwrite(t *testing.T) {
	device := partition(t, map[string]string{
		"config.txt": "kernel=vmlinuz\n", "cmdline.txt": line, "trycmd.txt": strings.Repeat(" ", TrialBytes-1) + "\n",
		"a long name.txt": "x", "warren.toml": "[room]\n",
	})
	before, err := os.ReadFile(device)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Read(device, OwnLine); err != nil || string(got) != line {
		t.Fatalf("%q, %v", got, err)
	}
	other, err := WithRoot(line, trial.B)
	if err != nil {
		t.Fatal(err)
	}
	if err := Overwrite(device, OwnLine, other); err != nil {
		t.Fatal(err)
	}
	if got := file(t, device, OwnLine); got != other {
		t.Errorf("cmdline.txt is %q", got)
	}
	if err := Overwrite(device, TrialLine, other); err != nil {
		t.Fatal(err)
	}
	if got := file(t, device, TrialLine); strings.TrimRight(got, " \n") != other || len(got) != TrialBytes || !strings.HasSuffix(got, " \n") {
		t.Errorf("trycmd.txt is %q", got)
	}
	after, err := os.ReadFile(device)
	if err != nil {
		t.Fatal(err)
	}
	changed := map[int]bool{}
	for i := range before {
		if before[i] != after[i] {
			changed[i/sector] = true
		}
	}
	if len(changed) != 2 {
		t.Errorf("%d sectors have changed, not one of each file", len(changed))
	}
	if out, err := exec.Command("fsck.vfat", "-n", device).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	// And back, byte for byte.
	for name, text := range map[string]string{OwnLine: line, TrialLine: ""} {
		if err := Overwrite(device, name, text); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := os.ReadFile(device); err != nil || !bytes.Equal(again, before) {
		t.Errorf("it is another partition now (%v)", err)
	}
}

// A name that is longer than eight characters and three has entries of its own,
// between those of others, and one that is longer still has several.
func TestLongNames(t *testing.T) {
	text := strings.Repeat("x", TrialBytes)
	files := map[string]string{
		"cmdline.txt": line, "HOST-CODE.TXT": text, "host-code.txt.bak": "other", "HOST-CODE.TX": "other",
		"a name that takes three entries.txt": "long", "HOST-C~1.OLD": "other",
	}
	device := partition(t, files)
	for name, want := range files {
		if got, err := Read(device, strings.ToLower(name)); err != nil || string(got) != want {
			t.Errorf("%s: %.20q, %v", name, got, err)
		}
	}
	if err := Overwrite(device, "HOST-CODE.TXT", "kdtsm-rfwhb"); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if name == "HOST-CODE.TXT" {
			want = "kdtsm-rfwhb" + strings.Repeat(" ", TrialBytes-12) + "\n"
		}
		if got := file(t, device, name); got != want {
			t.Errorf("%s is %.20q", name, got)
		}
	}
	// What is deleted is not there, though its entries are.
	if out, err := exec.Command("mdel", "-i", device, "::HOST-CODE.TXT").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := Read(device, "HOST-CODE.TXT"); err == nil || !strings.Contains(err.Error(), "it is not there") {
		t.Error(err)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	device := partition(t, map[string]string{"cmdline.txt": line, "config.txt": strings.Repeat("#", Most+1), "empty.txt": ""})
	before, _ := os.ReadFile(device)
	for _, test := range []struct{ name, text, why string }{
		{OwnLine, line + " more", "flash the card anew"},
		{TrialLine, line, "it is not there: the card must be flashed anew"},
		{"config.txt", line, "4097 bytes: it must have 1 to 4096"},
		{"empty.txt", line, "0 bytes"},
		{"a long name.txt", line, "it is not there"},
		{"a.name.txt", line, "it is not there"},
		{"warren", "", "it is not there"}, // that is the partition's label
	} {
		if err := Overwrite(device, test.name, test.text); err == nil || !strings.Contains(err.Error(), test.why) || !strings.Contains(err.Error(), test.name) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if after, _ := os.ReadFile(device); !bytes.Equal(before, after) {
		t.Error("something was written")
	}
	fat32 := filepath.Join(t.TempDir(), "fat32")
	if out, err := exec.Command("mkfs.vfat", "-C", "-F", "32", fat32, "65536").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	noFAT := filepath.Join(t.TempDir(), "zeros")
	if err := os.WriteFile(noFAT, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{fat32, noFAT} {
		if _, err := Read(device, OwnLine); err == nil || !strings.Contains(err.Error(), "no FAT16") {
			t.Errorf("%s: %v", device, err)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), OwnLine); err == nil {
		t.Error("a partition that is not there is read")
	}
}

// A file of several sectors, and clusters, is replaced where it is: nothing else on
// the partition changes, and the file system is whole wherever the write is cut off.
func TestReplace(t *testing.T) {
	const name, size = "WHY.TXT", 4096
	old := strings.Repeat("old.", size/4)
	device := partition(t, map[string]string{"cmdline.txt": line, name: old, "warren.toml": "[room]\n", "short.txt": "x"})
	before, err := os.ReadFile(device)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("new.", size/4)
	if err := Replace(device, name, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if got := file(t, device, name); got != text {
		t.Errorf("it is %.20q of %d bytes", got, len(got))
	}
	after, err := os.ReadFile(device)
	if err != nil {
		t.Fatal(err)
	}
	var changed []int
	for i := range len(before) / sector {
		if !bytes.Equal(before[i*sector:(i+1)*sector], after[i*sector:(i+1)*sector]) {
			changed = append(changed, i)
		}
	}
	if len(changed) != size/sector || changed[len(changed)-1]-changed[0] != len(changed)-1 {
		t.Errorf("these sectors have changed: %v", changed)
	}
	for cut := range len(changed) {
		torn := bytes.Clone(before)
		copy(torn[changed[0]*sector:], after[changed[0]*sector:(changed[0]+cut)*sector])
		if err := os.WriteFile(device, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("fsck.vfat", "-n", device).CombinedOutput(); err != nil {
			t.Errorf("%d sectors were written: %v: %s", cut, err, out)
		}
		if got := file(t, device, name); got != text[:cut*sector]+old[cut*sector:] {
			t.Errorf("%d sectors were written: %.20q of %d bytes", cut, got, len(got))
		}
	}

	unchanged, _ := os.ReadFile(device)
	for name, why := range map[string]string{"none.txt": "it is not there", "short.txt": "it has 1 bytes, not 4096", "warren.toml": "somebody has changed it"} {
		if err := Replace(device, name, []byte(text)); err == nil || !strings.Contains(err.Error(), why) || errors.Is(err, ErrMissing) != (name == "none.txt") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Replace(filepath.Join(t.TempDir(), "none"), name, []byte(text)); err == nil || errors.Is(err, ErrMissing) {
		t.Errorf("a partition that is not there: %v", err)
	}
	for _, n := range []int{0, 1, 513} {
		if err := Replace(device, name, make([]byte, n)); err == nil || !strings.Contains(err.Error(), "whole sectors") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if now, _ := os.ReadFile(device); !bytes.Equal(now, unchanged) {
		t.Error("something was written all the same")
	}
}

// A file that an editor has saved in two pieces is replaced in both: between them is
// somebody else's.
func TestReplaceInPieces(t *testing.T) {
	device := partition(t, map[string]string{"one.txt": strings.Repeat("1", 2048)})
	put := func(name, content string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("mcopy", "-o", "-i", device, path, "::").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	put("two.txt", "2")
	if out, err := exec.Command("mdel", "-i", device, "::one.txt").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// mtools looks for free clusters behind the one that it wrote last, and that is
	// not kept: it begins with the hole.
	put("WHY.TXT", strings.Repeat("w", 4096))
	text := strings.Repeat("new.", 1024)
	if err := Replace(device, "WHY.TXT", []byte(text)); err != nil {
		t.Fatal(err)
	}
	if why, two := file(t, device, "WHY.TXT"), file(t, device, "two.txt"); why != text || two != "2" {
		t.Errorf("they are %.20q and %.20q", why, two)
	}
	if content, _ := os.ReadFile(device); bytes.Contains(content, []byte(text)) {
		t.Error("it is in one piece: that was no test")
	}
	if out, err := exec.Command("fsck.vfat", "-n", device).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// What Raspberry Pi Imager makes of the line is longer than a sector, and lies in
// clusters that need not be neighbours. Another root is one digit all the same: one
// sector is written.
func TestALineOfSeveralClusters(t *testing.T) {
	const words = " systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target"
	long := line + strings.Repeat(" ", 440) + words + strings.Repeat(" x=y", 500) + "\n"
	device := partition(t, map[string]string{"a.txt": strings.Repeat("a", 2048), "b.txt": "b", OwnLine: long[:1000]})
	for _, args := range [][]string{{"mdel", "::a.txt"}, {"mdel", "::" + OwnLine}} {
		if out, err := exec.Command(args[0], "-i", device, args[1]).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	source := filepath.Join(t.TempDir(), "line")
	if err := os.WriteFile(source, []byte(long), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mcopy", "-i", device, source, "::"+OwnLine).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before, _ := os.ReadFile(device)
	got, err := Read(device, OwnLine)
	if err != nil || string(got) != long {
		t.Fatalf("%d of %d bytes are read, %v", len(got), len(long), err)
	}
	other, err := WithRoot(long, trial.B)
	if err != nil {
		t.Fatal(err)
	}
	if err := Overwrite(device, OwnLine, other); err != nil {
		t.Fatal(err)
	}
	if got := file(t, device, OwnLine); got != other {
		t.Errorf("it is %q", got)
	}
	after, _ := os.ReadFile(device)
	changed := 0
	for i := range before {
		if before[i] != after[i] {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d bytes have changed", changed)
	}
}

func TestForTrial(t *testing.T) {
	const regdom = " cfg80211.ieee80211_regdom=GB"
	for own, want := range map[string]string{
		line:                                     strings.Replace(line, "-02", "-03", 1),
		line + strings.Repeat(" ", 450) + "\r\n": strings.Replace(line, "-02", "-03", 1),
		line + regdom + " systemd.run=/boot/firstrun.sh systemd.unit=x.target": strings.Replace(line, "-02", "-03", 1) + regdom,
		line + strings.Repeat(" ", 480) + "quiet":                              strings.Replace(line, "-02", "-03", 1) + " quiet",
		line + ` x="a  b"`: strings.Replace(line, "-02", "-03", 1) + ` x="a  b"`,
		line + " ds=nocloud;i=rpi-imager-1 quiet\nsecond line": strings.Replace(line, "-02", "-03", 1) + " quiet",
		lineGPT: strings.Replace(lineGPT, "=1 ", "=2 ", 1),
	} {
		if got, err := ForTrial(own, trial.B); err != nil || got != want {
			t.Errorf("%q becomes\n%q, not\n%q (%v)", own, got, want, err)
		}
	}
	for own, why := range map[string]string{
		line + strings.Repeat(" x=y", 200): "bytes, and that of a trial can have 512",
		"console=tty1\n" + line:            "must name root=",
		"":                                 "must name root=",
	} {
		if got, err := ForTrial(own, trial.B); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %q, %v", own, got, err)
		}
	}
}

func TestRootIn(t *testing.T) {
	for _, line := range []string{line, lineGPT} {
		b, err := WithRoot(line, trial.B)
		if err != nil || len(b) != len(line) || strings.NewReplacer("PARTNROFF=2", "PARTNROFF=1", "-03", "-02").Replace(b) != line {
			t.Errorf("%q, %v", b, err)
		}
		for text, want := range map[string]trial.Root{line: trial.A, b: trial.B, line + "\n": trial.A, "x " + b: trial.B} {
			if got, err := RootIn(text); err != nil || got != want {
				t.Errorf("%q: %v, %v", text, got, err)
			}
		}
	}
	for _, text := range []string{
		"", "root=", "root=/dev/mmcblk0p2 rootwait", "root=PARTUUID=1-02", "root=PARTUUID=60041a5a-01", "root=PARTUUID=60041a5a-023",
		"root=PARTUUID=60041A5A-02", // gokrazy does not find it
		"root=PARTUUID=1/PARTNROFF=3", "root=PARTUUID=1/PARTNROFF=12", "noroot=PARTUUID=60041a5a-02", line + " root=/dev/sda1", line + " " + line,
	} {
		if _, err := RootIn(text); err == nil || !strings.Contains(err.Error(), "PARTUUID") {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := WithRoot(text, trial.A); err == nil {
			t.Errorf("%q: it is changed", text)
		}
	}
}

// FuzzFind reads file systems that somebody else has written.
func FuzzFind(f *testing.F) {
	boot := make([]byte, 3*sector)
	copy(boot[11:], []byte{0, 2, 4, 1, 0, 1, 16, 0})
	boot[22], boot[510], boot[511] = 1, 0x55, 0xaa
	f.Add(boot)
	f.Fuzz(func(t *testing.T, card []byte) {
		p, err := find(bytes.NewReader(card), OwnLine, Most)
		if err == nil && (p.size < 1 || p.size > Most || len(p.sectors) != (p.size+sector-1)/sector || slices.Min(p.sectors) < 0) {
			t.Errorf("found at %v with %d bytes", p.sectors, p.size)
		}
	})
}
