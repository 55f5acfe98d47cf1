package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"warren/appliance/portal/known"
	"warren/chatd/daemon"
	"warren/chatd/invite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// box is a portal as it runs on the hotspot, on a loopback port.
type box struct {
	t    *testing.T
	addr string
	chat string // its URL
	proc string // what the kernel is said to tell
	log  *buffer
	stop func()
}

// start starts a portal that remembers phones in dir.
func start(t *testing.T, dir, proc string) *box {
	t.Helper()
	return startFor(t, "http://127.0.0.1:8081/", dir, proc)
}

// startFor starts the portal of another chat.
func startFor(t *testing.T, chatURL, dir, proc string) *box {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &box{t: t, addr: listener.Addr().String(), chat: chatURL, proc: proc, log: &buffer{}}
	chat, _ := url.Parse(b.chat)
	o := &options{chat: chat, wifi: invite.WiFi{Name: "rabbit", Passphrase: "carrotcarrot"}, proc: proc}
	folder, err := daemon.Folder(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(b.log, nil))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, o, listener, known.Open(folder, log), log) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the portal ended with %v", err)
		}
		if folder != nil {
			folder.Close()
		}
	})
	t.Cleanup(b.stop)
	return b
}

// page is the URL of one of the portal's pages.
func (b *box) page(path string) string { return "http://" + b.addr + path }

// phone is a phone on the Wi-Fi of a box: whatever it asks for, it asks the
// box, because all names lead there.
type phone struct {
	t  *testing.T
	c  http.Client
	ip string
}

func (b *box) phone(ip string) *phone {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
			return d.DialContext(ctx, "tcp", b.addr)
		},
		DisableCompression: true,
	}
	b.t.Cleanup(transport.CloseIdleConnections)
	return &phone{b.t, http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, ip}
}

// answer is what a phone got.
type answer struct {
	status   int
	location string
	body     string
	header   http.Header
}

// ask asks for something. headers are pairs of a name and a value.
func (p *phone) ask(method, url string, headers ...string) answer {
	p.t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.c.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		p.t.Errorf("%s %s may be kept: Cache-Control is %q", method, url, got)
	}
	if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Referrer-Policy") != "same-origin" {
		p.t.Errorf("%s %s: the headers are %v", method, url, resp.Header)
	}
	if resp.Header["Date"] != nil {
		p.t.Errorf("%s %s has a date, from a box without a clock", method, url)
	}
	return answer{resp.StatusCode, resp.Header.Get("Location"), string(body), resp.Header}
}

// isLedTo checks that the phone is redirected.
func (p *phone) isLedTo(want string, a answer) {
	p.t.Helper()
	if a.status != http.StatusFound || a.location != want {
		p.t.Errorf("%s got %d to %q, not to %s", p.ip, a.status, a.location, want)
	}
	if len(a.body) <= 4 {
		p.t.Errorf("%s got a redirect with the body %q: Android takes that for a broken network", p.ip, a.body)
	}
}

// gets checks that the phone got this answer, to the byte.
func (p *phone) gets(status int, body string, a answer) {
	p.t.Helper()
	if a.status != status || a.body != body {
		p.t.Errorf("%s got %d %q, want %d %q", p.ip, a.status, a.body, status, body)
	}
}

// arp writes what the kernel says of its neighbours: pairs of addresses.
func (b *box) arp(neighbours ...string) {
	b.t.Helper()
	table := "IP address       HW type     Flags       HW address            Mask     Device\n"
	for i := 0; i < len(neighbours); i += 2 {
		table += fmt.Sprintf("%-16s 0x1         0x2         %s     *        wlan0\n", neighbours[i], neighbours[i+1])
	}
	if err := os.WriteFile(filepath.Join(b.proc, "arp"), []byte(table), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// buffer is a bytes.Buffer for a log that is written and read at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// isPage checks that the phone got a page that one can do without JavaScript
// and without leaving the window.
func (p *phone) isPage(a answer) {
	p.t.Helper()
	for _, want := range []string{"http://127.0.0.1:8081/", "<h1><bdi>rabbit</bdi></h1>"} {
		if !strings.Contains(a.body, want) {
			p.t.Errorf("the page lacks %s", want)
		}
	}
	for _, not := range []string{"<script", "href=\"http", "src=", "Success"} {
		if strings.Contains(a.body, not) {
			p.t.Errorf("the page has %s", not)
		}
	}
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		p.t.Errorf("the page is %d %s", a.status, a.header.Get("Content-Type"))
	}
}
