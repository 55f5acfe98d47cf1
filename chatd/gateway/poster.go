package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"warren/chatd/invite"
)

// The page to print and pin up, so that nobody has to be told how to come in.

const posterTemplate = "poster.html"

var poster = newLeaf(posterTemplate)

func (g *Gateway) poster(w http.ResponseWriter, r *http.Request) { g.invite(w, r, poster) }

// guestURL returns the address that guests open: the one that was set; or the
// one by which the page is asked for; or, if only this machine can reach that,
// the machine's address on its network.
func (g *Gateway) guestURL(r *http.Request) string {
	if g.ChatURL != "" {
		return g.ChatURL
	}
	if here, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok && isLocal(r.Host) {
		if url, ok := invite.URL(&net.TCPAddr{IP: net.IPv4zero, Port: here.Port}); ok {
			return url
		}
	}
	return "http://" + r.Host + "/"
}

// isLocal reports whether a Host header names the machine that sent it.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.IsLoopback()
}
