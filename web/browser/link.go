package browser

import (
	"net"
	"sync"
	"testing"
)

// Link is the network between a page and a chatd, as bad as a test wants it. A
// browser's own "offline" does not touch a WebSocket that is open.
type Link struct {
	Addr string // what the page connects to

	target   string
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	state linkState
	pairs map[*pair]bool
}

type linkState int

const (
	linkUp     linkState = iota
	linkCut              // connections are refused
	linkSilent           // connections are made and carry nothing
)

// pair is a connection of the page and the one to chatd that belongs to it.
type pair struct {
	page, chatd net.Conn // chatd is nil while the link is silent
	dead        bool     // nothing goes through any more
}

// NewLink returns a link to the daemon at addr. It ends with the test.
func NewLink(t testing.TB, addr string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{Addr: listener.Addr().String(), target: addr, listener: listener, pairs: make(map[*pair]bool)}
	l.wg.Go(l.accept)
	t.Cleanup(func() {
		listener.Close()
		l.Cut()
		l.wg.Wait()
	})
	return l
}

// URL is where a guest finds the room through the link.
func (l *Link) URL() string { return roomURL(l.Addr) }

// Cut ends all connections, and refuses new ones.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = linkCut
	for p := range l.pairs {
		p.close(0) // at once, as a connection that was lost
	}
}

// Silence lets packets vanish: the connections that are there are dead from now
// on and nobody is told, as when a phone sleeps and the radio forgets it.
func (l *Link) Silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = linkSilent
	for p := range l.pairs {
		p.dead = true
	}
}

// Mend lets new connections through. What was cut or silenced stays so.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = linkUp
}

func (l *Link) accept() {
	for {
		page, err := l.listener.Accept()
		if err != nil {
			return // the test is over
		}
		l.mu.Lock()
		p := &pair{page: page, dead: l.state == linkSilent}
		switch l.state {
		case linkUp:
			if p.chatd, err = net.Dial("tcp", l.target); err != nil {
				p.close(0) // chatd is not there
				break
			}
			l.pairs[p] = true
			l.wg.Go(func() { l.carry(p, p.chatd, p.page) })
			l.wg.Go(func() { l.carry(p, p.page, p.chatd) })
		case linkCut:
			p.close(0)
		case linkSilent:
			l.pairs[p] = true
		}
		l.mu.Unlock()
	}
}

// carry brings what from says to to, and the end of it. In a dead pair not even
// the end gets through.
func (l *Link) carry(p *pair, to, from net.Conn) {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		l.mu.Lock()
		dead := p.dead
		if err != nil && !dead {
			p.close(-1) // what was written before still arrives
			delete(l.pairs, p)
		}
		l.mu.Unlock()
		if err != nil {
			return
		}
		if !dead {
			to.Write(b[:n]) // an error shows at the next read
		}
	}
}

// close closes both connections, as SetLinger explains.
func (p *pair) close(linger int) {
	for _, c := range []net.Conn{p.page, p.chatd} {
		if c != nil {
			c.(*net.TCPConn).SetLinger(linger)
			c.Close()
		}
	}
}
