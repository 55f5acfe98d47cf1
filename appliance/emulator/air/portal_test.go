package air

import (
	"net/http"
	"slices"
	"strings"

	"warren/appliance/emulator/air/ask"
)

// names: all names lead to the card, in the way that they should.
func (p *phone) names() {
	for name, want := range map[string][]string{
		"connectivitycheck.gstatic.com": {"192.0.2.1"},
		"rabbit":                        {"10.1.1.1"},
		"use-application-dns.net":       nil,
	} {
		var found ask.Found
		p.must("Lookup", ask.Lookup{Name: name}, &found)
		if !slices.Equal(found.Addresses, want) {
			p.Errorf("%s is %v, want %v", name, found.Addresses, want)
		}
	}
}

// system is how a phone's system and its window for signing in behave.
type system struct {
	probe, agent string
	window       string // its browser
	success      ask.Response
}

var (
	android = system{
		probe:   "http://connectivitycheck.gstatic.com/generate_204",
		agent:   "Mozilla/5.0 (X11; Linux x86_64; Android) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.32 Safari/537.36",
		window:  "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
		success: ask.Response{Status: http.StatusNoContent},
	}
	apple = system{
		probe:   "http://captive.apple.com/hotspot-detect.html",
		agent:   "CaptiveNetworkSupport-481.0.0 wispr",
		window:  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
		success: ask.Response{Status: http.StatusOK, Body: "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n"},
	}
)

// walk is a guest's way with the portal: the probe is redirected to the page,
// which names the chat; after Continue the probe succeeds. Then anything leads
// to the chat.
func (p *phone) walk(s system) {
	p.Helper()
	const html = "text/html,application/xhtml+xml"
	led := p.get(s.probe, s.agent, "*/*")
	if led.Status != http.StatusFound || !strings.HasPrefix(led.Location, "http://10.1.1.1/") {
		p.Fatalf("the probe gets %+v", led)
	}
	page := p.get(led.Location, s.window, html)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, chat) || !strings.Contains(page.Body, "<form method=\"post\"><button>") {
		p.Fatalf("the page is %+v", page)
	}
	if again := p.get(s.probe, s.agent, "*/*"); again.Status != http.StatusFound {
		p.Errorf("before Continue the probe gets %+v", again)
	}
	next := p.request(http.MethodPost, led.Location, s.window, html)
	if next.Status != http.StatusSeeOther {
		p.Fatalf("Continue gets %+v", next)
	}
	url := next.Location
	if strings.HasPrefix(url, "/") {
		url = "http://10.1.1.1" + url
	}
	if page := p.get(url, s.window, html); page.Status != http.StatusOK {
		p.Errorf("after Continue, %s is %+v", url, page)
	}
	if probe := p.get(s.probe, s.agent, "*/*"); probe.Status != s.success.Status || probe.Body != s.success.Body {
		p.Errorf("after Continue the probe gets %+v", probe)
	}
	for _, url := range []string{"http://news.example/today", "http://rabbit/", "http://10.1.1.1/"} {
		if any := p.get(url, s.window, html); any.Status != http.StatusFound || any.Location != chat {
			p.Errorf("%s gets %+v", url, any)
		}
	}
	p.note("phone %d was led by the portal: probe → %s → Continue → success (%d)", p.number, led.Location, s.success.Status)
}
