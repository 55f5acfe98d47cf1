package hostapd

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"
)

// FuzzConfig: whatever the settings are, hostapd's file has a line for each of
// them that says just that, or there is no file.
func FuzzConfig(f *testing.F) {
	f.Add("wlan0", "rabbit", "carrotcarrot", "DE", 6, 8, "/run/hostapd")
	f.Add("wlan0\nbssid=x", "a\nwpa=0\x00", "12345678\n", "D\n", 14, -1, "")
	f.Add("wlan0\nbssid=x", "rabbit", "carrotcarrot", "DE", 6, 8, "/run/hostapd")
	f.Add("wlan0", "\xff#", "# comment", "", 1, 0, "x")
	f.Fuzz(func(t *testing.T, netInterface, name, passphrase, country string, channel, stations int, control string) {
		c := Config{Interface: netInterface, Name: name, Passphrase: passphrase, Country: country, Channel: channel, Stations: stations, Control: control, Driver: "none"}
		text, err := c.Text()
		if err != nil {
			if text != "" || passphrase != "" && len(passphrase) > 8 && strings.Contains(err.Error(), passphrase) && !strings.Contains(name+netInterface+country+control, passphrase) {
				t.Fatalf("%q, %v", text, err)
			}
			return
		}
		set := map[string]string{}
		for line := range strings.Lines(text) {
			key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			if _, twice := set[key]; !ok || twice || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
				t.Fatalf("the line %q in %q", line, text)
			}
			set[key] = value
		}
		ssid, err := hex.DecodeString(set["ssid2"])
		if err != nil || string(ssid) != name || set["wpa_passphrase"] != passphrase || set["channel"] != strconv.Itoa(channel) ||
			set["interface"] != netInterface || set["ctrl_interface"] != control || set["country_code"] != country || (set["wpa"] == "2") != (passphrase != "") {
			t.Fatalf("%+v is written as %q", c, text)
		}
	})
}

// FuzzWords: whatever hostapd writes before it ends, no phone's address gets into
// the log, and why it has ended is one sentence of bounded length.
func FuzzWords(f *testing.F) {
	f.Add("wlan0: STA 02:00:00:00:01:00 IEEE 802.11: associated\nwlan0: AP-DISABLED ", true)
	f.Add("Channel 13 (primary) not allowed for AP mode\nFailed to initialize interface", false)
	f.Add(" \n\xff02:00:00:00:01:00:02\n-02:00:00:00:01:00_", true)
	f.Fuzz(func(t *testing.T, output string, fails bool) {
		var w Words
		for line := range strings.Lines(output) {
			line = w.Add(strings.TrimSuffix(line, "\n"))
			for _, word := range strings.Fields(line) {
				if _, ok := parseAddress(strings.Trim(word, "()[],.;")); ok && strings.Count(word, ":") == 5 {
					t.Fatalf("%q names a phone", line)
				}
			}
		}
		var how error
		if fails {
			how = errors.New("exit status 1")
		}
		why := w.Why(Config{Channel: 13, Country: "DE"}, how)
		if why == nil || strings.Contains(why.Error(), "\n") || len(why.Error()) > 200*4+150 || len(w.lines) > keep {
			t.Fatalf("%d lines are kept: %v", len(w.lines), why)
		}
	})
}

// FuzzHeed has hostapd say anything, line by line: who is said to be in are
// addresses, not more than there can be, and only one that came has left.
func FuzzHeed(f *testing.F) {
	f.Add("<3>AP-STA-CONNECTED 02:00:00:00:01:00\nOK\n<3>AP-STA-DISCONNECTED 02:00:00:00:01:00\n<3>AP-STA-DISCONNECTED 02:00:00:00:01:01")
	f.Add("<3>AP-STA-CONNECTED 02:00:00:00:01:00\n<3>AP-STA-CONNECTED 02:00:00:00:01:01\n<3>AP-STA-DISCONNECTED 02:00:00:00:01:00")
	f.Add("<3>AP-STA-CONNECTED 02-00-00-00-01-00 keyid=x\n<3>AP-STA-CONNECTED 0200.0000.0100\n<>AP-DISABLED\n<9>AP-STA-CONNECTED ")
	f.Fuzz(func(t *testing.T, messages string) {
		told := 0
		c := &conn{in: map[string]bool{}, Watch: Watch{Stations: func(in map[string]bool) {
			if n := len(in); n != told-1 && n != told+1 {
				t.Fatalf("after %d there are %d", told, n)
			}
			for a := range in {
				if len(a) != 17 || strings.Trim(a, "0123456789abcdef:") != "" {
					t.Fatalf("%q is in", a)
				}
			}
			told = len(in)
		}}}
		for message := range strings.Lines(messages) {
			if c.heed(message) != strings.HasPrefix(message, "<") && strings.Contains(message, ">") {
				t.Fatalf("%q", message)
			}
		}
		if len(c.in) != told || told > maxStations {
			t.Fatalf("%d are in, and %d were told", len(c.in), told)
		}
	})
}
