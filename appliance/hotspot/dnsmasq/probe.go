package dnsmasq

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Probe asks a dnsmasq for the card's own name, as a guest would. nil: it gives
// the right answer before ctx ends.
func Probe(ctx context.Context, server netip.Addr) error {
	r := net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, netip.AddrPortFrom(server, 53).String())
		},
	}
	found, err := r.LookupNetIP(ctx, "ip4", Name+"."+domain+".")
	if err != nil {
		return fmt.Errorf("dnsmasq does not answer: %w", err)
	}
	if !slices.Contains(found, server) {
		return fmt.Errorf("dnsmasq says that %s is %v: it should be %v", Name, found, server)
	}
	return nil
}
