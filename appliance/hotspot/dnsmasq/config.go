// Package dnsmasq is what Warren says to dnsmasq, which gives guests their
// addresses and answers what names mean: its configuration, its leases, and
// whether it is well.
package dnsmasq

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Name is the card's own name for guests.
const Name = "rabbit"

// domain is added to it by phones that want a dot in a name.
const domain = "lan"

// Config is a network of guests.
type Config struct {
	Interface string

	// Network is the card's address in it, and how large it is: a /24, of
	// which .20 to .250 are for guests.
	Network netip.Prefix

	// Elsewhere is the address that every other name in the world gets. Some
	// Androids take a portal for broken if it has an address of a private
	// network; nobody has this one, so that it leads here, too.
	Elsewhere netip.Addr

	Leases      string        // file with what was given to whom
	LeaseTime   time.Duration // for how long an address is lent: LongLease or ShortLease
	User, Group string        // to become; empty: the user that dnsmasq is started as
}

// Guests' addresses in a network. A phone gets the same again when it comes back:
// dnsmasq takes it from its hardware address.
const first, last = 20, 250

// MaxGuests is how many guests a network takes.
const MaxGuests = last - first + 1

// Text returns the file for dnsmasq.
func (c Config) Text() (string, error) {
	if c.Network.Bits() != 24 || !c.Network.Addr().Is4() || !c.Elsewhere.Is4() {
		return "", fmt.Errorf("the guests' network is %v and the rest of the world %v: it must be an IPv4 network of 24 bits, and an IPv4 address", c.Network, c.Elsewhere)
	}
	for _, s := range []string{c.Interface, c.Leases} {
		if s == "" || strings.ContainsAny(s, "\n\r\x00\"\\#,") {
			return "", fmt.Errorf("%.60q is empty or has a sign that means something to dnsmasq", s)
		}
	}
	network := c.Network.Masked().Addr().As4()
	guest := func(n byte) netip.Addr {
		a := network
		a[3] = n
		return netip.AddrFrom4(a)
	}
	self := c.Network.Addr()
	if c.LeaseTime < minLease {
		return "", fmt.Errorf("addresses are lent for %v: it must be at least %v", c.LeaseTime, minLease)
	}
	return fmt.Sprintf(`# Written at each start.
keep-in-foreground
log-facility=-
quiet-dhcp
pid-file=
user=%s
group=%s

# The interface may come late, and hostapd may take it away for a moment.
interface=%s
bind-dynamic
except-interface=lo

# Names: the card's own, and everything else. There is no server to ask.
# local: types that have no answer are answered so, and not refused.
no-resolv
no-poll
no-hosts
local=/#/
address=/#/%s
address=/%s/%[5]s.%[6]s/%[7]s
# Answered with "no such name": so Firefox and Apple's private relay know that
# they have to use the names of this network.
address=/use-application-dns.net/
address=/mask.icloud.com/mask-h2.icloud.com/mask-api.icloud.com/

# Addresses. no-ping: nobody has one of these already, and looking takes three
# seconds. authoritative: a phone that remembers an address is answered at once.
no-ping
dhcp-authoritative
dhcp-range=%[8]s,%[9]s,255.255.255.0,%[10]d
dhcp-option=option:router,%[7]s
dhcp-option=option:dns-server,%[7]s
dhcp-option=option:domain-name,%[6]s
dhcp-leasefile=%[11]s
`, c.User, c.Group, c.Interface, c.Elsewhere, Name, domain, self, guest(first), guest(last), int(c.LeaseTime.Seconds()), c.Leases), nil
}
