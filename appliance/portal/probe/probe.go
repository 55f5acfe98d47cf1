// Package probe knows how phones and laptops ask whether a network reaches the
// internet: by a request in plain http to an address of their maker, whose
// answer they know to the byte. With that answer they stay; with a redirect
// they show its page, in a window for signing in. Pure: no I/O.
package probe

import (
	"net/http"
	"strings"
)

// Window is where a system shows what it was redirected to.
type Window int

// The windows.
const (
	// Done is Apple's: no WebSocket works in it, nothing that it stores stays.
	// Its button "Cancel", which leaves the Wi-Fi, becomes "Done" when the
	// probe has succeeded and a page was loaded after that.
	Done Window = iota

	// Closes is a window that its system closes when the probe has succeeded:
	// Android's, GNOME's.
	Closes

	// Stays is a browser: what it shows next can be the chat.
	Stays
)

// Answer is what a probe gets where there is an internet.
type Answer struct {
	Status int    // 200 or 204
	Type   string // of the Body; empty if there is none
	Body   string
}

// Probe is a question whether there is an internet.
type Probe struct {
	System string // who asks, for a log
	Window Window
	Answer Answer
}

// Of returns the probe that a request is, and false if it is none. host may
// have a port, path is without the query.
func Of(host, path, userAgent string) (Probe, bool) {
	name, _, _ := strings.Cut(host, ":")
	name = strings.TrimPrefix(strings.ToLower(strings.TrimSuffix(name, ".")), "www.")
	p, ok := byPath[path]
	if !ok {
		p, ok = byHost[name]
	}
	if !ok && strings.Contains(userAgent, "CaptiveNetworkSupport") {
		// Apple has asked many hosts over the years, under this one name.
		p, ok = apple, true
	}
	// Chrome, Edge and ChromeOS ask as Android does, but in a browser.
	if ok && p.System == android.System && !strings.Contains(userAgent, "Android") {
		p.Window = Stays
	}
	return p, ok
}

func text(body string) Answer { return Answer{http.StatusOK, "text/plain", body} }
func html(body string) Answer { return Answer{http.StatusOK, "text/html", body} }

var noContent = Answer{Status: http.StatusNoContent}

// The probes. Each body is as its maker serves it, with or without the newline
// at its end: 69 bytes are captive.apple.com's, 68 www.apple.com's.
var (
	apple    = Probe{"Apple", Done, html("<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n")}
	appleOld = Probe{"Apple", Done, html("<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>")}
	android  = Probe{"Android", Closes, noContent}
	windows  = Probe{"Windows", Stays, text("Microsoft Connect Test")}
	windows7 = Probe{"Windows", Stays, text("Microsoft NCSI")}
	firefox  = Probe{"Firefox", Stays, text("success\n")}
	firefox2 = Probe{"Firefox", Stays, html(`<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>`)}
	network  = Probe{"NetworkManager", Closes, text("NetworkManager is online\n")} // it compares the beginning
	ubuntu   = Probe{"NetworkManager", Closes, noContent}
	ok       = Probe{"NetworkManager", Closes, text("OK")}
	kindle   = Probe{"Kindle", Closes, html(kindleBody)}
)

// byPath are the probes whose path says it all. What is asked for at
// /generate_204 comes from a dozen makers of Androids, at hosts of their own.
var byPath = map[string]Probe{
	"/hotspot-detect.html":            apple,
	"/library/test/success.html":      appleOld,
	"/generate_204":                   android,
	"/gen_204":                        android,
	"/captiveportal/generate_204":     android, // Edge
	"/connecttest.txt":                windows,
	"/ncsi.txt":                       windows7,
	"/success.txt":                    firefox,
	"/canonical.html":                 firefox2,
	"/check_network_status.txt":       network, // GNOME, others
	"/nm-check.txt":                   network, // Arch
	"/static/hotspot.txt":             ok,      // Fedora
	"/kindle-wifi/wifistub.html":      kindle,
	"/kindle-wifi/wifistub-eink.html": kindle,
}

// byHost are the probes of hosts that serve nothing else, without "www.".
var byHost = map[string]Probe{
	"captive.apple.com":             apple,
	"gsp1.apple.com":                apple,
	"appleiphonecell.com":           apple,
	"ibook.info":                    apple,
	"itools.info":                   apple,
	"airport.us":                    apple,
	"thinkdifferent.us":             apple,
	"connectivitycheck.gstatic.com": android,
	"connectivitycheck.android.com": android,
	"nmcheck.gnome.org":             network,
	"network-test.debian.org":       network,
	"ping.archlinux.org":            network,
	"conncheck.opensuse.org":        network,
	"connectivity-check.ubuntu.com": ubuntu,
	"networkcheck.kde.org":          ok,
}

const kindleBody = `<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html>
<head>
<title>Kindle Reachability Probe Page</title>
<META http-equiv="Content-Type" content="text/html; charset=iso-8859-1">
<!--81ce4465-7167-4dcb-835b-dcc9e44c112a created with python 2.5 uuid.uuid4()-->
</head>
<body bgcolor="#ffffff" text="#000000">
81ce4465-7167-4dcb-835b-dcc9e44c112a
</body>
</html>
`
