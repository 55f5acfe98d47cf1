package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"warren/chatd/fanout/memory"
	"warren/chatd/picture"
)

// withPictures is a gateway with a store of pictures in the folder.
func withPictures(t testing.TB, path string, more ...func(*Config)) *testServer {
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

// TestNoPicture posts what is none, or too much of one. Each answer is a sentence.
func TestNoPicture(t *testing.T) {
	s := withPictures(t, t.TempDir())
	s.gateway.uploads.rates = newBuckets(0)
	good := photo(t, 60, 40, 100)
	exif := append(append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 8}, "Exif\x00\x00"...), good[2:]...)
	tests := []struct {
		what, contentType string
		body              io.Reader
		status            int
		says              string
	}{
		{"a PNG by its type", "image/png", bytes.NewReader(good), 415, "image/jpeg"},
		{"a form", "multipart/form-data; boundary=x", bytes.NewReader(good), 415, "image/jpeg"},
		{"no type", "", bytes.NewReader(good), 415, "image/jpeg"},
		{"a PNG", "image/jpeg", strings.NewReader("\x89PNG\r\n\x1a\n"), 415, "not a whole JPEG"},
		{"nothing", "image/jpeg", http.NoBody, 415, "not a whole JPEG"},
		{"half of one", "image/jpeg", bytes.NewReader(good[:len(good)/2]), 415, "not a whole JPEG"},
		{"one with Exif", "image/jpeg", bytes.NewReader(exif), 415, "jpegtran -copy none"},
		{"one too wide", "image/jpeg", bytes.NewReader(photo(t, 2050, 10, 0)), 413, "2048"},
		{"a large one", "image/jpeg", bytes.NewReader(make([]byte, 5e6)), 413, "400000"},
		{"a large one of unknown length", "image/jpeg", io.LimitReader(zeros{}, 5e6), 413, "400000"},
	}
	for _, test := range tests {
		resp, body := s.sendPicture(t, test.contentType, test.body)
		if resp.StatusCode != test.status || !strings.Contains(body, test.says) || !strings.HasSuffix(body, ".\n") {
			t.Errorf("%s: %s %q", test.what, resp.Status, body)
		}
	}
	if resp, _ := s.sendPicture(t, "image/jpeg", bytes.NewReader(good), "Origin", "http://elsewhere.example"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a page from elsewhere: %s", resp.Status)
	}
	if resp, body := serve(t, unlimited).sendPicture(t, "image/jpeg", bytes.NewReader(good)); resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "keeps no pictures") {
		t.Errorf("without a store: %s %q", resp.Status, body)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestPictureRate sends as many at once as an album has, and is asked to wait
// then.
func TestPictureRate(t *testing.T) {
	s := withPictures(t, t.TempDir())
	data := photo(t, 30, 30, 1)
	for i := range pictureBurst {
		if resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data)); resp.StatusCode != http.StatusCreated {
			t.Fatalf("number %d: %s %s", i+1, resp.Status, body)
		}
	}
	resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data))
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "10" {
		t.Errorf("one more: %s %q, Retry-After %q", resp.Status, body, resp.Header.Get("Retry-After"))
	}
}

// TestPicturesAtOnce posts fifty at once from one address: whoever is not served is
// told to come back, and all are in the end.
func TestPicturesAtOnce(t *testing.T) {
	s := withPictures(t, t.TempDir())
	s.gateway.uploads.rates = newBuckets(0)
	var all sync.WaitGroup
	var mu sync.Mutex
	codes := make(map[int]int)
	for i := range 50 {
		data := photo(t, 40, 40, i*5)
		all.Go(func() {
			for {
				resp, err := http.Post(s.url+"/picture", "image/jpeg", bytes.NewReader(data))
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				mu.Lock()
				codes[resp.StatusCode]++
				mu.Unlock()
				if resp.Header.Get("Retry-After") == "" {
					return
				}
				time.Sleep(50 * time.Millisecond) // a page waits for longer
			}
		})
	}
	all.Wait()
	if codes[http.StatusCreated] != 50 {
		t.Errorf("the answers were %v", codes)
	}
	t.Logf("the answers were %v", codes)
}

// TestSlowPictures: four that send a byte now and then, from two addresses, do not
// keep others out for longer than an upload may take.
func TestSlowPictures(t *testing.T) {
	s := withPictures(t, t.TempDir())
	s.gateway.uploads.time = 300 * time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.gateway.Serve(listener) }()
	t.Cleanup(func() {
		s.gateway.server.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	s.url = "http://" + listener.Addr().String()
	for i := range maxUploads {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/addressUploads))}}
		conn, err := d.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "POST /picture HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n\xff\xd8")
	}
	for deadline := time.Now().Add(waitFor); len(s.gateway.uploads.slots) < maxUploads; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the slow ones are not being read")
		}
	}
	began := time.Now()
	resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(photo(t, 50, 50, 1)))
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("after %v: %s %s", time.Since(began), resp.Status, body)
	}
	http.DefaultClient.CloseIdleConnections()
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
	if _, err := os.Stat(filepath.Join(path, kept.ID+".jpg")); err != nil {
		t.Fatal(err)
	}
	s = withPictures(t, path) // the log in process is new each time
	if resp, _ := s.fetch(t, "/picture/"+kept.ID+".jpg"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("with another log: %s", resp.Status)
	}
	if left, _ := filepath.Glob(filepath.Join(path, "*.jpg")); len(left) > 0 {
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

// TestPicturesOff: guests cannot send any when the host says so.
func TestPicturesOff(t *testing.T) {
	s := withPictures(t, t.TempDir(), func(c *Config) { c.HostCode = testCode })
	host, _ := s.joinHost(t, nil)
	host.rule("pictures", map[string]any{"off": true})
	data := photo(t, 50, 40, 7)
	if resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data)); resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "The host") {
		t.Errorf("a guest, with pictures off: %s %q", resp.Status, body)
	}
	if resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data), "Cookie", "host="+s.enter(t, testCode).Value); resp.StatusCode != http.StatusCreated {
		t.Errorf("a host, with pictures off: %s %q", resp.Status, body)
	}
	host.rule("pictures", nil)
	if resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data)); resp.StatusCode != http.StatusCreated {
		t.Errorf("with pictures on again: %s %q", resp.Status, body)
	}
}
