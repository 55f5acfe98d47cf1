// Package link is a network interface: whether it is there, its addresses, its
// cable.
package link

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
)

// look is how often an interface is looked at by who waits for it. The kernel
// would tell, but a look costs microseconds.
const look = 200 * time.Millisecond

// ErrNone is returned if there is no such interface.
var ErrNone = errors.New("there is no such network interface")

func find(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil, fmt.Errorf("%s: %w", name, ErrNone)
	}
	if err != nil {
		return nil, fmt.Errorf("look at the network interface %s: %w", name, err)
	}
	return l, nil
}

// Index returns the kernel's number of an interface. One that has gone and come
// again has another.
func Index(name string) (int, error) {
	l, err := find(name)
	if err != nil {
		return 0, err
	}
	return l.Attrs().Index, nil
}

// Await waits until an interface is there, for at most patience.
func Await(ctx context.Context, name string, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		_, err := find(name)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// Up switches an interface on.
func Up(name string) error {
	l, err := find(name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("switch the network interface %s on: %w", name, err)
	}
	return nil
}

// Down switches an interface off.
func Down(name string) error {
	l, err := find(name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetDown(l); err != nil {
		return fmt.Errorf("switch the network interface %s off: %w", name, err)
	}
	return nil
}

// SetAddresses gives an interface these IPv4 addresses, and takes away what
// others it has. It may be off.
func SetAddresses(name string, want ...netip.Prefix) error {
	l, err := find(name)
	if err != nil {
		return err
	}
	has, err := netlink.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("see the addresses of %s: %w", name, err)
	}
	// The others first: with the last address go the routes that came with it.
	for _, a := range has {
		ip, _ := netip.AddrFromSlice(a.IP.To4())
		ones, _ := a.Mask.Size()
		if slices.Contains(want, netip.PrefixFrom(ip, ones)) {
			continue
		}
		if err := netlink.AddrDel(l, &a); err != nil {
			return fmt.Errorf("take the address %v from %s: %w", a.IPNet, name, err)
		}
	}
	for _, p := range want {
		a, err := netlink.ParseAddr(p.String())
		if err != nil {
			return err
		}
		if err := netlink.AddrReplace(l, a); err != nil {
			return fmt.Errorf("give %s the address %v: %w", name, p, err)
		}
	}
	return nil
}

// StrictARP has the kernel answer questions for an address (ARP) only on the
// interface that has it, and ask with an address of the interface that it asks
// on: arp_ignore 1 and arp_announce 2 of the kernel's ip-sysctl. Without, a card
// whose guests are on wlan0 answers for 10.1.1.1 on its Ethernet port, too, and
// takes a router of that address away from somebody else's network.
//
// It holds for all interfaces, also those that come later: the guests' has the
// addresses that they ask for.
func StrictARP() error {
	for name, value := range map[string]string{"arp_ignore": "1", "arp_announce": "2"} {
		// The kernel takes the larger of all's and the interface's.
		if err := os.WriteFile(filepath.Join("/proc/sys/net/ipv4/conf/all", name), []byte(value), 0o644); err != nil {
			return fmt.Errorf("keep the card's addresses out of other networks: %w", err)
		}
	}
	return nil
}

// Carrier reports whether an interface is on and something is at the other end:
// for Ethernet, a cable with a device that is on.
func Carrier(name string) (bool, error) {
	l, err := find(name)
	if err != nil {
		return false, err
	}
	// IFF_LOWER_UP, netdevice(7): the lower layer is up.
	const lowerUp = 0x10000
	return l.Attrs().RawFlags&lowerUp != 0, nil
}

// AwaitCarrier waits until an interface has a carrier, or until it has none.
func AwaitCarrier(ctx context.Context, name string, want bool) error {
	for {
		has, err := Carrier(name)
		if err != nil || has == want {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(look):
		return nil
	}
}

// sysfs is where the kernel shows its network interfaces: sysfs-class-net.
const sysfs = "/sys/class/net"

// IsRadio reports whether an interface is a Wi-Fi radio. One that is not there
// yet is judged by its name.
func IsRadio(name string) bool {
	if _, err := os.Stat(filepath.Join(sysfs, name)); err != nil {
		return strings.HasPrefix(name, "wl")
	}
	_, err := os.Stat(filepath.Join(sysfs, name, "phy80211"))
	return err == nil
}

// IsPartOf reports whether an interface is the other one, or a port of it if
// that is a bridge.
func IsPartOf(name, other string) bool {
	if name == other {
		return true
	}
	port, err := find(name)
	bridge, otherErr := find(other)
	return err == nil && otherErr == nil && port.Attrs().MasterIndex == bridge.Attrs().Index
}
