package main

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// What systems call themselves.
const (
	wispr       = "CaptiveNetworkSupport-443.120.3 wispr"
	appleSheet  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
	safari      = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
	netMonitor  = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.32 Safari/537.36"
	androidWV   = "Mozilla/5.0 (Linux; Android 16; SM-S921B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36"
	edge        = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
	firefox     = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
	chromebook  = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	wantsHTML   = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	appleAnswer = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n"
	canonical   = `<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>`
)

func TestIPhone(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	p := b.phone("127.0.0.11")
	const url = "http://captive.apple.com/hotspot-detect.html"
	probe := func() answer { return p.ask("GET", url, "User-Agent", wispr, "Connection", "close") }

	p.isLedTo(b.page("/apple"), probe())
	p.isPage(p.ask("GET", b.page("/apple"), "User-Agent", wispr)) // the prober follows, and sees that it is no success
	p.isLedTo(b.page("/apple"), p.ask("GET", url, "User-Agent", appleSheet, "Accept", wantsHTML))
	sheet := p.ask("GET", b.page("/apple"), "User-Agent", appleSheet, "Accept", wantsHTML)
	p.isPage(sheet)
	if !strings.Contains(sheet.body, "then Done at the top") || !strings.Contains(sheet.body, `<form method="post"><button>Continue</button>`) {
		t.Errorf("the sheet shows %s", sheet.body)
	}
	// Whatever else the system asks for under this name, it is not the chat.
	for _, other := range []string{"http://www.ibook.info/a/b.html", "http://10.1.1.1/", b.page("/"), "http://rabbit/"} {
		p.isLedTo(b.page("/apple"), p.ask("GET", other, "User-Agent", wispr, "Accept", wantsHTML))
	}
	p.isLedTo(b.page("/apple"), probe()) // showing the page was not Continue

	entered := p.ask("POST", b.page("/apple"), "User-Agent", appleSheet, "Accept", wantsHTML, "Content-Type", "application/x-www-form-urlencoded")
	if entered.status != http.StatusSeeOther || entered.location != "/apple/in" {
		t.Errorf("Continue got %d to %s", entered.status, entered.location)
	}
	loaded := p.ask("GET", b.page("/apple/in"), "User-Agent", appleSheet, "Accept", wantsHTML)
	p.isPage(loaded)
	if !strings.Contains(loaded.body, "Tap Done at the top.") || strings.Contains(loaded.body, "<form") {
		t.Errorf("after Continue the sheet shows %s", loaded.body)
	}
	for range 3 { // "Done" appears, and later it asks from time to time
		p.gets(200, appleAnswer, probe())
	}
	p.gets(200, appleAnswer, p.ask("GET", "http://www.itools.info/x.html", "User-Agent", wispr))
	p.gets(200, strings.TrimSpace(appleAnswer), p.ask("GET", "http://www.apple.com/library/test/success.html", "User-Agent", wispr))
}

