package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/chat"
	"warren/chatd/uptime"
)

// Times of a phone. The page's are longer (web/connection.js, web/outbox.js):
// an impatient phone comes back sooner, to a room that is less ready, and
// repeats more.
const (
	connectTime = 5 * time.Second // to reach the room and be welcomed
	pingEvery   = time.Second     // while nothing is heard
	silence     = 4 * time.Second // on the line, after which it is dead
	minAway     = 20 * time.Millisecond
	maxAway     = 400 * time.Millisecond // between two connections
	outAway     = 2 * time.Second        // after the host has sent it out: it does not take the hint
)

// hopping is how often, of four times, a phone that has lost its line takes another
// chatd: most have to be resumed by one that has not sent them what they have.
const hopping = 3

// Phone is a guest's, or a host's. It keeps a line to the room through any of its doors,
// resumes where it was, and says what its owner says again until that is ticked or
// refused (outbox.go), in that order. It does less than the page to save the server: it does not tell
// repeated records from new ones, and what was ticked it never says again. Its
// methods may be called concurrently.
type Phone struct {
	name, device string
	doors        []string // host:port
	// A patient phone is like the page: one message on its way at a time, and
	// none while the exchange is away. An eager one has many, at any time, on
	// one connection, which has to keep their order, too.
	eager  bool
	cookie *http.Cookie // a host's
	wall   bool

	mu      sync.Mutex
	history History
	conn    *websocket.Conn // nil while there is none
	changed chan struct{}   // has a value after something changed
	epoch   string
	last    *Item // the newest shown since the last gap; nil: none
	head    int64 // of the log, at the last welcome
	live    bool  // the log was read to its head
	away    bool  // the exchange
	out     bool  // sent out by the host
	said    int
	pending []*pending
	own     []Item // messages of its own, ticked, the last few
	others  []Item // messages of anybody's, the last few

	door                              int  // of the present or last connection
	hopped                            bool // since the last hello
	connections, hops, resumed, again int
	refused                           map[string]int
}

// remembered is how many messages a phone has at hand, to react to and to edit.
const remembered = 20

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
		changed: make(chan struct{}, 1), refused: make(map[string]int),
		door: rand.IntN(len(doors)),
	}
}

// NewWall returns a wall, which shows the room and is nobody in it.
func NewWall(name string, doors ...string) *Phone {
	p := NewPhone(name, false, doors...)
	p.wall, p.history.Sender = true, ""
	return p
}

// Online keeps a line to the room until ctx ends.
func (p *Phone) Online(ctx context.Context) {
	for ctx.Err() == nil {
		pause := minAway + rand.N(maxAway-minAway)
		if p.hold(ctx, p.doors[p.door]); p.out {
			pause = outAway
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
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
	p.mu.Lock()
	p.record(Event{Kind: Called})
	p.mu.Unlock()
	conn, err := dial(ctx, door, p.cookie)
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
		if err := conn.ReadJSON(&f); err != nil {
			var closed *websocket.CloseError
			p.out = errors.As(err, &closed) && closed.Code == sentOut
			return
		}
		conn.SetReadDeadline(time.Now().Add(silence))
		if p.hear(conn, f) {
			wg.Go(func() { p.speak(conn, over) })
		}
	}
}

// sentOut is the close code of whom the host has sent out.
const sentOut = 4201

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
	hello := map[string]any{"type": "hello", "history": 1000}
	if p.wall {
		hello["wall"] = true
	} else {
		hello["device"], hello["name"] = p.device, p.name
	}
	if p.last != nil {
		hello["since"], hello["epoch"] = p.last.Offset, p.epoch
		if p.last.Ref != "" {
			hello["since_ref"] = p.last.Ref
		}
	}
	return hello
}

func (p *Phone) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn, p.live = nil, false
}

// record notes an event. p.mu is held.
func (p *Phone) record(e Event) {
	e.At, e.Door = uptime.Now().UpMS, p.door
	p.history.Events = append(p.history.Events, e)
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
		for _, item := range f.items() {
			p.show(item)
		}
	case "known":
		p.tick(message, f.Ref)
	case "host":
		p.ruled(f.host())
	case "refused":
		p.refuse(f)
	case "broker":
		p.away = f.State != "up"
	}
	if p.conn != nil && !p.live && p.epoch != "" {
		p.live = p.head == -1 || p.last != nil && p.last.Offset >= p.head
	}
	return welcome
}

func (p *Phone) welcome(conn *websocket.Conn, f frame) {
	p.conn, p.head, p.away = conn, f.Head, f.Broker != "up"
	p.record(Event{Kind: Welcomed, Head: f.Head, Up: !p.away})
	for _, w := range p.pending {
		w.at = time.Time{}
	}
	switch {
	case f.Resumed:
		p.resumed++
		return
	case f.Gap:
		p.record(Event{Kind: Gap})
	}
	p.epoch, p.last = f.Epoch, nil
}

func (p *Phone) show(item Item) {
	p.record(Event{Kind: Shown, Item: item})
	p.last = &item
	if item.Type == message {
		p.others = append(p.others[max(0, len(p.others)+1-remembered):], item)
	}
	if item.Sender == p.history.Sender && item.Ref != "" {
		if item.Type == message {
			p.own = append(p.own[max(0, len(p.own)+1-remembered):], item)
		}
		p.tick(item.Type, item.Ref)
	}
}

// ruled takes in what hosts are told.
func (p *Phone) ruled(h *HostView) {
	p.record(Event{Kind: Hosting, Host: h, Up: !p.away})
	for _, d := range h.Deeds {
		if d.By == p.history.Sender && d.Ref != "" {
			p.tick(d.Verb, d.Ref)
		}
	}
}

// Shown returns the offset of the newest that the phone was shown, -1 if it is not in the room or
// has not all of it.
func (p *Phone) Shown() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.live || p.away || p.last == nil {
		return -1
	}
	return p.last.Offset
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

// nextRef makes an id for what the phone says. p.mu is held.
func (p *Phone) nextRef() string {
	p.said++
	return strconv.Itoa(p.said)
}
