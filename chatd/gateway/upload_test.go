package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"warren/chatd/picture"
)

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

// serveSlow has the server listen itself, as the addresses and deadlines of slow senders need it.
func serveSlow(t *testing.T, s *testServer) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.gateway.Serve(listener) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		s.gateway.server.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	s.url = "http://" + listener.Addr().String()
	return listener.Addr().String()
}

// TestSlowPictures: those that send a byte now and then, from as many addresses as it takes, do not
// keep others out for longer than a radio may be silent.
func TestSlowPictures(t *testing.T) {
	s := withPictures(t, t.TempDir())
	s.gateway.uploads.grace = time.Second
	s.gateway.uploads.slots = make(chan struct{}, 4)
	address := serveSlow(t, s)
	var dribbling sync.WaitGroup
	defer dribbling.Wait()
	for i := range cap(s.gateway.uploads.slots) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/addressUploads))}}
		conn, err := d.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /picture HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n\xff\xd8")
		dribbling.Go(func() {
			defer conn.Close()
			var answer [1]byte
			for range 1000 {
				conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				if n, _ := conn.Read(answer[:]); n > 0 {
					return // it is refused
				}
				if _, err := conn.Write([]byte{0}); err != nil {
					return
				}
			}
		})
	}
	for deadline := time.Now().Add(waitFor); len(s.gateway.uploads.slots) < cap(s.gateway.uploads.slots); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the slow ones are not being read")
		}
	}
	began := time.Now()
	resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(photo(t, 50, 50, 1)))
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("after %v: %s %s", time.Since(began), resp.Status, body)
	}
}

// TestSteadyPicture: a slow link is no reason to refuse a picture, as long as it keeps coming.
func TestSteadyPicture(t *testing.T) {
	s := withPictures(t, t.TempDir())
	s.gateway.uploads.grace = 300 * time.Millisecond
	serveSlow(t, s)
	data := append(photo(t, 50, 50, 1), make([]byte, 10<<10)...) // it is refused, once all of it is here
	began := time.Now()
	resp, body := s.sendPicture(t, "image/jpeg", &trickle{data: data})
	if took := time.Since(began); resp.StatusCode != http.StatusUnsupportedMediaType || took < s.gateway.uploads.grace {
		t.Errorf("after %v: %s %s", took, resp.Status, body)
	}
}

// trickle gives twice uploadRate.
type trickle struct{ data []byte }

func (r *trickle) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	time.Sleep(50 * time.Millisecond)
	n := copy(p, r.data[:min(len(r.data), 2*uploadRate/20)])
	r.data = r.data[n:]
	return n, nil
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

// TestUploadOfThoseWhoMayNotSpeak: who cannot say a picture cannot have the box keep one either. A host can.
func TestUploadOfThoseWhoMayNotSpeak(t *testing.T) {
	s := withPictures(t, t.TempDir(), func(c *Config) { c.HostCode = testCode })
	host, _ := s.joinHost(t, nil)
	eve, ada := uuid.NewString(), uuid.NewString()
	_, w := s.join(t, map[string]any{"device": eve})
	cookie := "host=" + s.enter(t, testCode).Value
	data := photo(t, 50, 40, 7)
	post := func(what string, status int, says string, header ...string) {
		t.Helper()
		resp, body := s.sendPicture(t, "image/jpeg", bytes.NewReader(data), header...)
		if resp.StatusCode != status || status != http.StatusCreated && (!strings.Contains(body, says) || !strings.HasSuffix(body, ".\n")) {
			t.Errorf("%s: %s %q", what, resp.Status, body)
		}
	}
	post("at first", http.StatusCreated, "", deviceHeader, eve)
	host.rule("kick", map[string]any{"who": w.You.ID, "name": "Eve"})
	post("kicked", http.StatusLocked, "sent you out", deviceHeader, eve)
	post("another guest", http.StatusCreated, "", deviceHeader, ada)
	post("a host who has sent out a device of their own", http.StatusCreated, "", deviceHeader, eve, "Cookie", cookie)
	post("no device", http.StatusBadRequest, deviceHeader, deviceHeader, "x")
	for _, test := range []struct{ verb, says string }{{"lock", "locked the room"}, {"off", "switched the chat off"}} {
		host.rule(test.verb, nil)
		post("a guest, "+test.verb, http.StatusLocked, test.says, deviceHeader, ada)
		post("a program, "+test.verb, http.StatusLocked, test.says)
		post("a host, "+test.verb, http.StatusCreated, "", "Cookie", cookie)
		host.rule(test.verb, map[string]any{"undo": true})
	}
	post("open again", http.StatusCreated, "", deviceHeader, ada)
}

// TestPicturesThatNobodySays: however much is posted, what is in a message stays.
func TestPicturesThatNobodySays(t *testing.T) {
	s := withPictures(t, t.TempDir())
	s.gateway.uploads.rates = newBuckets(0)
	shown := &seen{}
	s.gateway.visible = shown
	first := s.posted(t, photo(t, 30, 30, 1))
	id := s.posted(t, photo(t, 30, 30, 2))
	shown.set(id, true)
	ada, _ := s.join(t, nil)
	ada.await(ada.do("say", map[string]any{"picture": map[string]any{"id": id, "w": 30, "h": 30}}))
	for deadline := time.Now().Add(waitFor); s.gateway.Pictures.Fresh(id); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a picture in a message counts as one that nobody has said")
		}
	}
	for i := range picture.MaxBytes/4096 + 1 { // each takes a block
		s.posted(t, photo(t, 31+i, 30, 3))
	}
	for id, status := range map[string]int{id: http.StatusOK, first: http.StatusNotFound} {
		if resp, _ := s.fetch(t, "/picture/"+id+".jpg"); resp.StatusCode != status {
			t.Errorf("after the flood: %s, not %d", resp.Status, status)
		}
	}
}