func TestAndroid(t *testing.T) {
	t.Parallel()
	for _, probes := range [][]string{
		{"http://connectivitycheck.gstatic.com/generate_204", "http://www.google.com/gen_204", "http://play.googleapis.com/generate_204"},
		{"http://connectivity.samsung.com.cn/generate_204", "http://connectivitycheck.gstatic.com/generate_204"},
		{"http://connect.rom.miui.com/generate_204"},
	} {
		b := start(t, "", t.TempDir())
		p := b.phone("127.0.0.12")
		ask := func(url string) answer {
			return p.ask("GET", url, "User-Agent", netMonitor, "Connection", "close")
		}
		for _, url := range probes {
			if a := ask(url); a.status != http.StatusFound || len(a.body) <= 4 {
				t.Errorf("%s got %d %q, no portal", url, a.status, a.body)
			}
		}
		p.isLedTo(b.page("/sheet"), p.ask("GET", probes[0], "User-Agent", androidWV, "Accept", wantsHTML))
		sheet := p.ask("GET", b.page("/sheet"), "User-Agent", androidWV, "Accept", wantsHTML)
		p.isPage(sheet)
		if !strings.Contains(sheet.body, "This window closes.") {
			t.Errorf("the sheet shows %s", sheet.body)
		}
		if a := ask(probes[0]); a.status == http.StatusNoContent { // asked after each page
			t.Error("the sheet closes before Continue")
		}
		entered := p.ask("POST", b.page("/sheet"), "User-Agent", androidWV, "Accept", wantsHTML)
		if entered.status != http.StatusSeeOther || entered.location != "/sheet/in" {
			t.Errorf("Continue got %d to %s", entered.status, entered.location)
		}
		p.isPage(p.ask("GET", b.page("/sheet/in"), "User-Agent", androidWV, "Accept", wantsHTML))
		for _, url := range probes {
			p.gets(204, "", ask(url))
		}
		b.stop()
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	p := b.phone("127.0.0.13")
	const url = "http://www.msftconnecttest.com/connecttest.txt"
	p.isLedTo(b.page("/browser"), p.ask("GET", url, "User-Agent", "Microsoft NCSI"))
	// Windows opens the browser, which has no need of the page.
	p.isLedTo(b.chat, p.ask("GET", "http://www.msftconnecttest.com/redirect", "User-Agent", edge, "Accept", wantsHTML))
	p.gets(200, "Microsoft Connect Test", p.ask("GET", url, "User-Agent", "Microsoft NCSI"))
	p.gets(200, "Microsoft NCSI", p.ask("GET", "http://www.msftncsi.com/ncsi.txt", "User-Agent", "Microsoft NCSI"))
}

func TestFirefox(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	p := b.phone("127.0.0.14")
	p.isLedTo(b.page("/browser"), p.ask("GET", "http://detectportal.firefox.com/success.txt?ipv4", "User-Agent", firefox))
	p.isLedTo(b.page("/browser"), p.ask("GET", "http://detectportal.firefox.com/canonical.html", "User-Agent", firefox, "Accept", wantsHTML))
	p.isPage(p.ask("GET", b.page("/browser"), "User-Agent", firefox, "Accept", wantsHTML))
	if a := p.ask("POST", b.page("/browser"), "User-Agent", firefox); a.status != http.StatusSeeOther || a.location != b.chat {
		t.Errorf("Continue got %d to %s", a.status, a.location)
	}
	p.gets(200, "success\n", p.ask("GET", "http://detectportal.firefox.com/success.txt?ipv4", "User-Agent", firefox))
	p.gets(200, canonical, p.ask("GET", "http://detectportal.firefox.com/canonical.html", "User-Agent", firefox))
}

func TestNetworkManager(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	p := b.phone("127.0.0.15")
	const gnome, ubuntu = "http://nmcheck.gnome.org/check_network_status.txt", "http://connectivity-check.ubuntu.com/"
	for _, url := range []string{gnome, ubuntu} {
		a := p.ask("GET", url)
		p.isLedTo(b.page("/sheet"), a)
		if a.header.Get("X-NetworkManager-Status") != "" {
			t.Errorf("%s is online before Continue", url)
		}
	}
	p.ask("POST", b.page("/sheet"))
	a := p.ask("GET", gnome)
	p.gets(200, "NetworkManager is online\n", a)
	if a.header.Get("X-NetworkManager-Status") != "online" {
		t.Errorf("the header is %q", a.header.Get("X-NetworkManager-Status"))
	}
	p.gets(204, "", p.ask("GET", ubuntu))
	p.gets(204, "", p.ask("HEAD", ubuntu))
}

func TestChromebook(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	p := b.phone("127.0.0.16")
	const url = "http://www.gstatic.com/generate_204"
	p.isLedTo(b.page("/browser"), p.ask("GET", url, "User-Agent", chromebook))
	if a := p.ask("POST", b.page("/browser"), "User-Agent", chromebook); a.location != b.chat {
		t.Errorf("Continue leads to %s", a.location)
	}
	p.gets(204, "", p.ask("GET", url, "User-Agent", chromebook))
}

// Whatever is no probe leads to the chat. Somebody in a browser is in by that,
// an app that asks for something of its own is not.
func TestElsewhereLeadsToTheChat(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	const probe = "http://connectivitycheck.gstatic.com/generate_204"
	app := b.phone("127.0.0.17")
	for _, url := range []string{"http://example.com/feed.xml?a=b", "http://10.1.1.1/", b.page("/"), b.page("/browser/in"), "http://x/apple"} {
		app.isLedTo(b.chat, app.ask("GET", url, "Accept", "*/*"))
		app.isLedTo(b.chat, b.phone("127.0.0.18").ask("GET", url, "Accept", wantsHTML, "User-Agent", safari))
	}
	app.isLedTo(b.page("/browser"), app.ask("GET", probe))
	app.gets(204, "", b.phone("127.0.0.18").ask("GET", probe))
	if a := app.ask("POST", "http://example.com/upload"); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("a POST got %d, %v", a.status, a.header)
	}
}

