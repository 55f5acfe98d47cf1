package gateway

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
)

// shut is an exchange that is reached when it is opened. Before, its log is not read,
// or, if begun, read, and nobody knows whether that was all.
type shut struct {
	*memory.Exchange
	begun  bool
	opened chan struct{}
	read   chan struct{} // closed when the daemon is as far as it gets

	mu       sync.Mutex
	whispers strings.Builder // what other daemons are told
}

func (x *shut) Whisper(body []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.whispers.Write(body)
}

func (x *shut) Run(ctx context.Context, back int, h fanout.Handler) error {
	if !x.begun {
		close(x.read)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-x.opened:
		}
	}
	return x.Exchange.Run(ctx, back, &doorway{h, ctx, x, x.begun})
}

func (x *shut) open() { close(x.opened) }

// doorway holds back that the exchange is reached.
type doorway struct {
	fanout.Handler
	ctx  context.Context
	x    *shut
	shut bool
}

func (d *doorway) State(s fanout.State, why string) {
	if d.shut {
		close(d.x.read)
		select {
		case <-d.ctx.Done():
			return
		case <-d.x.opened:
		}
		d.shut = false
	}
	d.Handler.State(s, why)
}

// unread runs test with a daemon that has not read its log, at each point of a start. The log is
// what evening has made of it at another daemon; epoch is its name.
func unread(t *testing.T, evening func(t *testing.T, s *testServer), test func(t *testing.T, s *testServer, x *shut, epoch string)) {
	for name, begun := range map[string]bool{"before the exchange is reached": false, "while the log is read": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &shut{Exchange: memory.New(), begun: begun, opened: make(chan struct{}), read: make(chan struct{})}
			before := serveHostOn(t, x.Exchange, testCode, unlimited)
			evening(t, before)
			epoch := before.room.Epoch()
			before.stop()
			s := serveHostOn(t, x, testCode, unlimited)
			<-x.read
			test(t, s, x, epoch)
		})
	}
}

// newDevice returns a device's secret, and who that is.
func newDevice(t *testing.T) (device, id string) {
	t.Helper()
	device = uuid.NewString()
	id, err := chat.PersonID(device)
	if err != nil {
		t.Fatal(err)
	}
	return device, id
}

// readerOf is a browser without JavaScript, on a device.
func readerOf(t *testing.T, s *testServer, device string) *reader {
	t.Helper()
	r := newReader(t, s)
	r.Jar, _ = cookiejar.New(nil)
	address, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	r.Jar.SetCookies(address, []*http.Cookie{{Name: deviceCookie, Value: device}})
	return r
}

// post says something, and returns the answer's status and page.
func (r *reader) post(name, text string) (status int, page string) {
	r.t.Helper()
	resp, err := r.PostForm(r.url, url.Values{"ref": {uuid.NewString()}, "name": {name}, "text": {text}})
	page = r.read(resp, err)
	return resp.StatusCode, page
}

// texts returns all messages in a log, whoever may see them.
func texts(t *testing.T, x fanout.Exchange) (all []string) {
	t.Helper()
	for from := int64(0); ; {
		recs, err := x.Read(t.Context(), from, 1<<40, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) == 0 {
			return all
		}
		for _, rec := range recs {
			if m, err := chat.MessageOf(rec); err == nil {
				all = append(all, m.Text)
			}
		}
		from = recs[len(recs)-1].Offset + 1
	}
}

