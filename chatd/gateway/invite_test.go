package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"warren/chatd/fanout/memory"
	"warren/chatd/invite"
)

// TestInvite asks for the codes, and for what they say.
func TestInvite(t *testing.T) {
	card := serveOn(t, memory.New(), DefaultLimits, func(c *Config) {
		c.WiFi, c.ChatURL = invite.WiFi{Name: `rab;bit`, Passphrase: "carrotcarrot"}, "http://10.1.1.1:8081/"
	})
	open := serveOn(t, memory.New(), DefaultLimits, func(c *Config) { c.WiFi = invite.WiFi{Name: "rabbit"} })
	laptop := serveOn(t, memory.New(), DefaultLimits, func(c *Config) { c.Hosts = []string{"chat.example"} })
	body := func(s *testServer, path, host string) (string, *http.Response) {
		t.Helper()
		resp := s.get(t, path, func(r *http.Request) {
			if host != "" {
				r.Host = host
			}
		})
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusOK && resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("a browser may keep %s, with the passphrase", path)
		}
		return string(data), resp
	}

	for _, test := range []struct {
		s          *testServer
		path, text string
	}{
		{card, "/qr/wifi.svg", `WIFI:T:WPA;S:rab\;bit;P:carrotcarrot;;`},
		{open, "/qr/wifi.svg", "WIFI:T:nopass;S:rabbit;;"},
		{card, "/qr/chat.svg", "http://10.1.1.1:8081/"},
		{laptop, "/qr/chat.svg", "http://chat.example/"},
	} {
		got, resp := body(test.s, test.path, map[bool]string{true: "chat.example"}[test.s == laptop])
		if !hasCode(t, got, test.text) || !strings.HasPrefix(got, "<svg") || resp.Header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s is not the code of %s: %s %.80s", test.path, test.text, resp.Header.Get("Content-Type"), got)
		}
	}
	if _, resp := body(laptop, "/qr/wifi.svg", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("without a Wi-Fi its code is %s", resp.Status)
	}

	for s, want := range map[*testServer]inviteWords{
		card:   {&wifiWords{"rab;bit", "carrotcarrot"}, "http://10.1.1.1:8081/"},
		open:   {&wifiWords{"rabbit", ""}, "http://chat.example/"},
		laptop: {nil, "http://chat.example/"},
	} {
		var got inviteWords
		text, _ := body(s, "/invite.json", map[bool]string{true: "chat.example"}[s == laptop])
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if s == open {
			got.URL = want.URL // that of the test's own server
		}
		if (got.WiFi == nil) != (want.WiFi == nil) || got.WiFi != nil && *got.WiFi != *want.WiFi || got.URL != want.URL {
			t.Errorf("the invitation is %s", text)
		}
	}
}

// TestWallPage has the codes and the words in the page itself, before any script runs.
func TestWallPage(t *testing.T) {
	s := serveOn(t, memory.New(), DefaultLimits, func(c *Config) {
		c.Title = "<b>rabbit</b>"
		c.WiFi, c.ChatURL = invite.WiFi{Name: "<i>&", Passphrase: "carrotcarrot"}, "http://10.1.1.1:8081/"
	})
	resp := s.get(t, "/wall", nil)
	data, err := io.ReadAll(resp.Body)
	page := string(data)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%v, %s, %q", err, resp.Status, resp.Header.Get("Cache-Control"))
	}
	if !hasCode(t, page, "WIFI:T:WPA;S:<i>&;P:carrotcarrot;;") || !hasCode(t, page, "http://10.1.1.1:8081/") {
		t.Error("the wall lacks a code")
	}
	for _, words := range []string{"&lt;i&gt;&amp;", "carrotcarrot", "http://10.1.1.1:8081/", "&lt;b&gt;rabbit&lt;/b&gt;"} {
		if !strings.Contains(page, words) {
			t.Errorf("the wall does not say %s", words)
		}
	}
	if strings.Contains(page, "<b>rabbit") {
		t.Error("a title becomes a part of the page")
	}
}
