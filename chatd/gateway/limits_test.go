package gateway

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Everybody who breaks a rule is told which, and a bystander chats on.
func TestOffenders(t *testing.T) {
	s := serve(t, DefaultLimits)
	bystander, _ := s.join(t, nil)
	for _, test := range []struct {
		name string
		send func(c *client)
		code int    // the close code, or
		why  string // the refusal
	}{
		{"frame of 1 MB", func(c *client) { c.WriteMessage(1, bytes.Repeat([]byte("x"), 1<<20)) }, 1009, ""},
		{"binary frame", func(c *client) { c.WriteMessage(websocket.BinaryMessage, []byte{1, 2}) }, 1003, ""},
		{"invalid UTF-8", func(c *client) { c.WriteMessage(1, []byte("\"\xff\xfe\"")) }, 1007, ""},
		{"malformed JSON", func(c *client) { c.WriteMessage(1, []byte(`{"type":"say"`)) }, 0, "bad_json"},
		{"wrong type in JSON", func(c *client) { c.WriteMessage(1, []byte(`{"type":"say","ref":7}`)) }, 0, "bad_json"},
		{"no object", func(c *client) { c.WriteMessage(1, []byte(`[]`)) }, 0, "bad_json"},
		{"unknown type", func(c *client) { c.send(map[string]any{"type": "dance"}) }, 0, "unknown_type"},
		{"null", func(c *client) { c.WriteMessage(1, []byte(`null`)) }, 0, "unknown_type"},
		{"no ref", func(c *client) { c.say("", "hi") }, 0, "bad_ref"},
		{"bad ref", func(c *client) { c.say("a b", "hi") }, 0, "bad_ref"},
		{"empty text", func(c *client) { c.say("a", " \n\u200b") }, 0, "empty"},
		{"long text", func(c *client) { c.say("a", strings.Repeat("x", 16<<10+1)) }, 0, "too_long"},
		{"tower of marks", func(c *client) { c.say("a", "a"+strings.Repeat("\u0301", 500)) }, 0, "bad_text"},
		{"long name", func(c *client) { c.send(map[string]any{"type": "name", "name": strings.Repeat("x", 10_000)}) }, 0, "bad_name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := testutil.ToFloat64(refusals.WithLabelValues(test.why))
			c, _ := s.join(t, nil)
			test.send(c)
			if test.code != 0 {
				if code, _ := c.closed(); code != test.code {
					t.Errorf("closed with %d, must be %d", code, test.code)
				}
			} else {
				f := c.next("refused")
				if f.Why != test.why || f.Text == "" {
					t.Errorf("answer is %+v, must be %q", f, test.why)
				}
				if now := testutil.ToFloat64(refusals.WithLabelValues(test.why)); now != before+1 {
					t.Errorf("the metric went from %v to %v", before, now)
				}
				c.say("after", "still here") // a refusal does not end the session
				if r := c.records(1)[0]; r.Text != "still here" {
					t.Errorf("got %+v", r)
				}
				bystander.records(1)
			}
		})
	}
	bystander.say("z", "fine")
	if r := bystander.records(1)[0]; r.Text != "fine" {
		t.Errorf("bystander got %+v", r)
	}
}

// Who sends a frame that is too big can send all of it, and is told why it ends:
// a connection that is reset while the phone sends has no close code there.
func TestTooBigIsTold(t *testing.T) {
	s := serve(t, DefaultLimits)
	for _, protocol := range [][]string{nil, {Subprotocol}} {
		c := s.dial(t, "", protocol...)
		if err := c.WriteMessage(websocket.TextMessage, make([]byte, 8<<20)); err != nil {
			t.Errorf("protocol %v: %v", protocol, err)
		}
		if code, _ := c.closed(); code != 1009 {
			t.Errorf("protocol %v: closed with %d", protocol, code)
		}
	}
}

func TestHelloIsChecked(t *testing.T) {
	s := serve(t, DefaultLimits)
	for name, first := range map[string]any{
		"no hello":       map[string]any{"type": "say", "ref": "a", "text": "hi"},
		"no device":      map[string]any{"type": "hello"},
		"guessed device": map[string]any{"type": "hello", "device": "1234"},
		"spaced device":  map[string]any{"type": "hello", "device": "1234 56789 123456"},
	} {
		c := s.dial(t, "", Subprotocol)
		c.send(first)
		if code, last := c.closed(); code != 4200 || !strings.Contains(last, `"bye"`) {
			t.Errorf("%s: closed with %d after %s", name, code, last)
		}
	}
}

