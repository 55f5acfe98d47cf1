package settings

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// card is a file and where the last good settings are kept.
type card struct {
	t              *testing.T
	path, lastGood string
}

func newCard(t *testing.T) *card {
	dir := t.TempDir()
	return &card{t: t, path: filepath.Join(dir, FileName), lastGood: filepath.Join(dir, "perm", "settings")}
}

// start loads the file, or none if it is "-", and returns the settings and what
// the host reads.
func (c *card) start(file string) (Settings, string) {
	c.t.Helper()
	if file == "-" {
		os.Remove(c.path)
	} else if err := os.WriteFile(c.path, []byte(file), 0o600); err != nil {
		c.t.Fatal(err)
	}
	s, mistakes := Load(c.path, c.lastGood)
	return s, sentences(mistakes)
}

// expect fails the test unless the next start gives those settings, and a
// mistake that begins like this.
func (c *card) expect(file string, want Settings, mistake string) {
	c.t.Helper()
	s, said := c.start(file)
	if s != want || (mistake == "") != (said == "") || !strings.HasPrefix(said, mistake) {
		c.t.Errorf("%s\ngives\n%#v, want\n%#v\n%s, want %s", file, s, want, said, mistake)
	}
}

const isMissing = "warren.toml: it is missing: put it back on the card's boot partition, under exactly this name " +
	"(some editors add .txt); until then the last good settings stay"

func TestLoad(t *testing.T) {
	c := newCard(t)
	c.expect("-", Default(), isMissing)
	if _, err := os.Stat(c.lastGood); err == nil {
		t.Error("the defaults were kept, though nothing was read")
	}
	want := Default()
	c.expect(string(File(want)), want, "")

	want.Room.Title, want.WiFi.Channel = "Lab", 1
	c.expect("[room]\ntitle = \"Lab\"\n[wifi]\nchannel = 1", want, "")
	c.expect("-", want, isMissing)
	c.expect("channel", want, "line 1: channel: the line must be a setting")

	// Per setting: the title is good, and is the last good one from now on,
	// although there is a mistake beside it.
	want.Room.Title = "Hall"
	c.expect("[room]\ntitle = \"Hall\"\n[wifi]\nchannel = 15", want, "line 4: channel = 15: it must be 1 to 13")
	c.expect("[room]\ntitle = 5\n[wifi]\nchannel = 15", want, "line 2: title = 5")

	// Mended, and a setting that is gone has its default again.
	c.expect("[room]\ntitle = \"Hall\"", Settings{Room{"Hall", "", 64}, Default().WiFi, Default().LED, Default().Screen, Broker{}, Default().Update, Default().Card}, "")
}

func TestLoadWhatCannotBeRead(t *testing.T) {
	c := newCard(t)
	c.expect(string(File(base)), base, "")
	if err := os.Remove(c.path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(c.path, 0o700); err != nil {
		t.Fatal(err)
	}
	s, mistakes := Load(c.path, c.lastGood)
	if s != base || !strings.HasPrefix(sentences(mistakes), "warren.toml: it cannot be read, and the last good settings stay: ") {
		t.Errorf("%v: %v", s, mistakes)
	}
}

// A file that is read while it is too large must not be taken for a good one.
func TestLoadTooLarge(t *testing.T) {
	c := newCard(t)
	c.expect("[room]\ntitle = \"Lab\"\n"+strings.Repeat("#\n", MaxFileBytes), Default(), "warren.toml: it is larger than 64 KiB")
}

func TestLastGoodIsPrivateAndAlone(t *testing.T) {
	c := newCard(t)
	c.expect(string(File(base)), base, "")
	info, err := os.Stat(c.lastGood)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(c.lastGood)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	// Nothing is written when nothing has changed: cards wear out.
	c.expect(string(File(base)), base, "")
	if again, err := os.Stat(c.lastGood); err != nil || !os.SameFile(info, again) {
		t.Errorf("it was written again: %v", err)
	}
}

// Cut off anywhere, or with any bit changed, it is as if it were not there.
func TestDamagedLastGood(t *testing.T) {
	c := newCard(t)
	c.expect(string(File(base)), base, "")
	whole, err := os.ReadFile(c.lastGood)
	if err != nil {
		t.Fatal(err)
	}
	check := func(data []byte) {
		t.Helper()
		if s := unseal(data); s != Default() {
			t.Fatalf("%s\nis read as %#v", data, s)
		}
	}
	for n := range whole {
		check(whole[:n])
		bad := bytes.Clone(whole)
		bad[n] ^= 1 << (n % 8)
		check(bad)
	}
	zeros := make([]byte, len(whole))
	check(zeros)
	if err := os.WriteFile(c.lastGood, zeros, 0o600); err != nil {
		t.Fatal(err)
	}
	c.expect("-", Default(), isMissing)
	c.expect(string(File(base)), base, "")
	c.expect("-", base, isMissing)
}

// One of another version has other settings: those that both know count.
func TestLastGoodOfAnotherVersion(t *testing.T) {
	c := newCard(t)
	body := []byte("[room]\ntitle = \"Lab\"\nsmell = \"hay\"\n[wifi]\nchannel = 99\n")
	if err := os.Mkdir(filepath.Dir(c.lastGood), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.lastGood, append(seal(body), body...), 0o600); err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Room.Title = "Lab"
	c.expect("-", want, isMissing)
}

// Where nothing can be kept, the hotspot comes up all the same.
func TestLoadWithoutPerm(t *testing.T) {
	c := newCard(t)
	c.lastGood = filepath.Join(c.path, "not", "a", "folder")
	c.expect(string(File(base)), base, "")
	c.expect("[room]\ntitle = 5", Default(), "line 2: title = 5")
}

// The daemons of the card all start at once.
func TestLoadAtTheSameTime(t *testing.T) {
	c := newCard(t)
	c.expect(string(File(base)), base, "")
	want := base
	want.Room.Title = "Lab"
	want.WiFi.Channel = 1
	file := strings.Replace(string(File(want)), "keep_mb = 100", "keep_mb = 2", 1)
	if err := os.WriteFile(c.path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if s, mistakes := Load(c.path, c.lastGood); s != want || len(mistakes) != 1 {
				t.Errorf("%#v: %v", s, mistakes)
			}
		})
	}
	all.Wait()
	if entries, err := os.ReadDir(filepath.Dir(c.lastGood)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	c.expect("-", want, isMissing)
}
