package load

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/fanout/memory"
	"warren/chatd/gateway"
	"warren/chatd/room"
	"warren/chatd/uptime"
)

// TestMain lets the test's own program be the client processes that Run starts.
func TestMain(m *testing.M) {
	Part()
	os.Exit(m.Run())
}

// chatd serves a room in memory and returns the URL of its WebSocket.
func chatd(t *testing.T) string {
	log := slog.New(slog.DiscardHandler)
	theRoom := room.New(memory.New(), uptime.Now, log)
	door := gateway.New(gateway.Config{Room: theRoom, Limits: gateway.Limits{}, Title: "bench", Clock: uptime.Now, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { theRoom.Run(ctx) })
	done.Go(func() { door.Watch(ctx) })
	server := httptest.NewServer(door)
	t.Cleanup(func() {
		door.Shutdown(ctx)
		server.Close()
		cancel()
		done.Wait()
	})
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/websocket"
}

func TestAllComesToAllFromChatd(t *testing.T) {
	url := chatd(t)
	for _, protocol := range []string{"text", "warren"} {
		t.Run(protocol, func(t *testing.T) {
			began, ended := false, false
			r, err := Run(t.Context(), Options{URLs: []string{url}, Protocol: protocol, Clients: 6, Messages: 20, Size: 100, Processes: 2},
				func() { began = true }, func() { ended = true })
			if err != nil {
				t.Fatal(err)
			}
			if r.Expected != 6*6*20 || !r.Whole() || r.Reach != 1 || r.Sent != 6*20 || r.Refused != 0 {
				t.Errorf("not whole: %+v", r)
			}
			if len(r.Closed) > 0 {
				t.Errorf("connections were closed: %v", r.Closed)
			}
			if !began || !ended {
				t.Errorf("begin was called: %v, end: %v", began, ended)
			}
			if r.Wall <= 0 || r.P50 <= 0 || r.P99 < r.P50 || r.Max < r.P99 || r.Max > 1000*r.Wall*1.02+1 {
				t.Errorf("times that cannot be: %+v", r)
			}
			if r.Spread < 1 || r.CPU <= 0 || r.Bytes < 100 {
				t.Errorf("figures that cannot be: %+v", r)
			}
		})
	}
}

func TestFewSendersAtARate(t *testing.T) {
	r, err := Run(t.Context(), Options{URLs: []string{chatd(t)}, Protocol: "warren", Clients: 5, Senders: 2, Messages: 10, Size: 60, Rate: 50}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Expected != 5*2*10 || !r.Whole() {
		t.Errorf("not whole: %+v", r)
	}
	// The 20th of 20 messages at 100 a second is due after 190 ms.
	if r.Wall < 0.19 {
		t.Errorf("it took %.3f s: the schedule was not kept", r.Wall)
	}
}

// brokenServer is a text chat server that does to each message what trouble
// says: a message is given to each of say as often as it is to be sent.
func brokenServer(t *testing.T, trouble func(n int, text string, say func(string))) string {
	type phone struct {
		sync.Mutex
		conn *websocket.Conn
		n    int // messages so far
	}
	var mu sync.Mutex
	var phones []*phone
	var upgrader websocket.Upgrader
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		mu.Lock()
		phones = append(phones, &phone{conn: conn})
		mu.Unlock()
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			mu.Lock()
			for _, p := range phones {
				say := func(text string) { p.conn.WriteMessage(websocket.TextMessage, []byte("ada: "+text)) }
				if strings.Contains(string(data), " 99999 ") { // the signal
					say(string(data))
					continue
				}
				trouble(p.n, string(data), say)
				p.n++
			}
			mu.Unlock()
		}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func TestTroubleIsReported(t *testing.T) {
	const clients, messages, expected = 3, 20, 3 * 3 * 20
	for _, tt := range []struct {
		name    string
		trouble func() func(n int, text string, say func(string))
		want    Result
	}{
		{"none", func() func(int, string, func(string)) {
			return func(_ int, text string, say func(string)) { say(text) }
		}, Result{Received: expected}},
		{"loses one in ten", func() func(int, string, func(string)) {
			return func(n int, text string, say func(string)) {
				if n%10 != 9 {
					say(text)
				}
			}
		}, Result{Received: expected * 9 / 10}},
		{"repeats one in ten", func() func(int, string, func(string)) {
			return func(n int, text string, say func(string)) {
				say(text)
				if n%10 == 9 {
					say(text)
				}
			}
		}, Result{Received: expected, Duplicates: expected / 10}},
		{"makes up a sender", func() func(int, string, func(string)) {
			return func(n int, text string, say func(string)) {
				say(text)
				if n == 0 {
					word, rest, _ := strings.Cut(text, " ")
					run, rest, _ := strings.Cut(rest, " ")
					say(word + " " + run + " 00777" + rest[5:])
				}
			}
		}, Result{Received: expected, Alien: clients}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // each waits for silence; on a busy machine, a short one is none
			r, err := Run(t.Context(), Options{URLs: []string{brokenServer(t, tt.trouble())}, Protocol: "text",
				Clients: clients, Messages: messages, Size: 60, Quiet: 2 * time.Second}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Received != tt.want.Received || r.Duplicates != tt.want.Duplicates || r.OutOfOrder != 0 || r.Alien != tt.want.Alien {
				t.Errorf("got %+v, want %d received, %d twice, %d alien", r, tt.want.Received, tt.want.Duplicates, tt.want.Alien)
			}
			if want := float64(tt.want.Received) / expected; r.Reach != want {
				t.Errorf("reach %.3f, want %.3f", r.Reach, want)
			}
			if r.Whole() != (tt.name == "none") {
				t.Errorf("whole: %v", r.Whole())
			}
		})
	}
}

func TestDisorderIsReported(t *testing.T) {
	// One client, whose messages come in pairs, the second one first.
	held := ""
	url := brokenServer(t, func(n int, text string, say func(string)) {
		if n%2 == 0 {
			held = text
			return
		}
		say(text)
		say(held)
	})
	r, err := Run(t.Context(), Options{URLs: []string{url}, Protocol: "text", Clients: 1, Messages: 20, Size: 60, Quiet: 300 * time.Millisecond}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Received != 20 || r.OutOfOrder != 10 || r.Duplicates != 0 || r.Whole() {
		t.Errorf("got %+v, want 20 received, 10 of them out of order", r)
	}
}

func TestTheWindowIsKept(t *testing.T) {
	url := brokenServer(t, func(n int, text string, say func(string)) {
		if n < 5 {
			say(text)
		}
	})
	r, err := Run(t.Context(), Options{URLs: []string{url}, Protocol: "text", Clients: 2, Messages: 10, Size: 60, Window: 2, Quiet: 200 * time.Millisecond}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent >= 20 {
		t.Errorf("all %d were sent, though a client has 2 on their way at most and most did not come back", r.Sent)
	}
}

func TestNoServer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := Run(t.Context(), Options{URLs: []string{"ws" + strings.TrimPrefix(server.URL, "http")}, Protocol: "text", Clients: 2, Messages: 1, Size: 60}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("the error is %v: it must say what the server answers", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{URLs: []string{"ws://localhost/"}, Protocol: "text", Clients: 3, Messages: 1, Size: 100}
	if o := good; o.complete() != nil || o.Senders != 3 || o.Processes != 1 || o.Window != DefaultWindow(3) {
		t.Errorf("good options: %+v, %v", o, o.complete())
	}
	for want, spoil := range map[string]func(*Options){
		"URL":      func(o *Options) { o.URLs = []string{"http://localhost/"} },
		"protocol": func(o *Options) { o.Protocol = "smoke" },
		"clients":  func(o *Options) { o.Clients = 0 },
		"senders":  func(o *Options) { o.Senders = 4 },
		"bytes":    func(o *Options) { o.Size = MinSize - 1 },
		"rate":     func(o *Options) { o.Rate = -1 },
		"window":   func(o *Options) { o.Window = -1 },
	} {
		o := good
		spoil(&o)
		if err := o.complete(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v", want, err)
		}
	}
}