func TestMessageRate(t *testing.T) {
	t.Parallel()
	s := serve(t, DefaultLimits)
	flooder, _ := s.join(t, nil)
	bystander, _ := s.join(t, nil)
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() { // 200 a second until the server has had enough
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				flooder.WriteJSON(map[string]any{"type": "say", "ref": fmt.Sprintf("f%d", i), "text": "spam"})
			}
		}
	}()
	if f := flooder.next("refused"); f.Why != "slow_down" || f.RetryMS <= 0 {
		t.Errorf("answer is %+v", f)
	}
	bystander.say("b", "calm")
	for said := false; !said; {
		for _, r := range bystander.next("log").Records {
			said = said || r.Text == "calm"
		}
	}
	if code, last := flooder.closed(); code != 4100 || !strings.Contains(last, `"bye"`) {
		t.Errorf("closed with %d after %s", code, last)
	}
	close(stop)
	<-stopped
}

func TestNoMessageRate(t *testing.T) {
	s := serve(t, unlimited)
	c, _ := s.join(t, nil)
	const n = 2000
	go func() {
		for i := range n {
			c.WriteJSON(map[string]any{"type": "say", "ref": fmt.Sprint(i), "text": "x"})
		}
	}()
	c.records(n)
}

func TestAddressConnections(t *testing.T) {
	s := serve(t, Limits{AddressConnections: 2})
	first := s.dial(t, "")
	s.join(t, nil)
	if code, last := s.dial(t, "", Subprotocol).closed(); code != 4101 || !strings.Contains(last, "close some") {
		t.Errorf("closed with %d after %s", code, last)
	}
	first.Close()
	for { // its seat is free once the server has seen it go
		c := s.dial(t, "?name=Ada")
		c.WriteMessage(1, []byte("in"))
		if c.text() == "Ada: in" {
			break
		}
	}
	full := serve(t, Limits{Connections: 1})
	full.dial(t, "")
	if code, _ := full.dial(t, "").closed(); code != 4102 {
		t.Errorf("closed with %d", code)
	}
}

func TestThousandIdle(t *testing.T) {
	s := serve(t, Limits{})
	for range 1000 {
		s.join(t, map[string]any{"history": 0})
	}
	c, _ := s.join(t, nil)
	c.say("a", "a thousand are listening")
	if r := c.records(1)[0]; r.Ref != "a" {
		t.Errorf("got %+v", r)
	}
	if n := s.gateway.sessions.Len(); n != 1001 {
		t.Errorf("%d sessions", n)
	}
}

// A phone that stops reading is closed; meanwhile nobody waits for it.
func TestStalledPhone(t *testing.T) {
	t.Parallel()
	s := serve(t, unlimited)
	raw, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(raw, "GET /websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if n, err := raw.Read(make([]byte, 12)); n < 12 || err != nil {
		t.Fatal(n, err)
	}
	talker, _ := s.join(t, nil)
	text := strings.Repeat("x", 15_000)
	for i := 0; s.gateway.sessions.Len() > 1; i++ { // until the stalled one is gone
		talker.say(fmt.Sprint("r", i), text)
		if r := talker.records(1)[0]; r.Text != text {
			t.Fatalf("talker got %.40q", r.Text)
		}
	}
}

func TestHelloTimeout(t *testing.T) {
	t.Parallel()
	s := serve(t, DefaultLimits)
	c := s.dial(t, "", Subprotocol)
	if code, _ := c.closed(); code != 4200 {
		t.Errorf("closed with %d", code)
	}
}

func TestPingIsAnswered(t *testing.T) {
	s := serve(t, DefaultLimits)
	c := s.dial(t, "?name=Ada")
	got := make(chan string, 1)
	c.SetPongHandler(func(data string) error { got <- data; return nil })
	payload := binary.BigEndian.AppendUint32(nil, 42)
	c.WriteMessage(websocket.PingMessage, payload)
	c.WriteMessage(1, []byte("x"))
	c.text() // the pong came before
	if data := <-got; data != string(payload) {
		t.Errorf("pong carries %q", data)
	}
}
