package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/chat"
)

// Times of a phone. The page's are longer (web/connection.js, web/outbox.js):
// an impatient phone comes back sooner, to a room that is less ready, and
// repeats more.
const (
	connectTime = 5 * time.Second // to reach the room and be welcomed
	pingEvery   = time.Second     // while nothing is heard
	silence     = 4 * time.Second // on the line, after which it is dead
	patience    = 5 * time.Second // with a message, after which it is said again
	minAway     = 20 * time.Millisecond
	maxAway     = 400 * time.Millisecond // between two connections
)

// hopping is how often, of four times, a phone that has lost its line takes another
// chatd: most have to be resumed by one that has not sent them what they have.
const hopping = 3

// eagerWindow is how many messages an eager phone has on their way at a time.
const eagerWindow = 20

// Phone is a guest's. It keeps a line to the room through any of its doors,
// resumes where it was, and says its messages again until they are ticked, in
// their order. It does less than the page to save the server: it does not tell
// repeated records from new ones, and what was ticked it never says again. Its
// methods may be called concurrently.
type Phone struct {
	name, device string
	doors        []string // host:port
	// A patient phone is like the page: one message on its way at a time, and
	// none while the exchange is away. An eager one has many, at any time, on
	// one connection, which has to keep their order, too.
	eager bool

	mu      sync.Mutex
	history History
	conn    *websocket.Conn // nil while there is none
	changed chan struct{}   // has a value after something changed
	epoch   string
	last    Message // the newest shown since the last gap; no Ref: none
	head    int64   // of the log, at the last welcome
	live    bool    // the log was read to its head
	away    bool    // the exchange
	said    int
	pending []*pending
	newest  map[string]int // the number of each sender's newest message shown

	door                              int  // of the present or last connection
	hopped                            bool // since the last hello
	connections, hops, resumed, again int
	refused                           map[string]int
}

// pending is a message that is not ticked.
type pending struct {
	ref, text string
	at        time.Time // when it was said on this connection; zero: not yet
	said      bool      // on any
}

// NewPhone returns a phone that is not in the room.
func NewPhone(name string, eager bool, doors ...string) *Phone {
	device := "the-phone-of-" + name + "-as-it-is"
	sender, err := chat.PersonID(device)
	if err != nil {
		panic(err) // a name with a space in it
	}
	return &Phone{
		name: name, device: device, doors: doors, eager: eager,
		history: History{Phone: name, Sender: sender},
		changed: make(chan struct{}, 1), newest: make(map[string]int), refused: make(map[string]int),
		door: rand.IntN(len(doors)),
	}
}

// Say writes a message.
func (p *Phone) Say() {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := Message{Ref: strconv.Itoa(p.said), Text: fmt.Sprintf("%s says %d", p.name, p.said)}
	p.said++
	p.history.Events = append(p.history.Events, Event{Said, m})
	p.pending = append(p.pending, &pending{ref: m.Ref, text: m.Text})
	p.signal()
}

// Online keeps a line to the room until ctx ends.
func (p *Phone) Online(ctx context.Context) {
	for ctx.Err() == nil {
		p.hold(ctx, p.doors[p.door])
		select {
		case <-ctx.Done():
		case <-time.After(minAway + rand.N(maxAway-minAway)):
		}
		if rand.IntN(4) < hopping {
			p.hop()
		}
	}
}

// hop has the phone call the next door.
func (p *Phone) hop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.door = (p.door + 1) % len(p.doors)
	p.hopped = true
}

// hold calls the room and listens until the line breaks.
func (p *Phone) hold(ctx context.Context, door string) {
	conn, err := dial(ctx, door)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if p.write(conn, p.hello()) != nil {
		return
	}
	over := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(over)
	defer p.leave()
	conn.SetReadDeadline(time.Now().Add(connectTime))
	for {
		var f frame
		if conn.ReadJSON(&f) != nil {
			return
		}
		conn.SetReadDeadline(time.Now().Add(silence))
		if p.hear(conn, f) {
			wg.Go(func() { p.speak(conn, over) })
		}
	}
}

func (p *Phone) write(conn *websocket.Conn, v any) error {
	conn.SetWriteDeadline(time.Now().Add(silence))
	return conn.WriteJSON(v)
}

