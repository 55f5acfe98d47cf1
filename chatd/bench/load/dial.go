package load

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// handshakeTime is the time for the way in, the opening handshake of RFC 6455
// and that of the protocol: a server may be busy with thousands of others.
const handshakeTime = 30 * time.Second

// dial opens a WebSocket. What came with the answer already is in early. The
// connection has a deadline yet.
func dial(ctx context.Context, u *url.URL, subprotocol string) (conn net.Conn, early []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	}
	var d interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	} = new(net.Dialer)
	if u.Scheme == "wss" {
		d = new(tls.Dialer)
	}
	if conn, err = d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port)); err != nil {
		return nil, nil, err
	}
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if early, err = shakeHands(conn, u, subprotocol); err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, early, nil
}

// shakeHands does the opening handshake (RFC 6455, section 4.1), and returns
// what came after the answer.
func shakeHands(conn net.Conn, u *url.URL, subprotocol string) (early []byte, err error) {
	key := make([]byte, 16)
	rand.Read(key)
	challenge := base64.StdEncoding.EncodeToString(key)
	req := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: u.Host, Path: u.Path, RawQuery: u.RawQuery}, Host: u.Host,
		Header: http.Header{
			"Upgrade":               {"websocket"},
			"Connection":            {"Upgrade"},
			"Sec-WebSocket-Version": {"13"},
			"Sec-WebSocket-Key":     {challenge},
		}}
	if subprotocol != "" {
		req.Header.Set("Sec-WebSocket-Protocol", subprotocol)
	}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("it answers %s", resp.Status)
	}
	sum := sha1.Sum([]byte(challenge + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if resp.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("it does not answer as a WebSocket server does (RFC 6455, section 4.2.2)")
	}
	if got := resp.Header.Get("Sec-WebSocket-Protocol"); got != subprotocol {
		return nil, fmt.Errorf("it chose the subprotocol %q of %q", got, subprotocol)
	}
	early, _ = r.Peek(r.Buffered())
	return early, nil
}
