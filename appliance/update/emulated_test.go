package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/appliance/emulator"
	"warren/appliance/update/protocol"
	"warren/appliance/update/trial"
	"warren/chatd/fanout/rabbitmq/node"
)

// emulated is a card in an emulator.
type emulated struct {
	*testing.T
	*emulator.Machine
	card  *emulator.Card
	ports map[int]int // the same at each start: a sender may be waiting there
}

func newEmulated(t *testing.T, card *emulator.Card) *emulated {
	t.Helper()
	e := &emulated{T: t, card: card, ports: map[int]int{}}
	for _, guest := range []int{emulator.RoomPort, protocol.Port} {
		host, err := node.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		e.ports[guest] = host
	}
	return e
}

// on switches it on, and returns when the update daemon answers.
func (e *emulated) on() {
	e.Helper()
	m, err := emulator.Start(e.Context(), e.card, emulator.Options{Ports: e.ports})
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(m.Cut)
	e.Machine = m
	e.await("the update daemon", func(protocol.Status) bool { return true })
}

// step does a step, and says how long it took.
func (e *emulated) step(name string, do func()) {
	e.Helper()
	if e.Failed() {
		e.Logf("the console's end:\n%s", e.Console()[max(0, len(e.Console())-4<<10):])
		e.FailNow()
	}
	begun := time.Now()
	do()
	e.Logf("%6.1f s  %s", time.Since(begun).Seconds(), name)
}

func (e *emulated) opens() {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), opensIn)
	defer cancel()
	if err := e.Await(ctx, "readyz"); err != nil {
		e.Fatalf("%v; the console's end:\n%s", err, e.Console()[max(0, len(e.Console())-4<<10):])
	}
}

// await waits until the update daemon says what is wanted.
func (e *emulated) await(what string, wanted func(protocol.Status) bool) protocol.Status {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), startsIn)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := e.ask(ctx)
		if err == nil && wanted(s) {
			return s
		}
		select {
		case <-ctx.Done():
			e.Fatalf("waiting for %s: %+v, %v; the console's end:\n%s", what, s, err, e.Console()[max(0, len(e.Console())-4<<10):])
		case <-tick.C:
		}
	}
}

func (e *emulated) ask(ctx context.Context) (s protocol.Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.Address(protocol.Port)+"/", nil)
	if err != nil {
		return s, err
	}
	req.Close = true // it restarts between requests
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	return s, json.NewDecoder(resp.Body).Decode(&s)
}

func (e *emulated) status() protocol.Status {
	e.Helper()
	return e.await("its status", func(protocol.Status) bool { return true })
}

// runs checks what runs, and what became of the last update.
func (e *emulated) runs(root trial.Root, state trial.State) {
	e.Helper()
	s := e.status()
	if s.Root != root || s.OnTrial || s.Last == nil || s.Last.State != state {
		e.Errorf("%+v, %+v", s, s.Last)
	}
}

// sendHalf begins an update as the sender does, and hangs up.
func (e *emulated) sendHalf(file string) {
	e.Helper()
	root, err := os.ReadFile(file)
	if err != nil {
		e.Fatal(err)
	}
	c := e.status().Challenge
	key, err := c.Key(code)
	if err != nil {
		e.Fatal(err)
	}
	ctx, hangUp := context.WithCancel(e.Context())
	defer hangUp()
	body, more := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+e.Address(protocol.Port)+"/root", body)
	if err != nil {
		e.Fatal(err)
	}
	req.ContentLength = int64(len(root))
	protocol.Announcement{Nonce: c.Nonce, SHA256: sha256.Sum256(root), Length: int64(len(root)), Trial: time.Minute}.Set(req.Header, key)
	answer := make(chan string, 1)
	go func() {
		defer close(answer)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			answer <- resp.Status
			resp.Body.Close()
		}
	}()
	if _, err := more.Write(root[:len(root)/2]); err != nil {
		e.Fatal(err)
	}
	hangUp()
	more.CloseWithError(context.Canceled) // or the client waits for the other half
	if status, ok := <-answer; ok {
		e.Errorf("half a system was answered with: %s", status)
	}
}

// says says something in the room, as in the talk, and waits until it is seen.
func (e *emulated) says(text string) {
	e.Helper()
	c := e.joins("")
	defer c.Close()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		e.Fatal(err)
	}
	e.reads(c, text)
}

// hears checks that something was said, in what a new guest is shown.
func (e *emulated) hears(text string) {
	e.Helper()
	c := e.joins("&history=10")
	defer c.Close()
	e.reads(c, text)
}

func (e *emulated) joins(more string) *websocket.Conn {
	e.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(e.Context(), "ws://"+e.Address(emulator.RoomPort)+"/websocket?name=Ada"+more, nil)
	if err != nil {
		e.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(time.Minute))
	return c
}

func (e *emulated) reads(c *websocket.Conn, text string) {
	e.Helper()
	for {
		_, frame, err := c.ReadMessage()
		if err != nil {
			e.Fatalf("waiting for %q: %v", text, err)
		}
		if strings.Contains(string(frame), text) {
			return
		}
	}
}

func (e *emulated) get(page string) string {
	e.Helper()
	resp, err := http.Get(e.URL() + page)
	if err != nil {
		e.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		e.Fatal(err)
	}
	return string(text)
}
