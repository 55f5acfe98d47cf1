package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink/nl"

	"warren/appliance/emulator/air/ask"
)

// The simulated radios' own family of generic netlink (mac80211_hwsim.h of the
// kernel).
const (
	hwsimFamily    = "MAC80211_HWSIM"
	hwsimDelRadio  = 5  // HWSIM_CMD_DEL_RADIO
	hwsimRadioName = 17 // HWSIM_ATTR_RADIO_NAME: its phy's
)

// DeleteRadio takes the radio behind an interface away, as if its firmware or
// its bus had gone.
func (a *Agent) DeleteRadio(name string, _ *ask.Nothing) error {
	phy, err := os.ReadFile(filepath.Join("/sys/class/net", name, "phy80211/name"))
	if err != nil {
		return err
	}
	phy = phy[:len(phy)-1] // a line break
	if err := request(hwsimFamily, hwsimDelRadio, nl.NewRtAttr(hwsimRadioName, phy)); err != nil {
		return fmt.Errorf("delete the radio %s: %w", phy, err)
	}
	return nil
}

// BlockRadio has the kernel keep the radio behind an interface off, as a switch
// on a laptop does: rfkill.
func (a *Agent) BlockRadio(name string, _ *ask.Nothing) error {
	switches, err := filepath.Glob(filepath.Join("/sys/class/net", name, "phy80211/rfkill*/soft"))
	if err != nil || len(switches) != 1 {
		return fmt.Errorf("%s has the switches %v, %v", name, switches, err)
	}
	return os.WriteFile(switches[0], []byte("1"), 0)
}
