package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout/memory"
	"warren/chatd/picture"
)

// openStore opens a store of pictures in the folder.
func openStore(t testing.TB, path string) *picture.Store {
	t.Helper()
	dir, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	store, err := picture.Open(dir, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// withPictures is a gateway with a store of pictures in the folder.
func withPictures(t testing.TB, path string, more ...func(*Config)) *testServer {
	t.Helper()
	store := openStore(t, path)
	s := serveOn(t, memory.New(), DefaultLimits, append(more, func(c *Config) { c.Pictures = store })...)
	for deadline := time.Now().Add(waitFor); !s.gateway.open.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the store never learns which log it belongs to")
		}
	}
	return s
}

func photo(t testing.TB, w, h, grey int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(grey)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sendPicture posts a picture, and returns the answer and its body.
func (s *testServer) sendPicture(t testing.TB, contentType string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest("POST", s.url+"/picture", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return do(t, req)
}

func do(t testing.TB, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(got)
}

// fetch gets a picture.
func (s *testServer) fetch(t testing.TB, path string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return do(t, req)
}

func TestPicture(t *testing.T) {
	s := withPictures(t, t.TempDir())
	data := photo(t, 120, 90, 200)
	resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data))
	var kept struct {
		ID   string
		W, H int
	}
	if err := json.Unmarshal([]byte(body), &kept); resp.StatusCode != http.StatusCreated || err != nil || kept.W != 120 || kept.H != 90 {
		t.Fatalf("posting a picture: %s %s", resp.Status, body)
	}
	path := "/picture/" + kept.ID + ".jpg"
	resp, body = s.fetch(t, path)
	if resp.StatusCode != http.StatusOK || body != string(data) {
		t.Fatalf("getting it: %s, %d bytes", resp.Status, len(body))
	}
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "ETag": `"` + kept.ID + `"`,
		"Cache-Control": "private, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
		t.Errorf("its content security policy is %q", csp)
	}
	if resp, body := s.fetch(t, path, "If-None-Match", `"`+kept.ID+`"`); resp.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("getting it again: %s, %d bytes", resp.Status, len(body))
	}
	for _, path := range []string{
		"/picture/" + strings.Repeat("0", 64) + ".jpg", "/picture/epoch", "/picture/..%2fepoch", "/picture/.jpg",
		"/picture/" + kept.ID, "/picture/" + kept.ID + ".png", "/picture/" + strings.ToUpper(kept.ID) + ".jpg", "/picture/new-",
	} {
		if resp, body := s.fetch(t, path); resp.StatusCode != http.StatusNotFound || !strings.HasSuffix(body, ".\n") {
			t.Errorf("%s: %s %q", path, resp.Status, body)
		}
	}
}

// TestPicturesOfAnotherLog: when chatd starts with another log, what was sent to
// the one before is gone, from the disk, too.
func TestPicturesOfAnotherLog(t *testing.T) {
	path := t.TempDir()
	s := withPictures(t, path)
	_, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(photo(t, 50, 50, 1)))
	var kept struct{ ID string }
	if err := json.Unmarshal([]byte(body), &kept); err != nil {
		t.Fatal(err)
	}
	if there, _ := filepath.Glob(filepath.Join(path, kept.ID+".*")); len(there) != 1 {
		t.Fatalf("on the disk is %v", there)
	}
	s = withPictures(t, path) // the log in process is new each time
	if resp, _ := s.fetch(t, "/picture/"+kept.ID+".jpg"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("with another log: %s", resp.Status)
	}
	if left, _ := filepath.Glob(filepath.Join(path, "*.*")); len(left) > 0 {
		t.Errorf("on the disk is still %v", left)
	}
}

// TestPictureOfMessage: it is in the message, and goes when the message does, if
// no other has it; and comes back with it.
func TestPictureOfMessage(t *testing.T) {
	s := withPictures(t, t.TempDir(), func(c *Config) { c.HostCode = testCode })
	ada, _ := s.join(t, nil)
	bob, _ := s.join(t, nil)
	host, _ := s.joinHost(t, nil)
	_, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(photo(t, 50, 40, 7)))
	var kept map[string]any
	if err := json.Unmarshal([]byte(body), &kept); err != nil {
		t.Fatal(err)
	}
	status := func() int {
		t.Helper()
		resp, _ := s.fetch(t, fmt.Sprintf("/picture/%s.jpg", kept["id"]))
		return resp.StatusCode
	}
	say := func(c *client, text string) record {
		t.Helper()
		return c.await(c.do("say", map[string]any{"text": text, "picture": kept}))
	}
	first := say(ada, "")
	if p := first.Picture; p == nil || p.ID != kept["id"] || p.W != 50 || p.H != 40 {
		t.Errorf("the message has %+v", p)
	}
	host.rule("hide", to(first))
	if got := status(); got != http.StatusNotFound {
		t.Errorf("hidden: %d", got)
	}
	host.rule("hide", map[string]any{"to": first.Offset, "undo": true})
	if got := status(); got != http.StatusOK {
		t.Errorf("not hidden any more: %d", got)
	}
	second := say(bob, "look")
	ada.await(ada.do("delete", to(first)))
	if got := status(); got != http.StatusOK {
		t.Errorf("another message has it still: %d", got)
	}
	bob.await(bob.do("delete", to(second)))
	if got := status(); got != http.StatusNotFound {
		t.Errorf("taken back: %d", got)
	}
	if f := ada.refused("say", map[string]any{"picture": map[string]any{"id": strings.Repeat("a", 64), "w": 10, "h": 10}}); f.Why != "no_such" {
		t.Errorf("a picture that is not here: %+v", f)
	}
}

