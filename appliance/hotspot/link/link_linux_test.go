package link

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"warren/appliance/hotspot/nettest"
)

func addresses(t *testing.T, n nettest.Net, name string) string {
	t.Helper()
	var all []string
	n.Do(t, func() {
		i, err := net.InterfaceByName(name)
		if err != nil {
			t.Error(err)
			return
		}
		list, err := i.Addrs()
		if err != nil {
			t.Error(err)
		}
		for _, a := range list {
			if p := netip.MustParsePrefix(a.String()); p.Addr().Is4() {
				all = append(all, p.String())
			}
		}
	})
	return strings.Join(all, " ")
}

func TestSetAddresses(t *testing.T) {
	n := nettest.New(t)
	nettest.Cable(t, n, "wlan0", n, "phone")
	n.Up(t, "wlan0", "192.168.7.7/16", "10.1.1.1/32") // from somebody else, and a wrong one of ours
	want := []netip.Prefix{netip.MustParsePrefix("10.1.1.1/24"), netip.MustParsePrefix("192.0.2.1/32")}
	for range 2 { // again changes nothing
		n.Do(t, func() {
			if err := SetAddresses("wlan0", want...); err != nil {
				t.Error(err)
			}
		})
		if got := addresses(t, n, "wlan0"); got != "10.1.1.1/24 192.0.2.1/32" {
			t.Errorf("the addresses are %s", got)
		}
	}
}

func TestNone(t *testing.T) {
	n := nettest.New(t)
	n.Do(t, func() {
		for what, err := range map[string]error{
			"Await":        Await(t.Context(), "wlan0", 0),
			"Up":           Up("wlan0"),
			"Down":         Down("wlan0"),
			"SetAddresses": SetAddresses("wlan0", netip.MustParsePrefix("10.1.1.1/24")),
			"AwaitCarrier": AwaitCarrier(t.Context(), "wlan0", true),
		} {
			if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "wlan0") {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestCarrier(t *testing.T) {
	n, other := nettest.New(t), nettest.New(t)
	nettest.Cable(t, n, "eth0", other, "switch")
	n.Do(t, func() {
		if err := Up("eth0"); err != nil {
			t.Error(err)
		}
		if has, err := Carrier("eth0"); has || err != nil {
			t.Errorf("with nothing at the other end: %v, %v", has, err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, plug := range []bool{true, false, true} {
		if plug {
			other.Up(t, "switch")
		} else {
			other.Down(t, "switch")
		}
		n.Do(t, func() {
			if err := AwaitCarrier(ctx, "eth0", plug); err != nil {
				t.Errorf("plugged in %v: %v", plug, err)
			}
		})
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	n.Do(t, func() {
		if err := AwaitCarrier(ended, "eth0", false); !errors.Is(err, context.Canceled) {
			t.Errorf("when asked to end: %v", err)
		}
	})
}

func TestIsPartOf(t *testing.T) {
	n := nettest.New(t)
	nettest.Cable(t, n, "eth0", n, "switch")
	n.Do(t, func() {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = "br0"
		bridge := &netlink.Bridge{LinkAttrs: attrs}
		if err := netlink.LinkAdd(bridge); err != nil {
			t.Error(err)
			return
		}
		port, err := netlink.LinkByName("eth0")
		if err == nil {
			err = netlink.LinkSetMaster(port, bridge)
		}
		if err != nil {
			t.Error(err)
		}
		for pair, want := range map[[2]string]bool{
			{"eth0", "eth0"}: true, {"eth0", "br0"}: true, {"switch", "br0"}: false, {"br0", "eth0"}: false, {"eth0", "wlan0"}: false,
			{"switch", "lo"}: false,
		} {
			if got := IsPartOf(pair[0], pair[1]); got != want {
				t.Errorf("%v: %v", pair, got)
			}
		}
	})
}