// A phone is its hardware, not its address; it is known after the box was
// switched off and on; and the log tells phones apart but not who they are.
func TestRestartOfTheBox(t *testing.T) {
	t.Parallel()
	const probe = "http://connectivitycheck.gstatic.com/generate_204"
	dir, proc := t.TempDir(), t.TempDir()
	b := start(t, dir, proc)
	b.arp("127.0.0.21", "02:00:5e:00:00:01", "127.0.0.22", "02:00:5e:00:00:02")
	b.phone("127.0.0.21").ask("POST", b.page("/sheet"))
	b.stop()
	if log := b.log.String(); !strings.Contains(log, "a phone has come in") || !strings.Contains(log, "known=1") ||
		strings.Contains(log, "5e") && strings.Contains(log, "02:00:5e") || strings.Contains(log, "127.0.0.21") {
		t.Errorf("the log is %s", log)
	}

	b = start(t, dir, proc)
	b.arp("127.0.0.22", "02:00:5e:00:00:01", "127.0.0.21", "02:00:5e:00:00:02") // they changed hands
	first, second := b.phone("127.0.0.22"), b.phone("127.0.0.21")
	first.gets(204, "", first.ask("GET", probe))
	second.isLedTo(b.page("/browser"), second.ask("GET", probe))
}

// Two phones that join at once go their ways.
func TestTwoPhones(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	ada, bob := b.phone("127.0.0.31"), b.phone("127.0.0.32")
	const probe = "http://captive.apple.com/hotspot-detect.html"
	for range 2 {
		var wg sync.WaitGroup
		wg.Go(func() {
			ada.ask("POST", b.page("/apple"))
			for range 20 {
				ada.gets(200, appleAnswer, ada.ask("GET", probe))
			}
		})
		wg.Go(func() {
			for range 20 {
				bob.isLedTo(b.page("/apple"), bob.ask("GET", probe))
			}
		})
		wg.Wait()
	}
	bob.ask("POST", b.page("/apple"))
	bob.gets(200, appleAnswer, bob.ask("GET", probe))
}

// Who is connected to the chat need not tap Continue. The kernel says who is.
func TestInTheChat(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:0", ":0"} { // chatd alone on IPv4; and as it is on the box
		chat, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer chat.Close()
		_, port, _ := net.SplitHostPort(chat.Addr().String())
		b := startFor(t, "http://127.0.0.1:"+port+"/", "", "/proc/net")
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.41")}}
		conn, err := d.Dial("tcp4", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		accepted, err := chat.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer accepted.Close()
		in, out := b.phone("127.0.0.41"), b.phone("127.0.0.42")
		const probe = "http://connectivitycheck.gstatic.com/generate_204"
		in.gets(204, "", in.ask("GET", probe))
		out.isLedTo(b.page("/browser"), out.ask("GET", probe))
	}
}