func (p *Phone) hello() map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connections++
	if p.hopped {
		p.hops++
		p.hopped = false
	}
	hello := map[string]any{"type": "hello", "device": p.device, "name": p.name, "history": 1000}
	if p.last.Ref != "" {
		hello["since"], hello["since_ref"], hello["epoch"] = p.last.Offset, p.last.Ref, p.epoch
	}
	return hello
}

func (p *Phone) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn, p.live = nil, false
}

// hear takes in a frame, and reports whether it was the welcome.
func (p *Phone) hear(conn *websocket.Conn, f frame) (welcome bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.signal()
	switch f.Type {
	case "welcome":
		p.welcome(conn, f)
		welcome = true
	case "log":
		for _, m := range f.messages() {
			p.show(m)
		}
	case "known":
		p.tick(f.Ref)
	case "refused":
		p.refused[f.Why]++
		conn.Close() // a phone that stands no refusal: it says all again
	case "broker":
		p.away = f.State != "up"
	}
	if p.conn != nil && !p.live && p.epoch != "" {
		p.live = p.head == -1 || p.last.Ref != "" && p.last.Offset >= p.head
	}
	return welcome
}

func (p *Phone) welcome(conn *websocket.Conn, f frame) {
	p.conn, p.head, p.away = conn, f.Head, f.State == "away"
	for _, w := range p.pending {
		w.at = time.Time{}
	}
	switch {
	case f.Resumed:
		p.resumed++
		return
	case f.Gap:
		p.history.Events = append(p.history.Events, Event{Kind: Gap})
	}
	p.epoch, p.last = f.Epoch, Message{}
}

func (p *Phone) show(m Message) {
	p.history.Events = append(p.history.Events, Event{Shown, m})
	p.last = m
	if n, err := strconv.Atoi(m.Ref); err == nil {
		p.newest[m.Sender] = max(p.newest[m.Sender], n+1)
	}
	if m.Sender == p.history.Sender {
		p.tick(m.Ref)
	}
}

func (p *Phone) tick(ref string) {
	if i := slices.IndexFunc(p.pending, func(w *pending) bool { return w.ref == ref }); i >= 0 {
		p.pending = slices.Delete(p.pending, i, i+1)
		p.history.Events = append(p.history.Events, Event{Ticked, Message{Ref: ref}})
	}
}

// speak says what waits, and asks whether anybody is there, until the line
// breaks.
func (p *Phone) speak(conn *websocket.Conn, over <-chan struct{}) {
	defer conn.Close() // if it ends by itself, wakes the listener
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		for _, say := range p.next() {
			if p.write(conn, map[string]any{"type": "say", "ref": say.ref, "text": say.text}) != nil {
				return
			}
		}
		select {
		case <-over:
			return
		case <-p.changed:
		case <-ping.C:
			if p.write(conn, map[string]any{"type": "ping"}) != nil {
				return
			}
		}
	}
}

// next returns what is to be said now.
func (p *Phone) next() (says []pending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	window := 1
	if p.eager {
		window = eagerWindow
	} else if p.away {
		return nil
	}
	if !p.live {
		return nil
	}
	now := time.Now()
	for _, w := range p.pending[:min(window, len(p.pending))] {
		if now.Sub(w.at) > patience {
			if w.said {
				p.again++
			}
			w.at, w.said = now, true
			says = append(says, *w)
		}
	}
	return says
}

// signal tells speak. p.mu is held.
func (p *Phone) signal() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// Count returns how many messages were said on the phone.
func (p *Phone) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// Waiting returns how many messages of the phone's are not ticked.
func (p *Phone) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.pending)
}

// Has reports whether the phone is in the room and has been shown as many messages of each sender as counts says.
func (p *Phone) Has(counts map[string]int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.live || p.away {
		return false
	}
	for sender, n := range counts {
		if p.newest[sender] < n {
			return false
		}
	}
	return true
}

// Recorded returns what happened to the phone.
func (p *Phone) Recorded(stayed bool) History {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.history
	h.Events = slices.Clone(h.Events)
	h.Stayed = stayed
	return h
}
