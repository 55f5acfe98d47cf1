package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hosts are the names this server answers to. A request for another name comes
// from a page that has bent its own name to our address (DNS rebinding): its
// browser would take us for that page's own server.
type hosts struct {
	names   []string // lower case
	origins []string // of those, the ones named in the settings

	mu   sync.Mutex
	own  []netip.Addr // the machine's addresses
	when time.Time    // when they were read
}

// ownFor is how long the machine's addresses are believed: a laptop changes
// networks.
const ownFor = 10 * time.Second

func newHosts(extra []string) *hosts {
	h := &hosts{names: []string{"localhost", "rabbit"}}
	if name, err := os.Hostname(); err == nil {
		name = strings.ToLower(name)
		h.names = append(h.names, name, name+".local")
	}
	for _, name := range extra {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			h.names = append(h.names, name)
			h.origins = append(h.origins, name)
		}
	}
	return h
}

// answers reports whether the server answers to host, with or without a port.
func (h *hosts) answers(host string) bool {
	// It gets into a header, where these would end what it stands in: guard.
	// The zone of an IPv6 address may hold anything.
	if strings.ContainsAny(host, ";,") {
		return false
	}
	name := host
	if n, port, err := net.SplitHostPort(host); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		name = n
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		name, _ = strings.CutSuffix(inner, "]")
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if slices.Contains(h.names, name) {
		return true
	}
	a, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	return a.IsLoopback() || slices.Contains(h.addresses(), a)
}

func (h *hosts) addresses() []netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.when) < ownFor {
		return h.own
	}
	h.own, h.when = nil, time.Now()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			h.own = append(h.own, p.Addr().Unmap().WithZone(""))
		}
	}
	return h.own
}

// only lets requests through that are meant for this server.
func (h *hosts) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.answers(r.Host) {
			guard(w.Header(), "'none'")
			http.Error(w, fmt.Sprintf("This server does not answer to the name %.100q. If it should, start chatd with -hosts.", r.Host), http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin reports whether a WebSocket may be opened: by a program that is no
// browser (it sends no Origin), by a page of this very server, or by a page of
// a host named in the settings. The room has no password, but a page from
// elsewhere must not speak with its visitor's voice.
func (h *hosts) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) || slices.Contains(h.origins, strings.ToLower(u.Hostname()))
}
