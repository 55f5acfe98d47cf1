package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"warren/appliance/portal/known"
	"warren/chatd/invite"
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// newDoor returns a door without a network.
func newDoor(t testing.TB) *door {
	t.Helper()
	chat, _ := url.Parse("http://10.1.1.1:8081/")
	pages, err := newPages(invite.WiFi{Name: "rabbit", Passphrase: "carrotcarrot"}, chat)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	phones := known.Open(nil, log)
	return &door{pages: pages, phones: phones, chat: chat, host: "10.1.1.1", log: log,
		who:    func(a netip.Addr) known.Phone { return phones.ByAddress(a.AsSlice()) },
		inChat: func(netip.Addr) bool { return false },
	}
}

// A probe of a phone that is connected to the chat succeeds, and from then on
// all do.
func TestProbeFromTheChat(t *testing.T) {
	d := newDoor(t)
	chatting := true
	d.inChat = func(a netip.Addr) bool { return chatting && a == ip("10.1.1.20") }
	ask := func(from string) int {
		r := httptest.NewRequest("GET", "http://captive.apple.com/hotspot-detect.html", nil)
		r.RemoteAddr = from + ":50000"
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w.Code
	}
	if got := []int{ask("10.1.1.20"), ask("10.1.1.21")}; !slices.Equal(got, []int{200, 302}) {
		t.Errorf("the one in the chat and the other got %v", got)
	}
	chatting = false
	if got := ask("10.1.1.20"); got != 200 {
		t.Errorf("who was in the chat gets %d", got)
	}
}

// Who asks for the box by its address on the Ethernet is led to the chat there.
func TestOnTheEthernet(t *testing.T) {
	d := newDoor(t)
	for _, test := range []struct{ host, local, want string }{
		{"192.168.1.5", "192.168.1.5", "http://192.168.1.5:8081/"},
		{"192.168.1.5:80", "192.168.1.5", "http://192.168.1.5:8081/"},
		{"[fd00::5]", "fd00::5", "http://[fd00::5]:8081/"},
		{"192.168.1.6", "192.168.1.5", "http://10.1.1.1:8081/"}, // said to be ours, and is not
		{"10.1.1.1", "10.1.1.1", "http://10.1.1.1:8081/"},
		{"example.com", "192.0.2.1", "http://10.1.1.1:8081/"},
	} {
		r := httptest.NewRequest("GET", "http://x/", nil)
		r.Host = test.host
		local := &net.TCPAddr{IP: net.ParseIP(test.local), Port: 80}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)))
		if got := w.Header().Get("Location"); got != test.want {
			t.Errorf("http://%s/ on %s leads to %s, want %s", test.host, test.local, got, test.want)
		}
	}
}

// raw sends bytes, and returns the answer's first line and the rest.
func raw(t *testing.T, b *box, from, request string) (status, rest string) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, request)
	r := bufio.NewReader(conn)
	status, _ = r.ReadString('\n')
	data, _ := io.ReadAll(r)
	return strings.TrimSpace(status), string(data)
}

// What old and broken clients send is answered, and each answer ends its
// connection.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	from := 60 // each comes from another phone
	for request, want := range map[string]string{
		"GET / HTTP/1.0\r\n\r\n": "HTTP/1.0 302 Found",
		"GET /generate_204 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n":  "HTTP/1.0 302 Found",
		"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n": "HTTP/1.1 302 Found",
		"HEAD /apple HTTP/1.1\r\nHost: " + b.addr + "\r\n\r\n":          "HTTP/1.1 200 OK",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n":                         "HTTP/1.1 405 Method Not Allowed",
		"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n":                 "HTTP/1.1 405 Method Not Allowed",
		"GET /" + strings.Repeat("x", 20<<10) + " HTTP/1.1\r\n\r\n":     "HTTP/1.1 431 Request Header Fields Too Large",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                  "HTTP/1.1 400 Bad Request",
		"GET / HTTP/1.1\r\n\r\n":                                        "HTTP/1.1 400 Bad Request: missing required Host header",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n":          "HTTP/1.1 400 Bad Request", // TLS
		// A body that does not come is not waited for.
		"POST /apple HTTP/1.1\r\nHost: " + b.addr + "\r\nContent-Length: 1000000000\r\n\r\n": "HTTP/1.1 303 See Other",
	} {
		began := time.Now()
		from++
		status, rest := raw(t, b, fmt.Sprint("127.0.0.", from), request)
		if status != want {
			t.Errorf("%.60q got %q, want %q", request, status, want)
		}
		if took := time.Since(began); took > headerTime/2 {
			t.Errorf("%.60q took %v", request, took)
		}
		if strings.HasPrefix(request, "HEAD") {
			if _, body, _ := strings.Cut(rest, "\r\n\r\n"); body != "" || !strings.Contains(rest, "Content-Length: ") {
				t.Errorf("HEAD got %q", rest)
			}
		}
	}
}

