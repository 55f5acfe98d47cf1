package emulator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/chat"
)

// offeredAgain is how many of its own messages a phone says again when it finds
// that the log does not continue what it had seen. At five a second, which is
// what one device may say, it is ten seconds' worth; a power cut takes two.
const offeredAgain = 50

// phone is a guest's. It behaves as the page does (web/connection.js,
// web/outbox.js): it comes back when the line breaks and resumes, has one
// message on its way at a time, and says what is not in the log again, with its
// own ref, in order, and nothing while the exchange is away.
type phone struct {
	name, device, url string

	mu      sync.Mutex
	changed chan struct{} // closed at the next change
	conn    *websocket.Conn
	flying  bool // a message is on its way
	away    bool // the exchange: what is said now would overtake what is offered again
	live    bool // the log was read to its head

	title   string
	epoch   string
	box     string   // how the box that the room runs on is (docs/protocol.md)
	log     []record // what it shows: unbroken
	head    int64
	resumed bool
	mine    []said
	trouble error // something that no phone should see
}

type record struct {
	Offset  int64
	Ref     string
	From    struct{ ID string }
	Text    string
	Picture picture
	chat.Stamp
}

// said is a message of the phone's own.
type said struct {
	ref, text string
	picture   *picture
	there     bool      // as far as the phone knows, it is in the log
	ticked    time.Time // when it was shown as sent, the first time; or zero
}

// picture is one that has been posted, as a message names it.
type picture struct {
	ID string `json:"id"`
	W  int    `json:"w"`
	H  int    `json:"h"`
}

// frame is all that the server may say.
type frame struct {
	Type, Epoch, Title string
	Head               int64
	Resumed, Gap, More bool
	Records            []record
	Ref, Why           string
	Broker, State, Box string
	RetryMS            int `json:"retry_ms"`
}

// newPhone makes a phone that is not yet in the room.
func newPhone(name, url string) *phone {
	return &phone{
		name: name, device: fmt.Sprintf("the-phone-of-%s-as-it-is", name), changed: make(chan struct{}),
		url: "ws" + strings.TrimPrefix(url, "http") + "websocket", head: -1,
	}
}

// join makes a phone that is in the room until the test ends, and waits until it
// has read the log.
func join(t *testing.T, m *Machine, name string) *phone {
	t.Helper()
	p := newPhone(name, m.URL())
	t.Cleanup(p.online(t.Context()))
	p.await(t, "to have read the log", func() bool { return p.live })
	return p
}

// online has the phone keep a line to the room, until stop is called or ctx
// ends. It may be called again then.
func (p *phone) online(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			p.hold(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(300 * time.Millisecond):
			}
		}
	}()
	return func() { cancel(); <-done }
}

