package gateway

import (
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"warren/chatd/invite"
	"warren/web"
)

// The page to print and pin up, so that nobody has to be told how to come in.

const posterTemplate = "poster.html"

var poster = template.Must(template.ParseFS(web.Files, posterTemplate))

// posterData is what the template shows.
type posterData struct {
	Title              string
	WiFi               invite.WiFi
	ChatURL            string
	JoinCode, ChatCode template.HTML
	Long               bool // the name and the passphrase do not fit in large print
}

// maxLarge is how many bytes of name and passphrase the poster has room for in
// large print: five lines of ten wide letters, on the shorter of the sheets.
const maxLarge = 50

func (g *Gateway) poster(w http.ResponseWriter, r *http.Request) {
	d := posterData{Title: g.Title, WiFi: g.WiFi, ChatURL: g.guestURL(r), Long: len(g.WiFi.Name)+len(g.WiFi.Passphrase) > maxLarge}
	join, err := invite.SVG(d.WiFi.Code())
	if err == nil {
		var open string
		open, err = invite.SVG(d.ChatURL)
		d.JoinCode, d.ChatCode = template.HTML(join), template.HTML(open)
	}
	if err != nil {
		http.Error(w, "There is no poster: "+err.Error()+".", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := poster.Execute(w, d); err != nil {
		g.Log.Debug("The poster was not sent whole", "err", err)
	}
}

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
