package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"warren/chatd/daemon"
)

func TestFlags(t *testing.T) {
	for _, test := range []struct {
		flag string
		says string // empty: it is taken
	}{
		{"-name=Hase 🐇", ""},
		{"-passphrase=", ""},
		{"-country=DE", ""},
		{"-interface=br0", ""},
		{"-uplink=", ""},
		{"-internet=drop", ""},
		{"-module=/x.ko radios=2", ""},
		{"-module=x.ko", "the path of a kernel module"},
		{"-internet=reject", "refuse or drop"},
		{"-name=", "1 to 32"},
		{"-passphrase=carrot", "8 to 63"},
		{"-country=Germany", "two capital letters"},
		{"-channel=14", "a number from 1 to 13"},
		{"-interface=wlan0 wlan1", "a network interface"},
		{"-uplink=/eth0", "a network interface"},
		{"-run=warren", "a path that begins with /"},
		{"-dnsmasq-user=no such user", "/etc/passwd"},
	} {
		var said bytes.Buffer
		_, exit, ok := parse([]string{"-dnsmasq-user=root", test.flag}, &said, &said)
		if taken := test.says == ""; ok != taken || !taken && (exit != daemon.ExitUsage || !strings.Contains(said.String(), test.says)) {
			t.Errorf("%s: %v, exit code %d, %s", test.flag, ok, exit, &said)
		}
	}
}

// TestConfigFile: the settings of the card come in a file, none of them in the
// list of processes.
func TestConfigFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hotspot.json")
	settings := map[string]string{"name": `# "quoted" 🐇`, "passphrase": `  "spaces" = #  `, "country": "DE", "channel": "11", "interface": "wlan0"}
	js, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, js, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	o, _, ok := parse([]string{"-config", path, "-dnsmasq-user=root"}, &said, &said)
	if !ok {
		t.Fatalf("it is not taken: %s", &said)
	}
	if w := o.wifi; w.Name != settings["name"] || w.Passphrase != settings["passphrase"] || w.Country != "DE" || w.Channel != 11 {
		t.Errorf("the settings are %+v", w)
	}
}
