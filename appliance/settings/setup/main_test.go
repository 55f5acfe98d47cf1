package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/appliance/settings"
	"warren/chatd/daemon"
)

// What is told is what a daemon gets as its flags, and nobody else can read it.
func TestTell(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	s, mistakes := settings.Parse([]byte("[room]\ntitle = \"Room #5 \\\"quoted\\\"\"\nhost_code = \"kdtsm-rfwhb\"\nkeep_mb = 100\n"+
		"[wifi]\npassphrase = \"carrot\"\nchannel = 15\n[screen]\nshow = \"join\"\nlanguage = \"DE\"\n[broker]\nurl = \"amqp://u:p%23@host/\"\n"), settings.Default())
	for range 2 { // again over what is there
		if err := tell(dir, s, s.Room.HostCode, mistakes, nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]map[string]string{
		"chatd":     {"title": `Room #5 "quoted"`, "host-code": "kdtsm-rfwhb", "wifi-name": "rabbit", "wifi-passphrase": "carrotcarrot"},
		"portal":    {"wifi-name": "rabbit", "wifi-passphrase": "carrotcarrot"},
		"ledstatus": {"light": "ACT", "mistakes": "2"},
		"broker":    {"broker-url": "amqp://u:p%23@host/", "keep-mb": "100"},
		"update":    {"host-code": "kdtsm-rfwhb"},
		"screen":    {"show": "join", "language": "de", "wifi-name": "rabbit", "wifi-passphrase": "carrotcarrot"},
		"hotspot": {
			"name": "rabbit", "passphrase": "carrotcarrot", "country": "", "channel": "6",
			"interface": "wlan0", "update-from-guests": "false",
		},
	} {
		path := filepath.Join(dir, name+".json")
		f := daemon.NewFlags(name, "")
		for flag := range want {
			f.String(flag, "", "")
		}
		var said bytes.Buffer
		if exit, ok := f.Parse([]string{"-config", path}, &said, &said, func() error { return nil }); !ok {
			t.Errorf("%s: exit %d, %s", name, exit, &said)
		}
		for flag, value := range want {
			if got := f.Lookup(flag).Value.String(); got != value {
				t.Errorf("%s gets -%s=%q", name, flag, got)
			}
		}
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, fi.Mode(), err)
		}
	}
}

// The mistakes are told to whoever asks, in words and without secrets; also
// that there are none.
func TestTellMistakes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, mistakesName)
	for text, want := range map[string]string{
		"": `{"mistakes":[]}`,
		"[wifi]\npassphrase = \"carrot\"\nchannel = 15\n": `{"mistakes":["warren.toml line 2: passphrase: `,
	} {
		s, mistakes := settings.Parse([]byte(text), settings.Default())
		if err := tell(dir, s, s.Room.HostCode, mistakes, nil); err != nil {
			t.Fatal(err)
		}
		js, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(js), want) || strings.Contains(string(js), "= \\\"carrot") {
			t.Errorf("%q: %s, %v", text, js, err)
		}
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
}

// Notes are told beside them, and are no mistakes.
func TestTellNotes(t *testing.T) {
	dir := t.TempDir()
	if err := tell(dir, settings.Default(), "", nil, []string{"a sentence"}); err != nil {
		t.Fatal(err)
	}
	if js, err := os.ReadFile(filepath.Join(dir, mistakesName)); err != nil || string(js) != `{"mistakes":[],"notes":["a sentence"]}` {
		t.Errorf("%s, %v", js, err)
	}
}

// On a machine that is no card, no partition is touched.
func TestGrowOnAnotherMachine(t *testing.T) {
	var said bytes.Buffer
	if notes := <-grow(8, slog.New(slog.NewTextHandler(&said, nil))); notes != nil || !strings.Contains(said.String(), "is left as it is") {
		t.Errorf("%v, %s", notes, &said)
	}
	mounts := filepath.Join(t.TempDir(), "mountinfo")
	if err := os.WriteFile(mounts, []byte("1 0 179:2 / / ro - squashfs /dev/root ro\n30 1 179:4 / /perm rw - ext4 /dev/mmcblk0p4 rw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{"/perm": "179:4", "/": "179:2", "/per": ""} {
		if got, err := mountedAt(mounts, dir); err != nil || got != want {
			t.Errorf("at %s is %q, %v", dir, got, err)
		}
	}
}

// Without a code nobody is the host: chatd does not make one, which nobody could
// see.
func TestTellsThatNobodyIsTheHost(t *testing.T) {
	dir := t.TempDir()
	if err := tell(dir, settings.Default(), "", nil, nil); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "chatd.json")); err != nil || !strings.Contains(string(text), `"host-code":"none"`) {
		t.Errorf("%s, %v", text, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "update.json")); err != nil || !strings.Contains(string(text), `"host-code":""`) {
		t.Errorf("%s, %v", text, err)
	}
}

// What others may read has no secret in it, whichever daemons there are.
func TestNobodyElseIsToldASecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	secrets := []string{"pass-of-the-wifi", "code-of-the-host", "pass-of-the-broker"}
	s, mistakes := settings.Parse([]byte("[room]\nhost_code = \"code-of-the-host\"\n[wifi]\npassphrase = \"pass-of-the-wifi\"\n"+
		"[broker]\nurl = \"amqp://u:pass-of-the-broker@host/\"\npasphrase = \"pass-of-the-wifi\"\n[wifi]\npassphrase = \"pass-of-the-wifi\"\n"), settings.Default())
	s.WiFi.Passphrase = secrets[0] // it is there twice, and so as it was
	if len(mistakes) < 2 {
		t.Fatalf("the mistakes are %v", mistakes)
	}
	if err := tell(dir, s, s.Room.HostCode, mistakes, nil); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		info, infoErr := e.Info()
		if err != nil || infoErr != nil {
			t.Fatal(err, infoErr)
		}
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				told[secret] = true
				if info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s has %s in it, and its mode is %v", e.Name(), secret, info.Mode())
				}
			}
		}
	}
	if len(told) != len(secrets) {
		t.Errorf("only %v were told to anybody", told)
	}
}
