package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
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

func TestHeaders(t *testing.T) {
	s := serve(t, DefaultLimits)
	for _, path := range []string{"/", "/basic", "/healthz", "/nothing"} {
		h := s.get(t, path, nil).Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self' ws://127.0.0.1:", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %q: %s", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers are %v", path, h)
		}
	}
}
