package gateway

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"

	"warren/web"
)

func TestEveryFileIsServed(t *testing.T) {
	s := serve(t, DefaultLimits)
	types := map[string]string{".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
	entries, err := fs.ReadDir(web.Files, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || slices.Contains(templates, e.Name()) {
			continue
		}
		want, _ := fs.ReadFile(web.Files, e.Name())
		want = small(e.Name(), want)
		resp := s.get(t, "/"+e.Name(), func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
		zip, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(zip)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %d bytes of %d, %v", e.Name(), len(got), len(want), err)
		}
		if mime := resp.Header.Get("Content-Type"); !strings.HasPrefix(mime, types[e.Name()[strings.LastIndexByte(e.Name(), '.'):]]) {
			t.Errorf("%s is %q", e.Name(), mime)
		}
		plain := s.get(t, "/"+e.Name(), func(r *http.Request) { r.Header.Set("Accept-Encoding", "identity") })
		if got, _ := io.ReadAll(plain.Body); string(got) != string(want) {
			t.Errorf("%s not compressed: %d bytes of %d", e.Name(), len(got), len(want))
		}
	}
}

// A browser, or a cache before it, that has a file is not sent it again; one that has
// other bytes of it is: those for a browser that does not unpack are others.
func TestUnchangedIsNotSentAgain(t *testing.T) {
	s := serve(t, DefaultLimits)
	ask := func(encoding, has string) *http.Response {
		return s.get(t, "/style.css", func(r *http.Request) {
			r.Header.Set("Accept-Encoding", encoding)
			if has != "" {
				r.Header.Set("If-None-Match", has)
			}
		})
	}
	packed, plain := ask("gzip", "").Header.Get("ETag"), ask("identity", "").Header.Get("ETag")
	if len(packed) < 10 || len(plain) < 10 || packed == plain {
		t.Fatalf("the tags are %s and %s", packed, plain)
	}
	for _, test := range []struct {
		encoding, has string
		status        int
	}{
		{"gzip", packed, 304},
		{"gzip, br", "W/" + packed, 304}, // what a cache makes of it that packs anew
		{"gzip", `"other", ` + packed + `, W/"more"`, 304},
		{"gzip", "*", 304},
		{"gzip", plain, 200},
		{"identity", plain, 304},
		{"identity", packed, 200},
		{"identity", strings.Trim(plain, `"`), 200},
		{"gzip", `"other"`, 200},
	} {
		if resp := ask(test.encoding, test.has); resp.StatusCode != test.status || (resp.Header.Get("Content-Encoding") != "") != (test.status == 200 && test.encoding != "identity") {
			t.Errorf("as %s for who has %s: %s, encoding %q, must be %d", test.encoding, test.has, resp.Status, resp.Header.Get("Content-Encoding"), test.status)
		} else if resp.Header.Get("Vary") == "" || resp.Header.Get("ETag") == "" || resp.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("as %s for who has %s: %v", test.encoding, test.has, resp.Header)
		}
	}
}

func TestHealth(t *testing.T) {
	s := serve(t, DefaultLimits)
	s.awaitUp(t)
	for path, want := range map[string]string{"/healthz": "alive", "/readyz": "ready", "/metrics": "warren_sessions"} {
		resp := s.get(t, path, nil)
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %.100s", path, resp.StatusCode, body)
		}
	}
	if resp := s.get(t, "/elsewhere", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("/elsewhere: %s", resp.Status)
	}
	if resp := s.get(t, "/websocket", nil); resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("/websocket without an upgrade: %s", resp.Status)
	}
}
