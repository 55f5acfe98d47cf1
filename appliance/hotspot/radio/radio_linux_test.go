package radio

import (
	"strings"
	"testing"

	"warren/appliance/hotspot/nettest"
)

func TestKinds(t *testing.T) {
	for _, test := range []struct {
		driver, version string
		stations        int
		openOnly        bool
	}{
		{"brcmfmac", "7.45.234", 8, false},     // 3B+, 4, 5
		{"brcmfmac", "7.45.286", 8, false},     // a later Debian
		{"brcmfmac", "7.45.241", 19, false},    // put there by hand
		{"brcmfmac", "7.45.98.118", 10, false}, // 3B, Zero 2 W
		{"brcmfmac", "9.88.4.77", 0, true},     // some Zero 2 W
		{"brcmfmac", "7.45.96", 0, false},
		{"brcmfmac", "7.45.9", 0, false},
		{"brcmfmac", "7.45.2341", 0, false},
		{"brcmfmac", "n/a", 0, false},
		{"brcmfmac", "", 0, false},
		{"mac80211_hwsim", "7.45.234", 0, false},
	} {
		k := kindOf(test.driver, test.version)
		if k.Stations != test.stations || k.OpenOnly != test.openOnly {
			t.Errorf("%s %s: %+v", test.driver, test.version, k)
		}
	}
}

// TestLook asks the kernel about interfaces that it has.
func TestLook(t *testing.T) {
	n := nettest.New(t)
	nettest.Cable(t, n, "wlan0", n, "phone")
	n.Do(t, func() {
		for name, want := range map[string]string{"wlan0": "veth", "lo": ""} {
			if k, firmware, err := Look(name); k != (Kind{}) || !strings.HasPrefix(firmware, want) || err != nil {
				t.Errorf("%s: %+v, %q, %v", name, k, firmware, err)
			}
		}
		if _, _, err := Look("wlan9"); err == nil {
			t.Error("an interface that is not there has a firmware")
		}
	})
}
