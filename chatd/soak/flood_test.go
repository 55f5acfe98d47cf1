package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"warren/chatd/process"
)

const (
	floodSize    = 2000            // connections that are held, or tried to be
	floodAddress = "127.0.0.66"    // whence
	guestAddress = "127.0.0.2"     // an innocent
	visits       = 15              // of the innocent, before and during
	retry        = 2 * time.Second // after which a flooder tries again
)

// floods are what one address may do to the room's door. Each takes a
// connection and holds it as long as it can.
var floods = []struct {
	name string
	hold func(conn net.Conn, drip func(string))
}{
	{"WebSockets", func(conn net.Conn, drip func(string)) {
		fmt.Fprint(conn, upgrade+"\r\n")
		io.Copy(io.Discard, conn)
	}},
	{"WebSockets without a hello", func(conn net.Conn, drip func(string)) {
		fmt.Fprint(conn, upgrade+"Sec-WebSocket-Protocol: warren.v1\r\n\r\n")
		io.Copy(io.Discard, conn)
	}},
	{"slow headers", func(conn net.Conn, drip func(string)) {
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
		drip("x")
	}},
	{"slow handshakes", func(conn net.Conn, drip func(string)) {
		fmt.Fprint(conn, upgrade)
		drip("X-Slow: x\r\n")
	}},
	{"slow forms", func(conn net.Conn, drip func(string)) {
		fmt.Fprint(conn, "POST /basic HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\ntext=")
		drip("x")
	}},
	{"requests whose answers are not read", func(conn net.Conn, drip func(string)) {
		conn.(*net.TCPConn).SetReadBuffer(2048)
		fmt.Fprint(conn, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 200))
		drip("")
	}},
	{"TLS", func(conn net.Conn, drip func(string)) {
		fmt.Fprint(conn, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", strings.Repeat("\xA5", 500))
		io.Copy(io.Discard, conn)
	}},
	{"nothing", func(conn net.Conn, drip func(string)) { drip("") }},
}

const upgrade = "GET /websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// While one address does its worst, a guest at another one opens the page,
// joins, says something and sees it, as fast as before, or near to it; and chatd
// spends on the flood what it spends on a few guests.
func TestFloods(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out thousands of connections")
	}
	chatd := startForTest(t)
	first, err := chatd.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range floods {
		t.Run(f.name, func(t *testing.T) {
			calm := visit(t, chatd)
			before, err := chatd.Metrics()
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var flooders sync.WaitGroup
			var tried atomic.Int64
			for i := range floodSize {
				flooders.Go(func() {
					pause(ctx, time.Duration(i)*time.Millisecond/4) // all within half a second
					flood(ctx, chatd.Addr, &tried, f.hold)
				})
			}
			if err := until(ctx, func() bool { return tried.Load() >= floodSize }); err != nil {
				t.Errorf("only %d connections were tried: %v", tried.Load(), err)
			}
			busy := visit(t, chatd)
			during, err := chatd.Metrics()
			cancel()
			flooders.Wait()
			if err != nil {
				t.Fatal(err)
			}
			dropped := during["warren_connections_dropped_total"] - before["warren_connections_dropped_total"]
			t.Logf("a visit takes %v, %v in the flood; of %d connections %v were dropped; %v goroutines, %v files, %.0f MB resident",
				median(calm), median(busy), tried.Load(), dropped, during["go_goroutines"], during["process_open_fds"], during["process_resident_memory_bytes"]/1e6)
			// A guest's connections are a few. A flooder's are 64: 32
			// WebSockets, with two goroutines each, and as many others.
			if c := during["warren_connections"]; c > 64+8 {
				t.Errorf("%v connections are open", c)
			}
			if g := during["go_goroutines"]; g > first.Goroutines+3*64 {
				t.Errorf("there are %v goroutines, and were %v", g, first.Goroutines)
			}
			if n := during["process_open_fds"]; n > first.Files+64+8 {
				t.Errorf("%v files are open, and were %v", n, first.Files)
			}
			refused := during["warren_refused_total"] - before["warren_refused_total"]
			if dropped+refused < floodSize/2 {
				t.Errorf("%v connections were dropped, and %v requests refused: this was no flood", dropped, refused)
			}
			// The flooders work on the same cores as chatd. What a guest
			// does not notice is a quarter of a second.
			if was, is := median(calm), median(busy); is > 3*was+250*time.Millisecond {
				t.Errorf("a visit takes %v, and took %v before", is, was)
			}
		})
	}
	if err := chatd.Empty(t.Context()); err != nil {
		t.Error(err)
	}
	last, err := chatd.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("before: %+v, after: %+v", first, last)
	if last.Goroutines > first.Goroutines+moreGoroutines || last.Files > first.Files+moreFiles {
		t.Errorf("of the floods is left: %+v, it was %+v", last, first)
	}
}

