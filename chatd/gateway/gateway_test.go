package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/room"
	"warren/chatd/uptime"
)

// waitFor is how long a test waits for what must happen. Reaching it is a
// failure, so it costs no time when all is well.
const waitFor = 20 * time.Second

// testServer is a gateway on a room of its own.
type testServer struct {
	*httptest.Server
	gateway *Gateway
	room    *room.Room
	url     string // of the server, or of a proxy before it
	stop    func() // ends the daemon, and its clients; called once more it does nothing
	clients []*websocket.Conn
}

// unlimited is for tests that are not about limits.
var unlimited = Limits{}

func serve(t testing.TB, limits Limits) *testServer {
	return serveOn(t, memory.New(), limits)
}

func serveOn(t testing.TB, x fanout.Exchange, limits Limits, more ...func(*Config)) *testServer {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	theRoom := room.New(x, uptime.Now, log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- theRoom.Run(ctx) }()
	config := Config{Room: theRoom, Limits: limits, Title: "rabbit", Version: "test", Clock: uptime.Now, Log: log}
	for _, change := range more {
		change(&config)
	}
	g := New(config)
	watched := make(chan struct{})
	go func() { defer close(watched); g.Watch(ctx) }()
	server := httptest.NewServer(g)
	s := &testServer{Server: server, gateway: g, room: theRoom, url: server.URL}
	s.stop = sync.OnceFunc(func() {
		for _, c := range s.clients {
			c.Close()
		}
		s.Close()
		partCtx, stop := context.WithTimeout(context.Background(), waitFor)
		defer stop()
		if err := g.Shutdown(partCtx); err != nil {
			t.Errorf("sessions did not end: %v", err)
		}
		cancel()
		<-watched
		if err := <-done; err != nil {
			t.Errorf("the room ended with %v", err)
		}
	})
	t.Cleanup(s.stop)
	if _, ok := x.(*memory.Exchange); ok {
		s.awaitUp(t) // whoever comes before would be asked to come again
	}
	return s
}

// client is a test's end of a WebSocket.
type client struct {
	t *testing.T
	*websocket.Conn
	seen bytes.Buffer // all that next has read
}

// dial opens a WebSocket of the plain protocol, or the one named.
func (s *testServer) dial(t *testing.T, query string, subprotocols ...string) *client {
	t.Helper()
	return s.dialWith(t, query, nil, subprotocols...)
}

// dialWith is dial with a header, such as a browser's cookies.
func (s *testServer) dialWith(t *testing.T, query string, header http.Header, subprotocols ...string) *client {
	t.Helper()
	d := websocket.Dialer{Subprotocols: subprotocols, HandshakeTimeout: waitFor}
	conn, resp, err := d.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/websocket"+query, header)
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, resp)
	}
	s.clients = append(s.clients, conn)
	conn.SetReadDeadline(time.Now().Add(waitFor))
	if len(subprotocols) > 0 && conn.Subprotocol() != subprotocols[0] {
		t.Fatalf("subprotocol is %q", conn.Subprotocol())
	}
	return &client{t: t, Conn: conn}
}

// serverFrame is any frame from the server.
type serverFrame struct {
	Type    string
	You     chat.Person
	Epoch   string
	Head    int64
	Resumed bool
	Gap     bool
	Broker  string
	Box     string
	State   string
	Records []record
	More    bool
	Before  int64
	Ref     string
	Why     string
	Text    string
	RetryMS int64 `json:"retry_ms"`
	Offset  int64
	Count   int
	People  []chat.Person
	From    chat.Person
	Code    int
	Now     chat.Stamp

	Host bool
	Room roomState
	roomState
	Muted []chat.Person
	Words []string
	Deeds []chat.Done
}

type roomState struct {
	Title      string
	Pin        *chat.Pinned
	Slow       int
	Locked     bool
	Off        bool
	Notice     string
	NoPictures bool `json:"no_pictures"`
	Erased     bool
	Clocks     map[string]int64
}

type record struct {
	Offset int64
	Ref    string
	From   chat.Person
	Text   string
	Boot   string
	UpMS   int64  `json:"up_ms"`
	Reply  *int64 `json:"reply_to"`

	Type    string
	To      *int64
	Emoji   string
	Undo    bool
	Edited  bool
	Gone    string
	Picture *chat.Picture
	Record  *record
}

// join opens a session of the JSON protocol and returns its welcome.
func (s *testServer) join(t *testing.T, hello map[string]any) (*client, serverFrame) {
	t.Helper()
	return s.joinWith(t, nil, hello)
}

// joinWith is join with a header.
func (s *testServer) joinWith(t *testing.T, header http.Header, hello map[string]any) (*client, serverFrame) {
	t.Helper()
	c := s.dialWith(t, "", header, Subprotocol)
	h := map[string]any{"type": "hello", "device": uuid.NewString()}
	for k, v := range hello {
		h[k] = v
	}
	c.send(h)
	return c, c.next("welcome")
}

func (c *client) send(v any) {
	c.t.Helper()
	if err := c.WriteJSON(v); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

func (c *client) say(ref, text string) {
	c.t.Helper()
	c.send(map[string]any{"type": "say", "ref": ref, "text": text})
}

// next returns the next frame of one of the types, and passes over others.
func (c *client) next(types ...string) serverFrame {
	c.t.Helper()
	for {
		_, data, err := c.ReadMessage()
		if err != nil {
			c.t.Fatalf("waiting for %v: %v", types, err)
		}
		c.seen.Write(data)
		var f serverFrame
		if err := json.Unmarshal(data, &f); err != nil {
			c.t.Fatalf("server sent %.200q: %v", data, err)
		}
		for _, want := range types {
			if f.Type == want {
				return f
			}
		}
	}
}

// records reads log frames until it has n records.
func (c *client) records(n int) (recs []record) {
	c.t.Helper()
	for len(recs) < n {
		recs = append(recs, c.next("log").Records...)
	}
	return recs
}

// closed reads until the server closes, and returns the close code.
func (c *client) closed() (code int, last string) {
	c.t.Helper()
	for {
		_, data, err := c.ReadMessage()
		if err == nil {
			last = string(data)
			continue
		}
		if e, ok := err.(*websocket.CloseError); ok {
			return e.Code, last
		}
		c.t.Fatalf("waiting for a close frame: %v", err)
	}
}

func (c *client) text() string {
	c.t.Helper()
	_, data, err := c.ReadMessage()
	if err != nil {
		c.t.Fatalf("waiting for a text: %v", err)
	}
	return string(data)
}

func (s *testServer) get(t *testing.T, path string, edit func(*http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}
