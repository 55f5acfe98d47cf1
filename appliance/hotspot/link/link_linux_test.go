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

// TestStrictARP: somebody in the network on the Ethernet port asks who 10.1.1.1
// is. Only guests are answered, and they are asked by an address that they know.
func TestStrictARP(t *testing.T) {
	card, guest, lan := nettest.New(t), nettest.New(t), nettest.New(t)
	nettest.Cable(t, card, "wlan0", guest, "phone")
	nettest.Cable(t, card, "eth0", lan, "laptop")
	card.Up(t, "wlan0", "10.1.1.1/24", "192.0.2.1/32")
	card.Up(t, "eth0", "192.168.7.7/24")
	guest.Up(t, "phone", "10.1.1.20/24")
	lan.Up(t, "laptop", "10.1.1.9/24", "192.168.7.9/24")
	answered := func(n nettest.Net, name, address string) bool {
		// The kernel may still be bringing the cable up: ask three times.
		out, err := n.Run(t, nettest.Look(t, "busybox"), "arping", "-f", "-c", "3", "-w", "3", "-I", name, address)
		t.Logf("%s", out)
		return err == nil
	}
	if !answered(lan, "laptop", "10.1.1.1") {
		t.Fatal("without StrictARP the card keeps to itself: this test shows nothing")
	}
	card.Do(t, func() {
		if err := StrictARP(); err != nil {
			t.Error(err)
		}
	})
	if answered(lan, "laptop", "10.1.1.1") {
		t.Error("the card answers for 10.1.1.1 in the network on its Ethernet port")
	}
	for _, address := range []string{"10.1.1.1", "192.0.2.1"} {
		if !answered(guest, "phone", address) {
			t.Errorf("a guest that asks for %s is not answered", address)
		}
	}
	if out, err := card.Run(t, nettest.Look(t, "ip"), "neigh", "flush", "dev", "wlan0"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// The card answers a guest from 192.0.2.1 and asks who that is: as 10.1.1.1.
	if out, err := card.Run(t, nettest.Look(t, "busybox"), "ping", "-I", "192.0.2.1", "-c", "1", "-W", "1", "10.1.1.20"); err == nil {
		t.Fatalf("the guest has a way to 192.0.2.1: %s", out)
	}
	if out, err := guest.Run(t, nettest.Look(t, "ip"), "neigh", "show", "10.1.1.1"); err != nil || !strings.Contains(out, "lladdr") {
		t.Errorf("the card did not ask the guest as 10.1.1.1: %v, %q", err, out)
	}
	if !answered(lan, "laptop", "192.168.7.7") {
		t.Error("the card does not answer for the address that it has there")
	}
	// An interface that comes later is no exception.
	nettest.Cable(t, card, "eth1", lan, "other")
	card.Up(t, "eth1", "192.168.8.8/24")
	lan.Up(t, "other", "192.168.8.9/24")
	if answered(lan, "other", "10.1.1.1") {
		t.Error("the card answers for 10.1.1.1 at an interface that came later")
	}
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
