package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"

	"golang.org/x/sync/errgroup"
)

// All connections that there may be are taken, by forty addresses with no more
// than each may have. Who is inside chats on; who comes is reset, until some go.
func TestAllSeatsTaken(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out thousands of connections")
	}
	const inAll, ofOne = 2048 + 512, 64 // docs/limits.md
	chatd := startForTest(t)
	inside, tcp, err := (&guest{ctx: t.Context(), addr: chatd.Addr}).join(0)
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	before, err := chatd.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	// hold opens a connection on which something was asked: it may stay for a
	// minute.
	hold := func(ctx context.Context, from string) (*net.TCPConn, error) {
		conn, err := (&guest{ctx: ctx, addr: chatd.Addr}).connect(from)
		if err != nil {
			return nil, err
		}
		fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			conn.Close()
			return nil, err
		}
		resp.Body.Close()
		return conn, nil
	}
	held := make([]*net.TCPConn, inAll-int(before["warren_connections"]))
	defer func() {
		for _, conn := range held {
			if conn != nil {
				conn.Close()
			}
		}
	}()
	opening, ctx := errgroup.WithContext(t.Context())
	opening.SetLimit(16)
	for i := range held {
		opening.Go(func() (err error) {
			held[i], err = hold(ctx, fmt.Sprintf("127.0.4.%d", 1+i/ofOne))
			return err
		})
	}
	if err := opening.Wait(); err != nil {
		t.Fatalf("not all seats can be taken: %v", err)
	}
	if conn, err := hold(t.Context(), guestAddress); err == nil {
		conn.Close()
		t.Error("there is one seat too many")
	}
	for i := range 5 {
		ref := fmt.Sprint("inside-", i)
		inside.WriteJSON(map[string]any{"type": "say", "ref": ref, "text": "a full house"})
		if _, err := await(inside, ref); err != nil {
			t.Fatalf("who is inside is not served: %v", err)
		}
	}
	full, err := chatd.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	if n := full["warren_connections"]; n != inAll {
		t.Errorf("there are %v connections", n)
	}
	if n := full["warren_connections_dropped_total"]; n != 1 {
		t.Errorf("%v connections were dropped", n)
	}
	t.Logf("%v connections: %v goroutines, %v files, %.0f MB resident", full["warren_connections"], full["go_goroutines"], full["process_open_fds"], full["process_resident_memory_bytes"]/1e6)
	for _, conn := range held {
		conn.Close()
	}
	err = until(t.Context(), func() bool {
		m, err := chatd.Metrics()
		return err == nil && m["warren_connections"] <= before["warren_connections"]
	})
	if err != nil {
		t.Error(err)
	}
	visit(t, chatd)
}
