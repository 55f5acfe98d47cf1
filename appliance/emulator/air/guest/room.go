package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"warren/appliance/emulator/air/ask"
)

// room is a phone's page of the chat, as far as it listens and speaks.
type room struct {
	ask.Enter

	mu      sync.Mutex
	conn    *websocket.Conn
	live    bool
	heard   []string
	said    int
	changed chan struct{} // closed at the next change
}

// Enter goes to the chat, and waits until it is there.
func (p *Phone) Enter(e ask.Enter, _ *ask.Nothing) error {
	r := &room{Enter: e, changed: make(chan struct{})}
	p.mu.Lock()
	p.room = r
	p.mu.Unlock()
	go r.stay(&websocket.Dialer{Subprotocols: []string{"warren.v1"}, HandshakeTimeout: requestTime})
	return r.await("to be in the chat", requestTime, func() bool { return r.live })
}

// stay holds a line to the chat for good.
func (r *room) stay(d *websocket.Dialer) {
	for {
		conn, _, err := d.Dial("ws"+strings.TrimPrefix(r.URL, "http")+"websocket", nil)
		if err == nil {
			r.hold(conn)
			conn.Close()
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// hold listens until the line breaks.
func (r *room) hold(conn *websocket.Conn) {
	err := conn.WriteJSON(map[string]any{"type": "hello", "device": "the-phone-of-" + r.Name, "name": r.Name, "history": 100})
	if err != nil {
		return
	}
	for {
		var f struct {
			Type, Why string
			Records   []struct{ Text string }
		}
		if err := conn.ReadJSON(&f); err != nil {
			r.update(func() { r.conn, r.live = nil, false })
			return
		}
		r.update(func() {
			switch f.Type {
			case "welcome":
				r.conn, r.live = conn, true
			case "refused":
				fmt.Printf("%s was refused: %s\n", r.Name, f.Why)
			}
			for _, record := range f.Records {
				r.heard = append(r.heard, record.Text)
			}
		})
	}
}

func (r *room) update(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *room) await(what string, patience time.Duration, holds func() bool) error {
	late := time.After(patience)
	for {
		r.mu.Lock()
		ok, changed := holds(), r.changed
		r.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-late:
			return fmt.Errorf("%s waited %v %s", r.Name, patience, what)
		}
	}
}

// Say says a text.
func (p *Phone) Say(s ask.Say, _ *ask.Nothing) error {
	r := p.inRoom()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return errors.New("it is not in the chat")
	}
	r.said++
	return r.conn.WriteJSON(map[string]any{"type": "say", "ref": fmt.Sprintf("%s-%d", r.Name, r.said), "text": s.Text})
}

// Heard waits until a text was said, and answers how long that took.
func (p *Phone) Heard(h ask.Heard, took *time.Duration) error {
	begun := time.Now()
	r := p.inRoom()
	err := r.await("to hear "+h.Text, h.Patience, func() bool { return slices.Contains(r.heard, h.Text) })
	*took = time.Since(begun)
	return err
}

func (p *Phone) inRoom() *room {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.room
}
