package gateway

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"warren/chatd/fanout/memory"
	"warren/chatd/invite"
)

func TestHosts(t *testing.T) {
	h := newHosts([]string{"Chat.Example"})
	for host, want := range map[string]bool{
		"localhost:8081":         true,
		"LOCALHOST":              true,
		"127.0.0.1:8081":         true,
		"[::1]:8081":             true,
		"rabbit":                 true,
		"rabbit.:8081":           true,
		"chat.example:443":       true,
		"evil.example:8081":      false,
		"localhost.evil.example": false,
		"8.8.8.8:8081":           false,
		"":                       false,
		"localhost:80;x":         false,
		"localhost:999999":       false,
		"[::1]":                  true,
		"[::1%eth0]:8081":        true,
		"[::1%x;sandbox]:8081":   false, // would end a directive of the policy
		"[::1%x,sandbox]:8081":   false,
	} {
		if got := h.answers(host); got != want {
			t.Errorf("answers(%q) = %v", host, got)
		}
	}
	for _, a := range h.addresses() {
		if !h.answers(a.String()) {
			t.Errorf("does not answer to the machine's own %v", a)
		}
	}
}

// A page that bent its own name to our address gets nothing.
func TestRebinding(t *testing.T) {
	s := serve(t, DefaultLimits)
	for _, path := range []string{"/", "/basic", "/metrics", "/healthz", "/websocket"} {
		resp := s.get(t, path, func(r *http.Request) { r.Host = "evil.example:8081" })
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusMisdirectedRequest || !strings.Contains(string(body), "-hosts") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

func TestOrigins(t *testing.T) {
	s := serve(t, DefaultLimits)
	for origin, want := range map[string]int{
		"":                         http.StatusSwitchingProtocols,
		s.url:                      http.StatusSwitchingProtocols,
		"http://evil.example":      http.StatusForbidden,
		"http://localhost:1":       http.StatusForbidden,
		"null":                     http.StatusForbidden,
		"http://evil.example:8081": http.StatusForbidden,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/websocket", header)
		if conn != nil {
			conn.Close()
		}
		if resp == nil || resp.StatusCode != want {
			t.Errorf("origin %q: %v %v", origin, resp, err)
		}
	}
}

// Whatever is asked, and whatever is answered, nothing else may run in it, put
// it into a frame, or take it for something else.
func TestHeaders(t *testing.T) {
	s := serveOn(t, memory.New(), Limits{}, func(c *Config) { c.StatusDir, c.WiFi = t.TempDir(), invite.WiFi{Name: "rabbit"} })
	none := func(*http.Request) {}
	set := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	upgrade := func(r *http.Request) {
		for header, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "x", "Origin": "http://stranger.example"} {
			r.Header.Set(header, value)
		}
	}
	for _, test := range []struct {
		method, path string
		edit         func(*http.Request)
		status       int
	}{
		{"GET", "/", none, 200},
		{"HEAD", "/", none, 200},
		{"GET", "/app.js", none, 200},
		{"GET", "/app.js", set("If-None-Match", "*"), 304},
		{"GET", "/basic", none, 200},
		{"GET", "/status", none, 200},
		{"GET", "/poster", none, 200},
		{"GET", "/metrics", none, 200},
		{"GET", "/healthz", none, 200},
		{"GET", "/readyz", none, 0}, // by the moment
		{"GET", "/<script>", none, 404},
		{"GET", "//stranger.example/x/..", none, 307},
		{"GET", "/websocket", none, 426},
		{"GET", "/websocket", upgrade, 403},
		{"POST", "/basic", set("Origin", "http://stranger.example"), 403},
		{"POST", "/basic", none, 400},
		{"POST", "/basic", func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = io.NopCloser(strings.NewReader("%zz"))
		}, 400},
		{"POST", "/status", none, 405},
		{"OPTIONS", "/basic", none, 405},
		{"GET", "/", func(r *http.Request) { r.Host = "stranger.example" }, 421},
	} {
		name := fmt.Sprint(test.method, " ", test.path, " ", test.status)
		resp := s.get(t, test.path, func(r *http.Request) { r.Method = test.method; test.edit(r) })
		if resp.StatusCode != test.status && test.status != 0 {
			t.Errorf("%s: %s", name, resp.Status)
		}
		h := resp.Header
		policy := map[string]string{}
		for _, directive := range strings.Split(h.Get("Content-Security-Policy"), "; ") {
			what, sources, _ := strings.Cut(directive, " ")
			policy[what] = sources
		}
		connect := "'self' ws://" + s.Listener.Addr().String() + " wss://" + s.Listener.Addr().String()
		if test.status == 421 {
			connect = "'none'" // it is a stranger's name
		}
		if want := map[string]string{
			"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "connect-src": connect,
			"base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'",
		}; !maps.Equal(policy, want) {
			t.Errorf("%s: the policy is %v", name, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: the headers are %v", name, h)
		}
		if to := h.Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, ":") {
			t.Errorf("%s: it leads to %s", name, to)
		}
		for header := range h {
			if strings.HasPrefix(header, "Access-Control-") {
				t.Errorf("%s: %s lets pages from elsewhere read it", name, header)
			}
		}
	}
}
