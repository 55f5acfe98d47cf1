package rabbitmq

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// proxy stands between a client and the broker. It can cut the client
// off.
type proxy struct {
	t    testing.TB
	to   string
	addr string

	mu     sync.Mutex
	wg     sync.WaitGroup
	l      net.Listener
	conns  map[*proxied]bool
	reject bool
}

type proxied struct {
	client, broker net.Conn
	mu             sync.Mutex // of writes to the client
}

// newProxy returns a proxy to the broker at brokerURL, and its URL.
func newProxy(t testing.TB, brokerURL string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(brokerURL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, to: u.Host, addr: l.Addr().String(), l: l, conns: make(map[*proxied]bool)}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.cut()
		p.wg.Wait()
	})
	u.Host = p.addr
	return p, u.String()
}

func (p *proxy) accept() {
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		broker, err := net.Dial("tcp", p.to)
		if p.reject || err != nil {
			client.Close()
			if err == nil {
				broker.Close()
			}
			p.mu.Unlock()
			continue
		}
		c := &proxied{client: client, broker: broker}
		p.conns[c] = true
		p.mu.Unlock()
		end := func() {
			client.Close()
			broker.Close()
			p.mu.Lock()
			delete(p.conns, c)
			p.mu.Unlock()
		}
		p.wg.Go(func() { defer end(); io.Copy(broker, client) })
		p.wg.Go(func() { defer end(); c.frames() })
	}
}

// frames copies whole frames from the broker to the client.
func (c *proxied) frames() {
	r := bufio.NewReader(c.broker)
	for {
		head := make([]byte, 7)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		rest := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(r, rest); err != nil {
			return
		}
		if c.write(append(head, rest...)) != nil {
			return
		}
	}
}

func (c *proxied) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.client.Write(b)
	return err
}

// cut ends all connections and takes no more until mend.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reject = true
	for c := range p.conns {
		c.client.Close()
		c.broker.Close()
	}
}

func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reject = false
}

// quick changes a broker's URL to one with heartbeats of a second.
func quick(url string) string {
	return url + "?heartbeat=1"
}