// Before the log is read nobody knows who is muted, and whether the room is
// locked: so nothing that anybody says or does by whichever door gets into the log.
func TestNothingIsSaidBeforeTheLogIsRead(t *testing.T) {
	device, id := newDevice(t)
	unread(t, func(t *testing.T, s *testServer) {
		eve, _ := s.join(t, map[string]any{"device": device, "name": "Eve"})
		eve.said("hello, I am Eve")
		host, _ := s.joinHost(t, nil)
		host.rule("mute", map[string]any{"who": id, "name": "Eve"})
		host.rule("lock", nil)
	}, func(t *testing.T, s *testServer, x *shut, epoch string) {
		page := readerOf(t, s, device)
		resp, err := page.Get(page.url)
		if html := page.read(resp, err); strings.Contains(html, "<textarea") || !strings.Contains(html, "being read") || strings.Contains(html, "hello, I am Eve") {
			t.Errorf("the page without JavaScript is %s", html)
		}
		if status, html := page.post("Eve", "I am back"); status != http.StatusServiceUnavailable || strings.Contains(html, "<textarea") {
			t.Errorf("a post is answered with %d and %s", status, html)
		}
		plain := s.dial(t, "?device="+device)
		plain.WriteMessage(1, []byte("I am back"))
		if got := plain.text(); !strings.HasPrefix(got, notice) || !strings.Contains(got, "Try again in a moment") {
			t.Errorf("the plain protocol says %q", got)
		}
		raw, w := s.join(t, map[string]any{"device": device})
		if w.Epoch != "" || w.Head != -1 || w.Broker != "away" {
			t.Errorf("the welcome is %+v", w)
		}
		host, _ := s.joinHost(t, nil)
		for _, try := range []struct {
			c      *client
			kind   string
			fields map[string]any
		}{
			{raw, "say", map[string]any{"text": "I am back"}},
			{raw, "say", map[string]any{"text": "I am back", "since": 0, "epoch": epoch}},
			{raw, "react", map[string]any{"to": 0, "emoji": "👍"}},
			{raw, "edit", map[string]any{"to": 0, "text": "I am back"}},
			{raw, "delete", map[string]any{"to": 0}},
			{host, "say", map[string]any{"text": "I am the host"}},
			{host, "host", map[string]any{"verb": "clear"}},
			{host, "host", map[string]any{"verb": "erase"}},
		} {
			if f := try.c.refused(try.kind, try.fields); f.Why != "away" || f.RetryMS <= 0 || f.Text == "" {
				t.Errorf("%s %v is answered with %+v", try.kind, try.fields, f)
			}
		}
		if all := texts(t, x); len(all) != 1 {
			t.Errorf("the log holds %q", all)
		}
		x.open()
		for _, c := range []*client{raw, host} {
			if code, _ := c.closed(); code != 4002 {
				t.Errorf("who came before is closed with %d when it is read", code)
			}
		}
		if html := page.read(page.Get(page.url)); !strings.Contains(html, "Only the host may write now.") {
			t.Errorf("afterwards the page without JavaScript is %s", html)
		}
		plain.WriteMessage(1, []byte("I am back"))
		if got := plain.text(); got != "* Only hosts may write now." {
			t.Errorf("afterwards the plain protocol says %q", got)
		}
	})
}