// seen is visible, with what a test says.
type seen struct {
	mu       sync.Mutex
	pictures map[string]bool
	unread   bool // the log has not been read
}

func (s *seen) PictureServed(id string) (served, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pictures[id], !s.unread
}

func (s *seen) set(id string, shown bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pictures == nil {
		s.pictures = make(map[string]bool)
	}
	s.pictures[id] = shown
}

// posted posts a picture, and returns its id.
func (s *testServer) posted(t testing.TB, data []byte) (id string) {
	t.Helper()
	resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data))
	var kept struct{ ID string }
	if err := json.Unmarshal([]byte(body), &kept); resp.StatusCode != http.StatusCreated || err != nil {
		t.Fatalf("posting a picture: %s %s", resp.Status, body)
	}
	return kept.ID
}

// TestPictureNotNow: what cannot be told or read now is not said to be gone, and what is gone is not
// remembered to be: neither has the file system's words.
func TestPictureNotNow(t *testing.T) {
	path := t.TempDir()
	s := withPictures(t, path)
	shown := &seen{}
	s.gateway.visible = shown
	get := func(what, id string, status int) {
		t.Helper()
		resp, body := s.fetch(t, "/picture/"+id+".jpg")
		if resp.StatusCode != status {
			t.Errorf("%s: %s %q", what, resp.Status, body)
		}
		if status == http.StatusOK {
			return
		}
		if later := status == http.StatusServiceUnavailable; resp.Header.Get("Cache-Control") != "no-store" || (resp.Header.Get("Retry-After") != "") != later {
			t.Errorf("%s: Cache-Control is %q, Retry-After %q", what, resp.Header.Get("Cache-Control"), resp.Header.Get("Retry-After"))
		}
		if strings.Contains(body, id) || !strings.HasSuffix(body, ".\n") {
			t.Errorf("%s: it says %q", what, body)
		}
	}
	id := s.posted(t, photo(t, 30, 30, 3))
	get("posted, and in no message yet", id, http.StatusOK)
	shown.set(id, true)
	get("in a message", id, http.StatusOK)
	shown.set(id, false)
	get("in a message that is hidden", id, http.StatusNotFound)
	shown.set(id, true)
	shown.unread = true
	get("before the log is read", id, http.StatusServiceUnavailable)
	shown.unread = false
	get("a picture that is not here", strings.Repeat("0", 64), http.StatusNotFound)
	name := filepath.Join(path, id+".jpg")
	if err := errors.Join(os.Rename(name, name+"x"), os.Symlink(id+".jpg", name)); err != nil { // ELOOP, for root, too
		t.Fatal(err)
	}
	get("a file that cannot be opened", id, http.StatusServiceUnavailable)
	if err := s.gateway.checkPicture(t.Context(), "address", &chat.Picture{ID: id, W: 30, H: 30}); err != nil {
		t.Errorf("what is said with it is lost: %v", err)
	}
	if err := os.Rename(name+"x", name); err != nil {
		t.Fatal(err)
	}
	get("a file that can be opened again", id, http.StatusOK)
}

// TestSaidAndHiddenAtOnce: a picture that was said and hidden counts as said, also before anybody has noted it.
func TestSaidAndHiddenAtOnce(t *testing.T) {
	s, config := withPictures(t, t.TempDir()), Config{}
	other := withPictures(t, t.TempDir(), func(c *Config) { config = *c })
	config.Room, config.Pictures = s.room, other.gateway.Pictures
	unwatched := New(config)    // it is not told of what is said
	unwatched.visible = &seen{} // hidden
	data := photo(t, 30, 30, 5)
	id := s.posted(t, data)
	if other.posted(t, data) != id {
		t.Fatal("it has two ids")
	}
	if served, _ := unwatched.servable(id); !served {
		t.Error("posted, and in no message yet, it is not shown")
	}
	ada, _ := s.join(t, nil)
	ada.await(ada.do("say", map[string]any{"picture": map[string]any{"id": id, "w": 30, "h": 30}}))
	if served, _ := unwatched.servable(id); served {
		t.Error("it is shown after all")
	}
}
