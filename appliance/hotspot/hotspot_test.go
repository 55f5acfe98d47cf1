package main

import (
	"testing"

	"warren/appliance/hotspot/hostapd"
)

// Guests reach the port for updates if the settings say so, and not otherwise: not
// because they are on Ethernet.
func TestUpdatesFromGuests(t *testing.T) {
	for _, name := range []string{"wlan0", "eth0"} {
		for _, radio := range []bool{true, false} {
			for _, updates := range []bool{true, false} {
				h := &hotspot{options: &options{updates: updates, wifi: hostapd.Config{Interface: name}}, radio: radio}
				if r := h.rules(); r.Updates != updates || r.Guests != name {
					t.Errorf("on %s, a radio %v, updates from guests %v: the rules are %+v", name, radio, updates, r)
				}
			}
		}
	}
}