// Who was sent out comes in by no door, before the log is read or after.
func TestWhoWasSentOutDoesNotComeInDuringAStart(t *testing.T) {
	device, id := newDevice(t)
	unread(t, func(t *testing.T, s *testServer) {
		eve, _ := s.join(t, map[string]any{"device": device, "name": "Eve"})
		eve.said("hello")
		host, _ := s.joinHost(t, nil)
		host.rule("kick", map[string]any{"who": id, "name": "Eve"})
		eve.closed()
	}, func(t *testing.T, s *testServer, x *shut, epoch string) {
		plain := s.dial(t, "?name=Eve&device="+device)
		fresh, back := s.dial(t, "", Subprotocol), s.dial(t, "", Subprotocol)
		fresh.send(map[string]any{"type": "hello", "device": device, "name": "Eve"})
		back.send(map[string]any{"type": "hello", "device": device, "name": "Eve", "since": 0, "epoch": epoch})
		if !x.begun { // else the kick has been read already, and she may be told
			fresh.next("welcome")
			back.next("welcome")
			s.awaitSessions(t, 3)
			for _, kind := range []string{"typing", "ping"} {
				fresh.send(map[string]any{"type": kind})
			}
			fresh.next("pong")
		}
		ada, _ := s.join(t, map[string]any{"name": "Ada"})
		if p := ada.next("presence"); p.Count != 0 || p.People == nil {
			t.Errorf("before it is known whether she may, here are %+v", p)
		}
		x.open()
		for name, c := range map[string]*client{"the plain protocol": plain, "who resumes": back} {
			if code, last := c.closed(); code != 4201 {
				t.Errorf("%s is closed with %d after %s", name, code, last)
			}
		}
		if code, last := fresh.closed(); code != 4201 && code != 4002 { // or has to say hello once more
			t.Errorf("who came anew is closed with %d after %s", code, last)
		}
		ada.closed()
		if text := ada.seen.String(); strings.Contains(text, "Eve") || strings.Contains(text, "typing") {
			t.Errorf("another guest was told of who was sent out: %s", text)
		}
		x.mu.Lock()
		if text := x.whispers.String(); strings.Contains(text, "Eve") {
			t.Errorf("other daemons were told of who was sent out: %s", text)
		}
		x.mu.Unlock()
		for _, hello := range []map[string]any{{"device": device}, {"device": device, "since": 0, "epoch": epoch}} {
			again := s.dial(t, "", Subprotocol)
			hello["type"] = "hello"
			again.send(hello)
			if code, last := again.closed(); code != 4201 {
				t.Errorf("with %v she is closed with %d after %s", hello, code, last)
			}
		}
		page := readerOf(t, s, device)
		if status, html := page.post("Eve", "I am back"); status != http.StatusForbidden {
			t.Errorf("a post is answered with %d and %s", status, html)
		}
		if all := texts(t, x); len(all) != 1 {
			t.Errorf("the log holds %q", all)
		}
	})
}

// While a running daemon reads the log afresh it knows no mute: names are not told by
// themselves then.
func TestNamesWhileTheLogIsReadAfresh(t *testing.T) {
	_, s, l := serveLate(t)
	device, id := newDevice(t)
	eve, w := s.join(t, map[string]any{"device": device, "name": "Eve"})
	host, _ := s.joinHost(t, nil)
	host.rule("mute", map[string]any{"who": id, "name": "Eve"})
	const shout = "THE HOST IS AN IDIOT"
	eve.send(map[string]any{"type": "name", "name": shout})
	eve.presenceWith(shout)
	tail := s.room.Tail()
	l.calls <- func(h fanout.Handler) { h.Reset(w.Epoch, nil) }
	s.await(t, "a log that is read afresh", func() bool { return !s.room.Known() })
	eve.send(map[string]any{"type": "name", "name": shout + "!"})
	eve.next("you")
	ada, _ := s.join(t, map[string]any{"name": "Ada"})
	if p := ada.next("presence"); strings.Contains(ada.seen.String(), shout) {
		t.Errorf("a newcomer is told %+v", p)
	}
	recs, err := l.Read(t.Context(), 0, 1<<40, 1000)
	if err != nil {
		t.Fatal(err)
	}
	l.calls <- func(h fanout.Handler) { h.Deliver(recs); h.State(fanout.Up, "") }
	s.await(t, "the end of the log", s.room.Known)
	bob, _ := s.join(t, map[string]any{"name": "Bob"})
	for p := bob.next("presence"); p.Count < 2; p = bob.next("presence") {
	}
	for e := tail; e != nil; e = e.Next() {
		if e.For(w.You.ID, false) && !e.For("", false) {
			continue // hers alone
		}
		if e.Presence != nil {
			for _, p := range e.Presence.People {
				if strings.HasPrefix(p.Name, shout) {
					t.Errorf("all are told %+v", e.Presence)
				}
			}
		}
	}
	if strings.Contains(bob.seen.String(), shout) {
		t.Errorf("afterwards a newcomer is told %s", &bob.seen)
	}
}

// presenceWith reads until somebody of that name is here.
func (c *client) presenceWith(name string) serverFrame {
	c.t.Helper()
	for {
		f := c.next("presence")
		for _, p := range f.People {
			if p.Name == name {
				return f
			}
		}
	}
}
