package node

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestWebSTOMP(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(t.Context(), Options{Config: []string{"vm_memory_high_watermark.absolute = 1GiB"}}.WithWebSTOMP(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	for line := range strings.SplitSeq(tail(n.Dir()+"/"+logName), "\n") {
		if strings.Contains(line, "listen") && strings.Contains(line, " on ") && !strings.Contains(line, " on 127.0.0.1:") {
			t.Errorf("it listens beyond loopback: %s", line)
		}
	}

	var conns []*websocket.Conn
	for range 3 {
		conns = append(conns, stomp(t, n, port))
	}
	for i, c := range conns {
		write(t, c, "SEND\ndestination:/exchange/amq.fanout\n\nhello from %d\x00", i)
	}
	for i, c := range conns {
		seen := ""
		for len(conns) > strings.Count(seen, "hello from") {
			seen += read(t, c)
		}
		for j := range conns {
			if !strings.Contains(seen, fmt.Sprintf("hello from %d\x00", j)) {
				t.Errorf("client %d has not seen what %d sent:\n%q", i, j, seen)
			}
		}
	}
}

// stomp returns a WebSocket that has subscribed to the exchange amq.fanout.
func stomp(t *testing.T, n *Node, port int) *websocket.Conn {
	t.Helper()
	at, err := url.Parse(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	password, _ := at.User.Password()
	d := websocket.Dialer{Subprotocols: []string{"v12.stomp"}}
	c, _, err := d.Dial(fmt.Sprintf("ws://%s/ws", net.JoinHostPort("127.0.0.1", fmt.Sprint(port))), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	write(t, c, "CONNECT\naccept-version:1.2\nhost:/\nlogin:%s\npasscode:%s\nheart-beat:0,0\n\n\x00", at.User.Username(), password)
	if s := read(t, c); !strings.HasPrefix(s, "CONNECTED\n") {
		t.Fatalf("CONNECT was answered with %q", s)
	}
	write(t, c, "SUBSCRIBE\nid:0\ndestination:/exchange/amq.fanout\nack:auto\nreceipt:in\n\n\x00")
	if s := read(t, c); !strings.HasPrefix(s, "RECEIPT\n") {
		t.Fatalf("SUBSCRIBE was answered with %q", s)
	}
	return c
}

func write(t *testing.T, c *websocket.Conn, format string, args ...any) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	_, data, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
