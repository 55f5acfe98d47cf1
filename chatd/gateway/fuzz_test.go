package gateway

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// Whatever a client sends after its hello, the server answers a ping after it,
// or closes with a code of the table, and others chat on.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"type":"say","ref":"a","text":"hi","reply_to":1}`, `{"type":"older","before":-9223372036854775808,"count":-1}`,
		`{"type":"name","name":"\u202e"}`, `{"type":"typing"}`, `{"type":"hello","since":1}`, `null`, `[[[[`, "\xff", ``,
	} {
		f.Add([]byte(seed), true)
	}
	s := serve(f, unlimited)
	f.Fuzz(func(t *testing.T, data []byte, text bool) {
		c, _ := s.join(t, map[string]any{"device": uuid.NewString(), "history": 0})
		kind := websocket.TextMessage
		if !text {
			kind = websocket.BinaryMessage
		}
		c.WriteMessage(kind, data)
		c.WriteJSON(map[string]any{"type": "ping"})
		for {
			_, got, err := c.ReadMessage()
			if e, ok := err.(*websocket.CloseError); ok {
				if e.Code != 1003 && e.Code != 1007 && e.Code != 1009 {
					t.Fatalf("closed with %d", e.Code)
				}
				return
			}
			if err != nil {
				t.Fatalf("after %q: %v", data, err)
			}
			if strings.HasPrefix(string(got), `{"type":"pong"`) {
				return
			}
		}
	})
}
