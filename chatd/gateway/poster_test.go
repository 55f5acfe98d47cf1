package gateway

import (
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"warren/chatd/fanout/memory"
	"warren/chatd/invite"
)

// posterOf returns the poster of a server, as it is asked for by host.
func posterOf(t *testing.T, host string, change func(*Config)) string {
	t.Helper()
	s := serveOn(t, memory.New(), DefaultLimits, change)
	resp := s.get(t, "/poster", func(r *http.Request) {
		if host != "" {
			r.Host = host
		}
	})
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", resp.Status, err, body)
	}
	if resp.Header.Get("Cache-Control") != "no-store" {
		t.Error("a browser may keep the poster, with the passphrase")
	}
	return string(body)
}

// hasCode reports whether the poster has the QR code of text.
func hasCode(t *testing.T, page, text string) bool {
	t.Helper()
	code, err := invite.SVG(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(page, code)
}

func TestPoster(t *testing.T) {
	card := posterOf(t, "", func(c *Config) {
		c.WiFi, c.ChatURL = invite.WiFi{Name: `<b>; "rabbit"`, Passphrase: "carrot&carrot"}, "http://10.1.1.1:8081/"
	})
	if !hasCode(t, card, `WIFI:T:WPA;S:<b>\; \"rabbit\";P:carrot&carrot;;`) || !hasCode(t, card, "http://10.1.1.1:8081/") {
		t.Error("the poster lacks a code")
	}
	if strings.Contains(card, "<b>;") || !strings.Contains(html.UnescapeString(card), `<bdi><b>; "rabbit"</bdi>`) || !strings.Contains(card, "carrot&amp;carrot") || !strings.Contains(card, "http://10.1.1.1:8081/") {
		t.Errorf("the poster does not say it in words: %s", card)
	}
	open := posterOf(t, "", func(c *Config) { c.WiFi = invite.WiFi{Name: "rabbit"} })
	if !hasCode(t, open, "WIFI:T:nopass;S:rabbit;;") || !strings.Contains(open, "it is open") {
		t.Errorf("of an open Wi-Fi: %s", open)
	}
	laptop := posterOf(t, "", func(*Config) {})
	if strings.Contains(laptop, "Wi-Fi") || strings.Count(laptop, "shape-rendering") != 1 {
		t.Errorf("without a Wi-Fi: %s", laptop)
	}
}

// The poster shows an address that others can reach, if there is one.
func TestPosterAddress(t *testing.T) {
	for _, test := range []struct{ host, set, want string }{
		{"chat.example", "", `^http://chat\.example/$`},
		{"chat.example:8443", "https://room.example/", `^https://room\.example/$`},
		{"localhost", "http://10.1.1.1:8081/", `^http://10\.1\.1\.1:8081/$`},
	} {
		page := posterOf(t, test.host, func(c *Config) { c.Hosts, c.ChatURL = []string{"chat.example"}, test.set })
		got := regexp.MustCompile(`<dd><bdi>(http[^<]*)</bdi></dd>`).FindStringSubmatch(page)
		if got == nil || !regexp.MustCompile(test.want).MatchString(got[1]) {
			t.Errorf("%+v: the address is %q", test, got)
		}
	}
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8081": true, "127.0.0.1:8081": true, "[::1]:8081": true, "[::1]": true, "rabbit": false, "10.1.1.1:8081": false, "": false,
	} {
		if isLocal(host) != want {
			t.Errorf("%q is local: %v", host, !want)
		}
	}
}
