package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// A way is how a guest comes and goes.
type way struct {
	name string
	go_  func(g *guest) error
}

// ways are all but the rarest: sessions take them in turn.
var ways = []way{
	{"chat, and a close frame", (*guest).part},
	{"chat in plain text", (*guest).plain},
	{"chat, and hang up", (*guest).hangUp},
	{"chat, and reset", (*guest).reset},
	{"hang up in the middle of a frame", (*guest).midFrame},
	{"hang up in the middle of the handshake", (*guest).midHandshake},
	{"reset in the middle of the history", (*guest).midHistory},
	{"stop reading, and reset", (*guest).stall},
	{"a frame that is too big", (*guest).tooBig},
	{"no hello", (*guest).noHello},
	{"too many from one address", (*guest).tooMany},
	{"/basic", (*guest).basic},
}

// silent stays, and says nothing any more: a phone that went out of range.
var silent = way{"out of range", (*guest).vanish}

// guest is somebody who comes and goes once.
type guest struct {
	ctx  context.Context
	addr string // of chatd
	n    int    // which one
}

// from is the address that the guest has: one of 251, a prime, so that each kind
// of guest comes from all of them.
func (g *guest) from() string { return fmt.Sprintf("127.0.1.%d", 1+g.n%251) }

// guestTime bounds what any guest does: on a machine that is busy.
const guestTime = 90 * time.Second

// connect opens a TCP connection from the guest's address.
func (g *guest) connect(from string) (*net.TCPConn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: guestTime}
	conn, err := d.DialContext(g.ctx, "tcp", g.addr)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(guestTime))
	return conn.(*net.TCPConn), nil
}

// open opens a WebSocket.
func (g *guest) open(from, query string, protocols ...string) (*websocket.Conn, *net.TCPConn, error) {
	var tcp *net.TCPConn
	d := websocket.Dialer{Subprotocols: protocols, NetDial: func(string, string) (_ net.Conn, err error) {
		tcp, err = g.connect(from)
		return tcp, err
	}}
	conn, _, err := d.DialContext(g.ctx, "ws://"+g.addr+"/websocket"+query, nil)
	if err != nil {
		return nil, nil, err
	}
	conn.SetReadDeadline(time.Now().Add(guestTime))
	return conn, tcp, nil
}

// join opens a session of the JSON protocol, and waits for its welcome.
func (g *guest) join(history int) (*websocket.Conn, *net.TCPConn, error) {
	conn, tcp, err := g.open(g.from(), "", "warren.v1")
	if err != nil {
		return nil, nil, err
	}
	conn.WriteJSON(map[string]any{"type": "hello", "device": uuid.NewString(), "name": fmt.Sprintf("Guest %d", g.n), "history": history})
	if _, err := await(conn, `"type":"welcome"`); err != nil {
		tcp.Close()
		return nil, nil, fmt.Errorf("wait for the welcome: %w", err)
	}
	return conn, tcp, nil
}

// await reads until a frame holds what.
func await(conn *websocket.Conn, what string) (string, error) {
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return "", err
		}
		if strings.Contains(string(data), what) {
			return string(data), nil
		}
	}
}

// chat joins, says something and waits for its tick.
func (g *guest) chat() (*websocket.Conn, *net.TCPConn, error) {
	conn, tcp, err := g.join(20)
	if err != nil {
		return nil, nil, err
	}
	ref := uuid.NewString()
	conn.WriteJSON(map[string]any{"type": "typing"})
	conn.WriteJSON(map[string]any{"type": "say", "ref": ref, "text": fmt.Sprintf("guest %d was here", g.n)})
	if _, err := await(conn, ref); err != nil {
		tcp.Close()
		return nil, nil, fmt.Errorf("wait for the tick: %w", err)
	}
	return conn, tcp, nil
}

func (g *guest) part() error {
	conn, tcp, err := g.chat()
	if err != nil {
		return err
	}
	defer tcp.Close()
	begun := time.Now()
	conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
	return closedWith(conn, 1000, begun)
}

// linger is how long chatd tries to send a close frame: docs/limits.md. On a
// machine that has no time for that long, the connection ends without.
const linger = 2 * time.Second

var errLate = errors.New("chatd had no time to send a close frame")

// closedWith reads until chatd closes, and returns an error if not with code, or
// not in time after what was done at begun.
func closedWith(conn *websocket.Conn, code int, begun time.Time) error {
	_, err := await(conn, "there is no such text")
	if took := time.Since(begun); websocket.IsCloseError(err, 1006) && took >= linger {
		return errLate
	} else if !websocket.IsCloseError(err, code) {
		return fmt.Errorf("closed with %w after %v, must be with %d", err, took, code)
	}
	return nil
}

func (g *guest) plain() error {
	conn, tcp, err := g.open(g.from(), fmt.Sprintf("?name=Shell%d&history=10", g.n))
	if err != nil {
		return err
	}
	defer tcp.Close()
	text := fmt.Sprintf("shell %d was here", g.n)
	conn.WriteMessage(websocket.TextMessage, []byte(text))
	_, err = await(conn, text)
	return err
}

func (g *guest) hangUp() error {
	_, tcp, err := g.chat()
	if err != nil {
		return err
	}
	return tcp.Close()
}

func (g *guest) reset() error {
	_, tcp, err := g.chat()
	if err != nil {
		return err
	}
	tcp.SetLinger(0)
	return tcp.Close()
}

