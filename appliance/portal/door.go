package main

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"warren/appliance/portal/known"
	"warren/appliance/portal/probe"
)

// The page's paths, one for each kind of window: by the time that a window
// shows its page, its User-Agent is that of a browser, and only what it asked
// for first tells it from one.
var (
	pathOf = map[probe.Window]string{probe.Done: "/apple", probe.Closes: "/sheet", probe.Stays: "/browser"}
	// inPath, after one of these, is what comes after Continue.
	inPath = "/in"
)

// door answers all of port 80. A phone goes two steps:
//
//  1. Not known: its probes are redirected to the page.
//  2. Known, after it has tapped Continue, or has come to the chat in another
//     way: its probes succeed, so that it stays connected.
//
// Whatever is neither a probe nor the page leads to the chat.
type door struct {
	pages  *pages
	phones *known.Phones
	chat   *url.URL
	host   string                       // of the page, as in a Host header
	who    func(netip.Addr) known.Phone // which phone has this address
	inChat func(netip.Addr) bool        // is it connected to the chat
	log    *slog.Logger
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	// A phone that takes what it got here for the internet's, once it is
	// home, would be lost.
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h["Date"] = nil // a server without a clock sends none (RFC 9110, 6.6.1)
	window, in, ok := d.page(r)
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case ok && read:
		d.pages.send(w, r, window, in)
		return
	case ok && r.Method == http.MethodPost && !in:
		d.enter(r, "Continue")
		// Apple's window shows "Done" after the next page has loaded; the
		// others would ask whether to send the form again.
		if window == probe.Stays {
			http.Redirect(w, r, d.chat.String(), http.StatusSeeOther)
		} else {
			http.Redirect(w, r, pathOf[window]+inPath, http.StatusSeeOther)
		}
		return
	case !read:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "Only the chat is here: "+d.chat.String(), http.StatusMethodNotAllowed)
		return
	}
	if p, ok := probe.Of(r.Host, r.URL.Path, r.UserAgent()); ok {
		d.probe(w, r, p)
		return
	}
	// Who comes here in a browser is led to the chat, and has no need of the
	// page. Apps that ask for something of theirs do not want HTML.
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		d.enter(r, "browser")
	}
	http.Redirect(w, r, d.chatFor(r), http.StatusFound)
}

// chatFor returns where the one who asks finds the chat. Who has asked for the
// box by an address of its own, as on its Ethernet, stays with that.
func (d *door) chatFor(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	asked, err := netip.ParseAddr(strings.Trim(host, "[]"))
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if err != nil || !ok || asked != local.AddrPort().Addr().Unmap() {
		return d.chat.String()
	}
	chat := *d.chat
	chat.Host = netip.AddrPortFrom(asked, portOf(d.chat)).String()
	return chat.String()
}

// page returns which page the request asks for, and false if none.
func (d *door) page(r *http.Request) (window probe.Window, in, ok bool) {
	if !strings.EqualFold(r.Host, d.host) {
		return 0, false, false
	}
	path, in := strings.CutSuffix(r.URL.Path, inPath)
	for window, its := range pathOf {
		if path == its && !(in && window == probe.Stays) {
			return window, in, true
		}
	}
	return 0, false, false
}

// probe answers a probe.
func (d *door) probe(w http.ResponseWriter, r *http.Request, p probe.Probe) {
	addr := addrOf(r)
	if phone := d.who(addr); !d.phones.Has(phone) {
		if !d.inChat(addr) {
			d.log.Debug("a probe is redirected to the page", "system", p.System, "phone", phone)
			http.Redirect(w, r, "http://"+d.host+pathOf[p.Window], http.StatusFound)
			return
		}
		d.enter(r, "chat")
	}
	h := w.Header()
	h.Set("X-NetworkManager-Status", "online")
	if p.Answer.Type != "" {
		h.Set("Content-Type", p.Answer.Type)
	}
	w.WriteHeader(p.Answer.Status)
	if p.Answer.Body != "" {
		w.Write([]byte(p.Answer.Body))
	}
}

// enter makes the phone that asks known.
func (d *door) enter(r *http.Request, by string) {
	phone := d.who(addrOf(r))
	if added, count := d.phones.Add(phone); added {
		d.log.Info("a phone has come in", "phone", phone, "by", by, "known", count)
	}
}

// addrOf returns the address that a request comes from.
func addrOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