// One phone's connections cost the others nothing, and those that say nothing
// are closed.
func TestCrowd(t *testing.T) {
	t.Parallel()
	b := start(t, "", t.TempDir())
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.51")}}
	var idle []net.Conn
	for range perAddress {
		conn, err := d.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		idle = append(idle, conn)
	}
	began := time.Now()
	if status, _ := raw(t, b, "127.0.0.51", "GET / HTTP/1.0\r\n\r\n"); status != "" {
		t.Errorf("one connection too many got %q", status)
	}
	if took := time.Since(began); took > headerTime/2 {
		t.Errorf("one connection too many was closed after %v", took)
	}
	if status, _ := raw(t, b, "127.0.0.52", "GET / HTTP/1.0\r\n\r\n"); status != "HTTP/1.0 302 Found" {
		t.Errorf("another phone got %q", status)
	}
	for _, conn := range idle {
		if _, err := conn.Read(make([]byte, 1)); err == nil || err != io.EOF && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("a connection that says nothing: %v", err)
		}
	}
	// The server counts a connection out a moment after it has closed it.
	for deadline := time.Now().Add(patience); ; {
		status, _ := raw(t, b, "127.0.0.51", "GET / HTTP/1.0\r\n\r\n")
		if status == "HTTP/1.0 302 Found" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the phone itself got %q afterwards", status)
		}
	}
}

// The whole crowd has its bound, too.
func TestCrowdInAll(t *testing.T) {
	c := newCrowd()
	var open []*fakeConn
	for i := range inAll + 1 {
		conn := &fakeConn{addr: fmt.Sprintf("10.1.%d.%d:5000", i/250, i%250)}
		c.watch(conn, http.StateNew)
		open = append(open, conn)
	}
	if n := slices.IndexFunc(open, func(c *fakeConn) bool { return c.closed }); n != inAll {
		t.Errorf("connection %d was closed first", n)
	}
	for _, conn := range open {
		c.watch(conn, http.StateClosed)
	}
	if c.all != 0 || len(c.of) != 0 || len(c.refused) != 0 {
		t.Errorf("%d are left, of %d addresses, and %d refused", c.all, len(c.of), len(c.refused))
	}
}

// What is refused to one address takes no place of others', not even until the
// server has seen that it is closed.
func TestCrowdOfOne(t *testing.T) {
	c := newCrowd()
	for range 2 * inAll {
		c.watch(&fakeConn{addr: "10.1.1.20:5000"}, http.StateNew)
	}
	other := &fakeConn{addr: "10.1.1.21:5000"}
	if c.watch(other, http.StateNew); other.closed {
		t.Error("one address has crowded out another")
	}
}

type fakeConn struct {
	net.Conn
	addr   string
	closed bool
}

func (c *fakeConn) RemoteAddr() net.Addr { return fakeAddr(c.addr) }
func (c *fakeConn) Close() error         { c.closed = true; return nil }

type fakeAddr string

func (a fakeAddr) Network() string { return "tcp" }
func (a fakeAddr) String() string  { return string(a) }

// Whatever is asked, each answer is one of the few there are: nothing of the
// request is in it.
func FuzzRequest(f *testing.F) {
	for _, host := range []string{"captive.apple.com", "10.1.1.1", "", "[::1]:80", "<script>"} {
		f.Add("GET", host, "/hotspot-detect.html", "CaptiveNetworkSupport", "de-AT,en;q=0.5", wantsHTML, false)
		f.Add("POST", host, "/apple", "", "", "", true)
		f.Add("GET", host, "/sheet/in", "Android", "zh-TW;q=9,*", "*/*", false)
	}
	door := newDoor(f)
	bodies := map[string]bool{"": true, "Only the chat is here: http://10.1.1.1:8081/\n": true}
	for _, page := range door.pages.by {
		bodies[string(page)] = true
	}
	for _, body := range []string{appleAnswer, strings.TrimSpace(appleAnswer), canonical, "success\n", "OK", "NetworkManager is online\n", "Microsoft Connect Test", "Microsoft NCSI"} {
		bodies[body] = true
	}
	places := map[string]bool{"": true, "http://10.1.1.1:8081/": true}
	for _, path := range pathOf {
		places[path+inPath], places["http://10.1.1.1"+path] = true, true
		bodies["<a href=\"http://10.1.1.1"+path+"\">Found</a>.\n\n"] = true
	}
	bodies["<a href=\"http://10.1.1.1:8081/\">Found</a>.\n\n"] = true
	f.Fuzz(func(t *testing.T, method, host, path, userAgent, languages, accept string, inside bool) {
		d := *door
		d.inChat = func(netip.Addr) bool { return inside }
		r := &http.Request{Method: method, Host: host, URL: &url.URL{Path: path}, RemoteAddr: "10.1.1.20:5000", Header: http.Header{
			"User-Agent": {userAgent}, "Accept-Language": {languages}, "Accept": {accept},
		}, Body: http.NoBody}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if !slices.Contains([]int{200, 204, 302, 303, 405}, w.Code) || !places[w.Header().Get("Location")] || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d, %v", w.Code, w.Header())
		}
		if body := w.Body.String(); !bodies[body] && !strings.Contains(body, "Kindle") {
			t.Errorf("%q", body)
		}
	})
}
