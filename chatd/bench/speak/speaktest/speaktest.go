// Package speaktest tests servers that speak as package speak does.
package speaktest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/bench/speak"
)

const (
	clients  = 3
	messages = 5
)

// All starts a server with run and args, and tests that each of three clients
// gets all that all of them say, once, and of each sender in order. It ends
// the server, and wants it to end well.
func All(t *testing.T, protocol speak.Protocol, run func(ctx context.Context, args []string, stdout io.Writer) error, args ...string) {
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-listen", "127.0.0.1:0", "-protocol", string(protocol)}, args...), write)
		write.CloseWithError(err)
		ended <- err
	}()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	url := strings.TrimSpace(strings.TrimPrefix(line, "listening on "))

	var conns []*websocket.Conn
	for i := range clients {
		conns = append(conns, join(t, protocol, url, fmt.Sprint("client", i)))
	}
	for n := range messages {
		for i, c := range conns {
			text := fmt.Sprintf("%d says %d", i, n)
			if protocol == speak.Warren {
				text = fmt.Sprintf(`{"type":"say","ref":"r%d","text":"%s \"quoted\""}`, n, text)
			}
			if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, c := range conns {
		next := map[string]int{}
		for got := 0; got < clients*messages; {
			_, data, err := c.ReadMessage()
			if err != nil {
				t.Fatalf("client %d, which has %d messages: %v", i, got, err)
			}
			for _, text := range texts(t, protocol, data) {
				got++
				var name, sender string
				var n int
				if _, err := fmt.Sscanf(text, "%s %s says %d", &name, &sender, &n); err != nil {
					t.Fatalf("a message is %q: %v", text, err)
				}
				if n != next[sender] || name != "client"+sender+":" {
					t.Errorf("client %d was sent %q when number %d of %s was due", i, text, next[sender], sender)
				}
				next[sender]++
			}
		}
	}
}

// join returns a WebSocket that is sent all that is said from now on.
func join(t *testing.T, protocol speak.Protocol, url, name string) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{Subprotocols: protocol.Subprotocols()}
	c, _, err := d.Dial(url+"?name="+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if protocol == speak.Text {
		// There is no welcome: it is in when it is sent what it says itself.
		if err := c.WriteMessage(websocket.TextMessage, []byte("in")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"hello","device":"0123456789abcdef","name":%q}`, name)); err != nil {
		t.Fatal(err)
	}
	var welcome struct {
		Type string
		You  struct{ ID, Name string }
	}
	if err := c.ReadJSON(&welcome); err != nil || welcome.Type != "welcome" || welcome.You.ID == "" || welcome.You.Name != name {
		t.Fatalf("hello was answered with %+v, %v", welcome, err)
	}
	return c
}

// texts are the messages in a frame, each with its sender's name before it.
func texts(t *testing.T, protocol speak.Protocol, data []byte) (texts []string) {
	t.Helper()
	if protocol == speak.Text {
		if strings.HasSuffix(string(data), ": in") {
			return nil
		}
		return []string{string(data)}
	}
	var log struct {
		Type    string
		Records []struct {
			Offset *int64
			Ref    string
			From   struct{ ID, Name string }
			Text   string
			Boot   string
			UpMS   int64 `json:"up_ms"`
		}
	}
	if err := json.Unmarshal(data, &log); err != nil || log.Type != "log" {
		t.Fatalf("a frame is %q: %v", data, err)
	}
	for _, r := range log.Records {
		if r.Offset == nil || r.Ref == "" || r.From.ID == "" || r.Boot == "" || r.UpMS == 0 || !strings.HasSuffix(r.Text, ` "quoted"`) {
			t.Errorf("a record lacks something: %+v in %s", r, data)
		}
		texts = append(texts, r.From.Name+": "+r.Text)
	}
	return texts
}
