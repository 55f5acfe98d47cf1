package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"warren/appliance/portal/known"
	"warren/chatd/invite"
	"warren/chatd/spoken"
	"warren/web/browser"
)

// sheet is the window for signing in of a small phone.
var sheet = browser.Device{Width: 360, Height: 640, Scale: 2, Touch: true}

// TestInABrowser has guests see the page, read it, and tap Continue, which leads
// them to a real room.
func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the browser")
	}
	bin, err := browser.BuildChatd(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	br, err := browser.StartBrowser()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(br.Stop)
	t.Cleanup(http.DefaultClient.CloseIdleConnections) // chatd was asked whether it is ready
	chatd := browser.StartChatd(t, bin)
	chatd.WaitReady()

	var language atomic.Value // what the guest's system asks for
	language.Store("en-GB")
	d := newDoor(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Accept-Language", language.Load().(string))
		d.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	// All are 127.0.0.1 here: each guest is told to be another.
	var guest atomic.Int32
	phones := known.Open(nil, slog.New(slog.DiscardHandler))
	d.phones = phones
	d.who = func(netip.Addr) known.Phone { return phones.ByAddress([]byte{byte(guest.Load())}) }
	d.chat, _ = url.Parse(chatd.URL())
	if d.pages, err = newPages(invite.WiFi{Name: "rabbit", Passphrase: "carrotcarrot"}, d.chat); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	d.host = net.JoinHostPort(browser.RoomName, port)
	arrive := func(name string, device browser.Device, probe string) *browser.Phone {
		guest.Add(1)
		p := br.Phone(t, name, device)
		p.Goto("http://" + d.host + probe)
		return p
	}
	at := func(p *browser.Phone, path string) {
		t.Helper()
		p.Until("the page "+path, fmt.Sprintf("location.pathname === '%s' && document.readyState === 'complete'", path))
	}

	// Ada has an iPhone.
	ada := arrive("Ada", sheet, "/hotspot-detect.html")
	at(ada, "/apple")
	isSeenAtOnce(t, ada)
	if address := browser.See[string](ada, `getSelection().selectAllChildren(document.querySelector('.address')) || getSelection().toString()`); address != chatd.URL() {
		t.Errorf("Ada can copy %q", address)
	}
	browser.See[bool](ada, `getSelection().empty() || true`)
	ada.Shot("portal-apple")
	ada.Tap("button")
	at(ada, "/apple/in")
	ada.Shot("portal-apple-in")
	isRight(t, ada, "after Continue")

	// Bob has no touch screen, and a browser.
	bob := arrive("Bob", browser.Large, "/canonical.html")
	at(bob, "/browser")
	bob.Shot("portal-browser")
	for _, scheme := range []string{"http", "ws"} {
		bob.Excuse("a request to somewhere else: " + scheme + "://" + d.chat.Host)
	}
	bob.Press(kb.Tab)
	bob.Press(kb.Enter)
	bob.Until("the room", `document.querySelector('#text') && !document.querySelector('#name').hidden`)
	if got := browser.See[string](bob, "location.href"); got != chatd.URL() {
		t.Errorf("Bob is at %s", got)
	}

	// Eve looks at it in all ways.
	eve := arrive("Eve", sheet, "/generate_204")
	at(eve, "/browser")
	for _, name := range spoken.Languages {
		language.Store(name)
		for _, path := range []string{"/sheet", "/sheet/in", "/apple", "/apple/in", "/browser"} {
			eve.Goto("http://" + d.host + path)
			at(eve, path)
			isRight(t, eve, name+path)
			if path == "/apple" {
				isSeenAtOnce(t, eve)
				eve.Shot("portal-" + name)
			}
		}
	}
	language.Store("de")
	eve.Goto("http://" + d.host + "/apple")
	for _, scheme := range []string{"light", "dark"} {
		eve.Prefer("prefers-color-scheme", scheme)
		eve.Until(scheme, fmt.Sprintf(`matchMedia('(prefers-color-scheme: %s)').matches`, scheme))
		isRight(t, eve, scheme)
		for _, path := range []string{"/sheet", "/apple/in", "/browser", "/apple"} {
			eve.Goto("http://" + d.host + path)
			at(eve, path)
			eve.Accessible(path)
		}
		eve.Shot("portal-" + scheme)
	}
	for name, device := range map[string]browser.Device{
		"the smallest": {Width: 320, Height: 480, Scale: 2, Touch: true},
		"landscape":    {Width: 640, Height: 360, Scale: 2, Touch: true},
	} {
		eve.Resize(device)
		isRight(t, eve, name)
		eve.Shot("portal-" + strings.ReplaceAll(name, " ", "-"))
	}
	eve.Resize(sheet)
	browser.See[string](eve, `document.documentElement.style.fontSize = '200%'`)
	isRight(t, eve, "text at 200 %")
	eve.Shot("portal-200-percent")
}

// isSeenAtOnce checks that what to do is on the screen before anybody scrolls.
func isSeenAtOnce(t *testing.T, p *browser.Phone) {
	t.Helper()
	if bottom := browser.See[float64](p, `document.querySelector('button').getBoundingClientRect().bottom`); bottom > float64(p.Device.Height) {
		t.Errorf("%s has to scroll to Continue: it ends at %.0f of %d", p.Guest, bottom, p.Device.Height)
	}
}

// isRight checks that nothing is cut off, too small for a finger, or hard to
// read.
func isRight(t *testing.T, p *browser.Phone, when string) {
	t.Helper()
	wrong := browser.See[[]string](p, `(() => {
		const wrong = [];
		if (document.documentElement.scrollWidth > innerWidth) wrong.push('it is wider than the screen: ' + document.documentElement.scrollWidth);
		const light = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
			.reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
		for (const el of document.querySelectorAll('body *')) {
			if (![...el.childNodes].some((n) => n.nodeType === 3 && /\S/.test(n.data)) || el.closest('style')) continue;
			if (el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== 'inline') wrong.push('cut off: ' + el.outerHTML);
			let ground = el;
			while (ground.parentElement && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
			const a = light(getComputedStyle(el).color), b = light(getComputedStyle(ground).backgroundColor);
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (ratio < 4.5) wrong.push('hard to read: ' + ratio.toFixed(2) + ' ' + el.outerHTML);
		}
		for (const el of document.querySelectorAll('button')) {
			const {height, width} = el.getBoundingClientRect();
			if (height < 44 || width < 44) wrong.push('too small for a finger: ' + width + ' x ' + height);
		}
		for (const el of document.querySelectorAll('figure svg')) {
			const {height, width} = el.getBoundingClientRect();
			if (width < 100 || Math.abs(height - width) > 1) wrong.push('no code to scan: ' + width + ' x ' + height);
		}
		return wrong;
	})()`)
	for _, w := range wrong {
		t.Errorf("%s, %d x %d: %s", when, p.Device.Width, p.Device.Height, w)
	}
}