// flood takes a connection and holds it, again and again.
func flood(ctx context.Context, addr string, tried *atomic.Int64, hold func(net.Conn, func(string))) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(floodAddress)}}
	for ctx.Err() == nil {
		conn, err := d.DialContext(ctx, "tcp", addr)
		tried.Add(1)
		if err == nil {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			hold(conn, func(drop string) {
				for ctx.Err() == nil {
					// Whoever was dropped sees it here, or in a second.
					conn.SetReadDeadline(time.Now().Add(time.Second))
					_, err := conn.Read(make([]byte, 1))
					if e, ok := err.(net.Error); err != nil && !(ok && e.Timeout()) {
						return
					}
					if _, err := conn.Write([]byte(drop)); err != nil {
						return
					}
				}
			})
			stop()
			conn.Close()
		}
		pause(ctx, retry)
	}
}

// visit has an innocent guest come and go some times, and returns how long each
// visit took.
func visit(t *testing.T, chatd *Daemon) (took []time.Duration) {
	t.Helper()
	client := &http.Client{Timeout: guestTime, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(guestAddress)}}).DialContext(ctx, network, addr)
		},
	}}
	for range visits {
		begun := time.Now()
		resp, err := client.Get("http://" + chatd.Addr + "/")
		if err != nil {
			t.Fatalf("the page does not open: %v", err)
		}
		page, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), "<html") {
			t.Fatalf("the page is %v, %.80q, %v", resp.Status, page, err)
		}
		g := &guest{ctx: t.Context(), addr: chatd.Addr}
		conn, tcp, err := g.open(guestAddress, "", "warren.v1")
		if err != nil {
			t.Fatalf("no WebSocket: %v", err)
		}
		ref := uuid.NewString()
		conn.WriteJSON(map[string]any{"type": "hello", "device": uuid.NewString()})
		conn.WriteJSON(map[string]any{"type": "say", "ref": ref, "text": "is anybody here?"})
		if _, err := await(conn, ref); err != nil {
			t.Fatalf("what was said does not come: %v", err)
		}
		took = append(took, time.Since(begun))
		tcp.Close()
	}
	return took
}

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2].Round(100 * time.Microsecond)
}

// startForTest runs chatd until the test is over.
func startForTest(t *testing.T, flags ...string) *Daemon {
	t.Helper()
	dir := t.TempDir()
	if err := process.Build(t.Context(), dir, false, process.Chatd); err != nil {
		t.Fatal(err)
	}
	return startBinary(t, filepath.Join(dir, "chatd"), flags...)
}

func startBinary(t *testing.T, bin string, flags ...string) *Daemon {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chatd.log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	chatd, err := StartDaemon(t.Context(), bin, log, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if chatd.Ended() {
			t.Error("chatd has ended by itself")
		}
		chatd.Stop()
		log.Close()
		if err := checkLog(path); err != nil {
			t.Error(err)
		}
	})
	return chatd
}

// A chatd that may open no more files serves who is inside, and everybody once
// there are some again.
func TestNoFilesLeft(t *testing.T) {
	dir := t.TempDir()
	if err := process.Build(t.Context(), dir, false, process.Chatd); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "chatd")
	few := filepath.Join(dir, "few")
	if err := os.WriteFile(few, []byte("#!/bin/sh\nulimit -n 40 && exec "+bin+` "$@"`), 0o700); err != nil {
		t.Fatal(err)
	}
	chatd := startBinary(t, few, "-address-connections", "0", "-connections", "0")
	inside, tcp, err := (&guest{ctx: t.Context(), addr: chatd.Addr}).join(0)
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	var held []net.Conn
	for range 100 { // the kernel takes those that chatd does not
		conn, err := net.Dial("tcp", chatd.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		held = append(held, conn)
	}
	for i := range 5 {
		ref := fmt.Sprint("inside-", i)
		inside.WriteJSON(map[string]any{"type": "say", "ref": ref, "text": "still here"})
		if _, err := await(inside, ref); err != nil {
			t.Fatalf("who is inside is not served: %v", err)
		}
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", chatd.proc.PID))
	if err != nil || len(fds) < 40 {
		t.Errorf("%d files are open, of 40: this was no test (%v)", len(fds), err)
	}
	for _, conn := range held {
		conn.Close()
	}
	visit(t, chatd)
}
