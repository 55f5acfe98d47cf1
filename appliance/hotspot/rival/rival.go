// Package rival looks for another DHCP server in a network, before one is
// started there: two of them give each guest the answer of whichever is faster,
// and break the network of whoever owns the first.
package rival

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// A server may look for a while whether an address is free before it offers it:
// dnsmasq takes three seconds. And a switch may lose the first packet while it
// learns who is there. So: two questions, with three seconds for an answer to
// the first and, as the client doubles that, six to the second.
const (
	questions = 2
	patience  = 3 * time.Second
)

// Find asks for an address on a network interface (DHCPDISCOVER, RFC 2131) and
// returns the server that offers one, or false after 9 seconds. The
// interface must be on; it needs no address. Nothing is taken from the server.
func Find(ctx context.Context, name string) (server netip.Addr, found bool, err error) {
	c, err := nclient4.New(name, nclient4.WithRetry(questions), nclient4.WithTimeout(patience))
	if err != nil {
		return server, false, fmt.Errorf("look for another DHCP server on %s: %w", name, err)
	}
	defer c.Close()
	begin := time.Now()
	offer, err := c.DiscoverOffer(ctx)
	switch {
	case ctx.Err() != nil:
		return server, false, ctx.Err()
	case errors.Is(err, nclient4.ErrNoResponse) && time.Since(begin) < patience:
		// The client says the same when it cannot hear any more.
		return server, false, fmt.Errorf("look for another DHCP server on %s: it was switched off meanwhile", name)
	case errors.Is(err, nclient4.ErrNoResponse):
		return server, false, nil
	case err != nil:
		return server, false, fmt.Errorf("look for another DHCP server on %s: %w", name, err)
	}
	return serverOf(offer), true, nil
}

// serverOf returns who says to have made an offer: 0.0.0.0 if it does not say,
// which RFC 2131 does not allow, and which is a rival all the same.
func serverOf(offer *dhcpv4.DHCPv4) netip.Addr {
	if server, ok := netip.AddrFromSlice(offer.ServerIdentifier().To4()); ok {
		return server
	}
	return netip.IPv4Unspecified()
}
