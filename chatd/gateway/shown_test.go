package gateway

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
)

// serveStore is serveHostOn, with the pictures in a folder.
func serveStore(t *testing.T, x fanout.Exchange, path string) *testServer {
	t.Helper()
	store := openStore(t, path)
	return serveOn(t, x, unlimited, func(c *Config) { c.HostCode, c.Pictures = testCode, store })
}

// A picture is served as long as a message that can be seen has it: not when it is hidden,
// deleted or cleared, however much is said after that and however often chatd starts; and again when that is undone.
func TestPictureOfWhatIsNotShown(t *testing.T) {
	x, path := &shut{Exchange: memory.New(), opened: make(chan struct{}), read: make(chan struct{})}, t.TempDir()
	s := serveStore(t, x.Exchange, path)
	s.await(t, "a store that knows its log", s.gateway.open.Load)
	device, _ := newDevice(t)
	ada, _ := s.join(t, map[string]any{"device": device})
	host, _ := s.joinHost(t, nil)
	shows := func(grey int) (path string, r record) {
		t.Helper()
		resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(photo(t, 50, 40, grey)))
		var kept map[string]any
		if err := json.Unmarshal([]byte(body), &kept); err != nil {
			t.Fatalf("%s: %s", resp.Status, body)
		}
		return "/picture/" + kept["id"].(string) + ".jpg", ada.await(ada.do("say", map[string]any{"picture": kept}))
	}
	cleared, _ := shows(1)
	host.rule("clear", nil)
	shown, _ := shows(2)
	hidden, secret := shows(3)
	deleted, regret := shows(4)
	host.rule("hide", to(secret))
	ada.await(ada.do("delete", to(regret)))
	check := func(when string, want map[string]int) {
		t.Helper()
		for path, status := range want {
			if resp, body := s.fetch(t, path); resp.StatusCode != status {
				t.Errorf("%s: %s is answered with %s, %d bytes; must be %d", when, path, resp.Status, len(body), status)
			}
		}
	}
	some := map[string]int{shown: http.StatusOK, hidden: http.StatusNotFound, deleted: http.StatusNotFound, cleared: http.StatusNotFound}
	check("at once", some)
	fill(t, x, 8000)
	ada.said("later")
	check("8,000 messages later", some)
	s.stop()

	s = serveStore(t, x, path)
	<-x.read
	none := make(map[string]int)
	for path := range some {
		none[path] = http.StatusServiceUnavailable
	}
	check("before the log is read", none)
	x.open()
	s.awaitUp(t)
	s.await(t, "a log that is read", func() bool { resp, _ := s.fetch(t, shown); return resp.StatusCode != http.StatusServiceUnavailable })
	check("after a restart", some)
	host, _ = s.joinHost(t, nil)
	host.rule("hide", map[string]any{"to": secret.Offset, "undo": true})
	host.rule("clear", map[string]any{"undo": true})
	check("undone", map[string]int{shown: http.StatusOK, hidden: http.StatusOK, deleted: http.StatusNotFound, cleared: http.StatusOK})
}
