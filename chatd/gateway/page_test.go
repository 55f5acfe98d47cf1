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
		etag := resp.Header.Get("ETag")
		again := s.get(t, "/"+e.Name(), func(r *http.Request) { r.Header.Set("If-None-Match", etag) })
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", e.Name(), again.Status)
		}
		plain := s.get(t, "/"+e.Name(), func(r *http.Request) { r.Header.Set("Accept-Encoding", "identity") })
		if got, _ := io.ReadAll(plain.Body); string(got) != string(want) {
			t.Errorf("%s not compressed: %d bytes of %d", e.Name(), len(got), len(want))
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
