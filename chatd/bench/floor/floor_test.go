package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"warren/chatd/bench/speak"
	"warren/chatd/bench/speak/speaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAllReceiveAll(t *testing.T) {
	for _, protocol := range []speak.Protocol{speak.Text, speak.Warren} {
		t.Run(string(protocol), func(t *testing.T) { speaktest.All(t, protocol, run) })
	}
}

// What gorilla's client writes is read, however it is cut.
func TestFrames(t *testing.T) {
	texts := []string{"", "a", "seven b", "eight by", strings.Repeat("x", 125), strings.Repeat("y", 126), strings.Repeat("z", 70_000), "end"}
	wire := clientFrames(t, texts)
	for name, from := range map[string]io.Reader{
		"whole": bytes.NewReader(wire), "in bytes": iotest.OneByteReader(bytes.NewReader(wire)), "in halves": iotest.HalfReader(bytes.NewReader(wire)),
	} {
		in := frames{from: from}
		var got []string
		for {
			payload, ok, err := in.take()
			if errors.Is(err, errClosed) {
				break
			}
			if ok {
				got = append(got, string(payload))
			} else if err := in.more(); err != nil {
				t.Fatalf("%s: %v after %d frames", name, err, len(got))
			}
		}
		if len(got) != len(texts) {
			t.Fatalf("%s: %d frames of %d were read", name, len(got), len(texts))
		}
		for i := range texts {
			if got[i] != texts[i] {
				t.Errorf("%s: frame %d is %.40q instead of %.40q", name, i, got[i], texts[i])
			}
		}
	}
}

// clientFrames are texts as gorilla's client writes them, a ping, and a close.
func clientFrames(t *testing.T, texts []string) []byte {
	t.Helper()
	wire := make(chan []byte)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			close(wire)
			return
		}
		defer conn.Close()
		all, _ := io.ReadAll(conn.NetConn())
		wire <- all
	}))
	defer server.Close()
	d := websocket.Dialer{WriteBufferSize: 1 << 17} // a message larger than it would be several frames
	conn, _, err := d.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	conn.WriteMessage(websocket.PingMessage, []byte("ping"))
	conn.WriteMessage(websocket.CloseMessage, nil)
	conn.Close()
	return <-wire
}