// hold calls the room, and listens until the line breaks.
func (p *phone) hold(ctx context.Context) {
	d := websocket.Dialer{Subprotocols: []string{"warren.v1"}, HandshakeTimeout: 10 * time.Second}
	conn, _, err := d.DialContext(ctx, p.url, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	hello := map[string]any{"type": "hello", "device": p.device, "name": p.name, "history": 1000}
	p.mu.Lock()
	if n := len(p.log); n > 0 {
		last := p.log[n-1]
		hello["since"], hello["since_ref"], hello["since_at"], hello["epoch"] = last.Offset, last.Ref, last.Stamp, p.epoch
	}
	p.mu.Unlock()
	if conn.WriteJSON(hello) != nil {
		return
	}
	p.update(func() { p.conn, p.flying, p.live = conn, false, false })
	defer p.update(func() { p.conn, p.live = nil, false })
	for {
		var f frame
		if conn.ReadJSON(&f) != nil {
			return
		}
		p.update(func() { p.hear(f) })
	}
}

// hear takes in a frame. p.mu is held.
func (p *phone) hear(f frame) {
	switch f.Type {
	case "welcome":
		p.title, p.head, p.resumed, p.away, p.box = f.Title, f.Head, f.Resumed, f.Broker == "away", f.Box
		if !f.Resumed {
			p.epoch, p.log = f.Epoch, nil
			for i := max(0, len(p.mine)-offeredAgain); i < len(p.mine); i++ {
				p.mine[i].there = false
			}
		}
	case "log":
		for _, r := range f.Records {
			if n := len(p.log); n > 0 && r.Offset <= p.log[n-1].Offset {
				p.trouble = fmt.Errorf("record %d came after record %d", r.Offset, p.log[n-1].Offset)
			}
			p.log = append(p.log, r)
			p.tick(r.Ref)
		}
	case "broker":
		p.away = f.State == "away"
	case "box":
		p.box = f.State
	case "known":
		p.tick(f.Ref)
	case "refused":
		if f.RetryMS == 0 {
			p.trouble = fmt.Errorf("%s was refused: %s", f.Ref, f.Why)
			return
		}
		time.AfterFunc(time.Duration(f.RetryMS)*time.Millisecond, func() { p.update(func() { p.flying = false }) })
	}
	if !p.live && p.conn != nil && (p.head == -1 || len(p.log) > 0 && p.log[len(p.log)-1].Offset >= p.head) {
		p.live = p.epoch != ""
	}
}

// tick marks a message as sent.
func (p *phone) tick(ref string) {
	i := slices.IndexFunc(p.mine, func(s said) bool { return s.ref == ref })
	if i < 0 {
		return
	}
	if p.mine[i].ticked.IsZero() {
		p.mine[i].ticked = time.Now()
	}
	if !p.mine[i].there {
		p.mine[i].there, p.flying = true, false
	}
}

// update changes the phone, says what is to be said, and tells whoever waits.
func (p *phone) update(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	if p.conn != nil && p.live && !p.away && !p.flying {
		if i := slices.IndexFunc(p.mine, func(s said) bool { return !s.there }); i >= 0 {
			p.flying = true
			p.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
			say := map[string]any{"type": "say", "ref": p.mine[i].ref, "text": p.mine[i].text}
			if p.mine[i].picture != nil {
				say["picture"] = p.mine[i].picture
			}
			p.conn.WriteJSON(say) // if it fails, so will the next read
		}
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// say says a text, now or when the line is up.
func (p *phone) say(text string) { p.sayWith(text, nil) }

// sayWith says a text with a picture that has been posted; nil: with none.
func (p *phone) sayWith(text string, with *picture) {
	p.update(func() {
		ref := fmt.Sprintf("%s-%d", strings.ToLower(p.name), len(p.mine))
		p.mine = append(p.mine, said{ref: ref, text: text, picture: with})
	})
}

// await waits until what holds, which looks at the phone.
func (p *phone) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := time.After(openTime)
	for {
		p.mu.Lock()
		ok, trouble, changed := holds(), p.trouble, p.changed
		p.mu.Unlock()
		if trouble != nil {
			t.Fatalf("%s's phone: %v", p.name, trouble)
		}
		if ok {
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("%s's phone never came %s: %v", p.name, what, t.Context().Err())
		case <-late:
			t.Fatalf("%s's phone never came %s", p.name, what)
		}
	}
}

// awaitText waits until the newest message is this.
func (p *phone) awaitText(t *testing.T, text string) {
	t.Helper()
	p.await(t, fmt.Sprintf("to show %q", text), func() bool { return len(p.log) > 0 && p.log[len(p.log)-1].Text == text })
}

// shows returns what the phone shows.
func (p *phone) shows() []record {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// says returns the phone's own messages.
func (p *phone) says() []said {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mine)
}

// wholeLog reads all that is in the room, as a guest who has just come and
// scrolls up.
func wholeLog(t *testing.T, m *Machine) []record {
	t.Helper()
	p := newPhone("Reader", m.URL())
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), p.url, map[string][]string{"Sec-WebSocket-Protocol": {"warren.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	conn.WriteJSON(map[string]any{"type": "hello", "device": p.device, "name": p.name, "history": 1})
	var log []record
	for head := int64(-2); ; {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			t.Fatalf("read the whole log: %v", err)
		}
		switch f.Type {
		case "welcome":
			if head = f.Head; head == -1 {
				return nil
			}
		case "log":
			if log != nil {
				continue // said just now
			}
			log = f.Records
			conn.WriteJSON(map[string]any{"type": "older", "before": log[0].Offset, "count": 200})
		case "older":
			log = append(f.Records, log...)
			if !f.More || len(f.Records) == 0 {
				return log
			}
			conn.WriteJSON(map[string]any{"type": "older", "before": log[0].Offset, "count": 200})
		case "refused":
			t.Fatalf("read the whole log: %s", f.Why)
		}
	}
}
