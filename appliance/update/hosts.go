package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"

	"warren/appliance/update/protocol"
)

// ownHost lets requests through that are meant for this card. Others come from a page
// that has bent its own name to the card's address (DNS rebinding): its browser, in
// the host's network, would let it read how the card is, and use up the wrong codes
// that are looked at. A name can be bent, an address cannot.
func ownHost(next http.Handler) http.Handler {
	names := []string{"localhost", protocol.Host}
	if name, err := os.Hostname(); err == nil {
		name = strings.ToLower(name)
		names = append(names, name, name+".local")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Host
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
		if _, err := netip.ParseAddr(name); err != nil && !slices.Contains(names, name) {
			http.Error(w, fmt.Sprintf("this card does not answer to the name %.100q: use its address", r.Host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
