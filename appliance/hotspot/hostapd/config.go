// Package hostapd is what Warren says to hostapd and hears from it: its
// configuration, its control socket, and why it has ended.
package hostapd

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Config is an access point. hostapd.conf(5) is the example in hostapd's
// package.
type Config struct {
	Interface string
	Name      string // SSID: 1 to 32 bytes of UTF-8

	// Passphrase is WPA2's: 8 to 63 characters of ASCII from space to ~; or
	// empty: the Wi-Fi is open.
	Passphrase string

	Country  string // ISO 3166-1 alpha-2, or empty: not known
	Channel  int    // of 2.4 GHz: 1 to 13
	Stations int    // at most so many phones: one more is refused as it asks; 0: hostapd's own limit of 2007
	Control  string // folder for the control socket, which gets the interface's name

	// Driver is nl80211, but in tests: none is an access point without a radio.
	Driver string
}

// Limits of IEEE 802.11-2020: 9.4.2.2 and J.4.1.
const (
	maxName                      = 32
	minPassphrase, maxPassphrase = 8, 63
)

// Check returns what is wrong with the settings that hostapd would refuse, or
// that would mean something else in its file, where a line is a setting.
func (c Config) Check() error {
	switch {
	case c.Name == "" || len(c.Name) > maxName:
		return fmt.Errorf("the Wi-Fi's name %.40q has %d bytes: it must be 1 to %d", c.Name, len(c.Name), maxName)
	case c.Passphrase != "" && (len(c.Passphrase) < minPassphrase || len(c.Passphrase) > maxPassphrase):
		return fmt.Errorf("the Wi-Fi's passphrase has %d characters: WPA2 needs %d to %d", len(c.Passphrase), minPassphrase, maxPassphrase)
	case strings.ContainsFunc(c.Passphrase, func(r rune) bool { return r < ' ' || r > '~' }):
		return errors.New("the Wi-Fi's passphrase must be printable ASCII")
	case c.Country != "" && (len(c.Country) != 2 || strings.Trim(c.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != ""):
		return fmt.Errorf("the country is %.40q: it must be two capital letters, such as DE", c.Country)
	case c.Channel < 1 || c.Channel > 13:
		return fmt.Errorf("the channel is %d: it must be 1 to 13", c.Channel)
	}
	for _, s := range []string{c.Interface, c.Control, c.Driver} {
		if s == "" || strings.ContainsAny(s, "\n\r\x00") {
			return fmt.Errorf("%.40q is empty or has a line break in it", s)
		}
	}
	return nil
}

// Text returns the file for hostapd, which has the passphrase in it.
//
// WPA2 with CCMP only, and without protected management frames (802.11w): the
// Pi's radio takes phones in with nothing else. 20 MHz: on 2.4 GHz a wider
// channel takes the air from the neighbours and gives a chat nothing.
func (c Config) Text() (string, error) {
	if err := c.Check(); err != nil {
		return "", err
	}
	var b strings.Builder
	set := func(key string, value any) { fmt.Fprintf(&b, "%s=%v\n", key, value) }
	set("interface", c.Interface)
	set("driver", c.Driver)
	set("ctrl_interface", c.Control)
	// In hexadecimal any name is itself.
	set("ssid2", hex.EncodeToString([]byte(c.Name)))
	set("utf8_ssid", 1)
	if c.Country != "" {
		set("country_code", c.Country)
		set("ieee80211d", 1) // tells phones
	}
	set("hw_mode", "g")
	set("channel", c.Channel)
	set("ieee80211n", 1)
	set("wmm_enabled", 1) // 802.11n needs it
	if c.Stations > 0 {
		set("max_num_sta", c.Stations)
	}
	if c.Passphrase != "" {
		set("wpa", 2)
		set("wpa_key_mgmt", "WPA-PSK")
		set("rsn_pairwise", "CCMP")
		set("wpa_passphrase", c.Passphrase)
	}
	set("ieee80211w", 0)
	return b.String(), nil
}
