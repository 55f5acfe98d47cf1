package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/fanout/rabbitmq/node"
)

// A picture that was posted at one chatd is seen at every other on the broker, also by who says it
// there; and it is gone everywhere once the host has hidden its message.
func TestPictureOfAnotherDaemon(t *testing.T) {
	broker := node.ForTest(t).URL()
	here, endHere := start(t, "-broker", broker, "-pictures", t.TempDir(), "-host-code", "carrots")
	there, endThere := start(t, "-broker", broker, "-pictures", t.TempDir(), "-host-code", "carrots")
	defer endHere()
	defer endThere()
	awaitReady(t, here)
	awaitReady(t, there)

	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 60, 40)), nil); err != nil {
		t.Fatal(err)
	}
	var posted []byte
	for status := http.StatusServiceUnavailable; status == http.StatusServiceUnavailable; { // the room opens in a moment
		resp, err := http.Post("http://"+here+"/picture", "image/jpeg", bytes.NewReader(photo.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		posted, _ = io.ReadAll(resp.Body)
		resp.Body.Close()
		if status = resp.StatusCode; status != http.StatusCreated && status != http.StatusServiceUnavailable {
			t.Fatalf("posting it: %s %s", resp.Status, posted)
		}
	}

	// Its sender has gone to the other card meanwhile.
	phone := speaker{t, there, nil}
	phone.dial("")
	phone.send(fmt.Sprintf(`{"type":"say","ref":"look","text":"","picture":%s}`, posted))
	said := phone.until("log")
	id := said["records"].([]any)[0].(map[string]any)["picture"].(map[string]any)["id"].(string)
	offset := said["records"].([]any)[0].(map[string]any)["offset"]
	for _, at := range []string{here, there} {
		if status, body := get(t, at, id); status != http.StatusOK || !bytes.Equal(body, photo.Bytes()) {
			t.Errorf("at %s: %d, %d bytes of %d", at, status, len(body), photo.Len())
		}
	}

	host := speaker{t, here, nil}
	host.dial(hostCookie(t, here))
	host.until("log") // this chatd, too, has the message now
	host.send(fmt.Sprintf(`{"type":"host","ref":"hide","verb":"hide","to":%v}`, offset))
	for phone.until("log")["records"].([]any)[0].(map[string]any)["type"] != "hide" {
	}
	for late := time.Now().Add(10 * time.Second); ; {
		a, _ := get(t, here, id)
		b, _ := get(t, there, id)
		if a == http.StatusNotFound && b == http.StatusNotFound {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("once it is hidden: %d, and %d at the other", a, b)
		}
	}
}

func get(t *testing.T, at, id string) (status int, body []byte) {
	t.Helper()
	resp, err := http.Get("http://" + at + "/picture/" + id + ".jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ = io.ReadAll(resp.Body)
	return resp.StatusCode, body
}

// hostCookie returns the cookie of a host at an address.
func hostCookie(t *testing.T, at string) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm("http://"+at+"/host", map[string][]string{"code": {"carrots"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for _, c := range resp.Cookies() {
		if c.Name == "host" {
			return c.Name + "=" + c.Value
		}
	}
	t.Fatalf("the host's code is not taken: %s", resp.Status)
	return ""
}

// speaker speaks warren.v1.
type speaker struct {
	t    *testing.T
	at   string
	conn *websocket.Conn
}

func (s *speaker) dial(cookie string) {
	s.t.Helper()
	header := http.Header{}
	if cookie != "" {
		header.Set("Cookie", cookie)
	}
	d := websocket.Dialer{Subprotocols: []string{"warren.v1"}}
	var err error
	if s.conn, _, err = d.Dial("ws://"+s.at+"/websocket", header); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.conn.Close() })
	s.send(`{"type":"hello","device":"0123456789abcdef","name":"Ada"}`)
	s.until("welcome")
}

func (s *speaker) send(frame string) {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		s.t.Fatal(err)
	}
}

// until reads up to a frame of a type.
func (s *speaker) until(kind string) map[string]any {
	s.t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		var frame map[string]any
		if err := s.conn.ReadJSON(&frame); err != nil {
			s.t.Fatalf("waiting for %s: %v", kind, err)
		}
		if frame["type"] == "refused" {
			s.t.Fatalf("refused: %v", frame)
		}
		if frame["type"] == kind {
			return frame
		}
	}
}