func (g *guest) midFrame() error {
	_, tcp, err := g.join(0)
	if err != nil {
		return err
	}
	defer tcp.Close()
	_, err = tcp.Write([]byte{0x81, 0xFE, 0x10, 0x00, 1, 2, 3, 4, 'h', 'a', 'l', 'f'}) // 4,096 bytes were promised
	return err
}

func (g *guest) midHandshake() error {
	tcp, err := g.connect(g.from())
	if err != nil {
		return err
	}
	defer tcp.Close()
	_, err = tcp.Write([]byte("GET /websocket HTTP/1.1\r\nHost: loc"))
	return err
}

func (g *guest) midHistory() error {
	conn, tcp, err := g.open(g.from(), "", "warren.v1")
	if err != nil {
		return err
	}
	conn.WriteJSON(map[string]any{"type": "hello", "device": uuid.NewString(), "history": 1000})
	tcp.Read(make([]byte, 512))
	tcp.SetLinger(0)
	return tcp.Close()
}

func (g *guest) stall() error {
	_, tcp, err := g.join(1000)
	if err != nil {
		return err
	}
	pause(g.ctx, rand.N(time.Second))
	tcp.SetLinger(0)
	return tcp.Close()
}

func (g *guest) tooBig() error {
	conn, tcp, err := g.join(0)
	if err != nil {
		return err
	}
	defer tcp.Close()
	begun := time.Now()
	if err := conn.WriteMessage(websocket.TextMessage, make([]byte, 200_000)); err != nil {
		return err
	}
	return closedWith(conn, 1009, begun)
}

func (g *guest) noHello() error {
	conn, tcp, err := g.open(g.from(), "", "warren.v1")
	if err != nil {
		return err
	}
	defer tcp.Close()
	begun := time.Now()
	conn.WriteJSON(map[string]any{"type": "ping"})
	return closedWith(conn, 4200, begun)
}

// tooMany comes from an address on which all seats are taken, and is told so by
// a close code, or by the HTTP status when many are told at once.
func (g *guest) tooMany() error {
	begun := time.Now()
	conn, tcp, err := g.open(crowded, "", "warren.v1")
	if errors.Is(err, websocket.ErrBadHandshake) {
		return nil
	}
	if err != nil {
		return nil // the 65th is reset
	}
	defer tcp.Close()
	return closedWith(conn, 4101, begun)
}

func (g *guest) basic() error {
	tcp, err := g.connect(g.from())
	if err != nil {
		return err
	}
	defer tcp.Close()
	fmt.Fprintf(tcp, "GET /basic HTTP/1.0\r\nHost: localhost\r\n\r\n")
	b := make([]byte, 64<<10)
	n, err := tcp.Read(b)
	if !strings.Contains(string(b[:n]), " 200 OK") {
		return fmt.Errorf("/basic says %.40q, %w", b[:n], err)
	}
	return nil
}

// vanish answers no ping, until chatd gives up.
func (g *guest) vanish() error {
	_, tcp, err := g.chat()
	if err != nil {
		return err
	}
	defer tcp.Close()
	b := make([]byte, 64<<10)
	for { // the kernel's buffers must not be what ends it
		if _, err := tcp.Read(b); errors.As(err, new(net.Error)) && err.(net.Error).Timeout() {
			return fmt.Errorf("chatd has not noticed within %v that a guest is gone", guestTime)
		} else if err != nil {
			return nil
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// fill says what fills a room, as fast as chatd takes it, and waits for all of it.
// Then the number of messages ever said is a multiple of fillRound, if the log
// counts them one by one.
func fill(ctx context.Context, addr string) error {
	g := &guest{ctx: ctx, addr: addr}
	conn, tcp, err := g.join(0)
	if err != nil {
		return err
	}
	defer tcp.Close()
	tcp.SetDeadline(time.Time{})
	conn.SetReadDeadline(time.Time{})
	defer context.AfterFunc(ctx, func() { tcp.Close() })()
	say := func(i int) error {
		return conn.WriteJSON(map[string]any{"type": "say", "ref": fmt.Sprintf("fill-%d", i), "text": "something that people say"})
	}
	var f struct {
		Type, Text string
		Records    []struct {
			Ref    string
			Offset int64
		}
	}
	say(0)
	first, err := await(conn, `"fill-0"`)
	if err == nil {
		err = json.Unmarshal([]byte(first), &f)
	}
	if err != nil {
		return err
	}
	n := fillMessages
	for _, r := range f.Records {
		if r.Ref == "fill-0" {
			n += fillRound - int((r.Offset+fillMessages)%fillRound)
		}
	}
	const window = 200 // on their way at a time
	ahead := make(chan struct{}, window)
	go func() {
		for i := 1; i < n; i++ {
			select {
			case ahead <- struct{}{}:
			case <-ctx.Done():
				return
			}
			if say(i) != nil {
				return
			}
		}
	}()
	for back := 1; back < n; {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("after %d messages: %w", back, err)
		}
		f.Type, f.Records = "", nil
		if err := json.Unmarshal(data, &f); err != nil {
			return err
		}
		if f.Type == "refused" {
			return fmt.Errorf("after %d messages: %s", back, f.Text)
		}
		for _, r := range f.Records {
			if strings.HasPrefix(r.Ref, "fill-") {
				back++
				<-ahead
			}
		}
	}
	return nil
}
