package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What else is on the boot partition never keeps the settings from being read, and
// the host is told of it.
func TestBootFiles(t *testing.T) {
	const line = "console=tty1 root=PARTUUID=60041a5a-02 rootwait"
	const set, txt = "[room]\ntitle = \"Right\"\n", "[room]\ntitle = \"Wrong\"\n"
	for name, test := range map[string]struct {
		files map[string]string
		read  string // "": there is no file
		other bool
		note  string // the beginning
	}{
		"a card as it is flashed": {map[string]string{FileName: set, "cmdline.txt": line, "config.txt": "", "HOST-CODE.TXT": ""}, set, false, ""},
		"Imager, with a script": {map[string]string{FileName: set, "cmdline.txt": line + " systemd.run=/boot/firstrun.sh systemd.unit=x", "firstrun.sh": "", "userconf.txt": "", "SSH": "", "wpa_supplicant.conf": ""}, set, false,
			"What was set in Raspberry Pi Imager means nothing on this card (firstrun.sh, ssh, userconf.txt, what it has added to cmdline.txt and wpa_supplicant.conf): the Wi-Fi's name and passphrase, and all else, are set in warren.toml."},
		"Imager, with cloud-init": {map[string]string{FileName: set, "cmdline.txt": line, "user-data": "#cloud-config", "network-config": "", "meta-data": ""}, set, false,
			"What was set in Raspberry Pi Imager means nothing on this card (meta-data, network-config and user-data): "},
		"its words alone": {map[string]string{FileName: set, "cmdline.txt": line + " ds=nocloud;i=1"}, set, false,
			"What was set in Raspberry Pi Imager means nothing on this card (what it has added to cmdline.txt): "},
		"two files":          {map[string]string{FileName: set, "Warren.toml.TXT": txt}, set, true, ""},
		"one, with a .txt":   {map[string]string{"warren.toml.txt": txt}, txt, false, "There is no warren.toml on the card, and warren.toml.txt is read in its place: take the .txt off its name."},
		"none":               {map[string]string{"cmdline.txt": line}, "", false, ""},
		"an empty partition": {nil, "", false, ""},
	} {
		dir := t.TempDir()
		for file, content := range test.files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found, err := readBootFiles(dir)
		if string(found.settings) != test.read || found.other != test.other || (test.read == "") != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v, %v", name, found.settings, found.other, err)
		}
		if note := strings.Join(found.notes, "|"); (note == "") != (test.note == "") || !strings.HasPrefix(note, test.note) {
			t.Errorf("%s: the host is told %q, not %q", name, note, test.note)
		}
	}
	if want := "warren.toml: there is also warren.toml.txt on the card, which is not read: put into warren.toml"; !strings.HasPrefix(otherFile.Error(), want) {
		t.Error(otherFile.Error())
	}
}
