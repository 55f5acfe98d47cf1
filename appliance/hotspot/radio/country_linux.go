package radio

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// ErrNoWiFi is returned by a kernel that knows nothing of Wi-Fi.
var ErrNoWiFi = errors.New("this kernel has no Wi-Fi (cfg80211)")

// SetCountry has the kernel follow the rules of a country: a code of ISO 3166-1
// alpha-2, or empty: those that hold everywhere. The kernel has the change made
// a moment after this returns.
//
// It reads /lib/firmware/regulatory.db again before: where Wi-Fi is built into
// the kernel, it looked for the file before there was a root file system.
func SetCountry(code string) error {
	family, err := netlink.GenlFamilyGet(unix.NL80211_GENL_NAME)
	if errors.Is(err, unix.ENOENT) {
		return ErrNoWiFi
	}
	if err != nil {
		return fmt.Errorf("talk to the kernel's Wi-Fi: %w", err)
	}
	if err := request(family, unix.NL80211_CMD_RELOAD_REGDB); err != nil {
		return fmt.Errorf("read the rules of radio per country (/lib/firmware/regulatory.db): %w", err)
	}
	if code == "" {
		return nil
	}
	alpha2 := nl.NewRtAttr(unix.NL80211_ATTR_REG_ALPHA2, nl.ZeroTerminated(code))
	if err := request(family, unix.NL80211_CMD_REQ_SET_REG, alpha2); err != nil {
		return fmt.Errorf("set the country %s: %w", code, err)
	}
	return nil
}

func request(family *netlink.GenlFamily, command uint8, attributes ...*nl.RtAttr) error {
	req := nl.NewNetlinkRequest(int(family.ID), unix.NLM_F_ACK)
	req.AddData(&nl.Genlmsg{Command: command, Version: nl.GENL_CTRL_VERSION})
	for _, a := range attributes {
		req.AddData(a)
	}
	_, err := req.Execute(unix.NETLINK_GENERIC, 0)
	return err
}
