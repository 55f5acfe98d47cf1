package main

import (
	"fmt"
	"net"
	"sync"
	"time"
)

// A Link is a stretch of network that can be as bad as it gets: everything that
// connects to it goes on to one address. Its methods may be called concurrently.
type Link struct {
	Addr string // where it is entered, host:port on loopback

	target   string
	listener net.Listener
	wg       sync.WaitGroup

	mu       sync.Mutex
	pairs    map[*pair]bool
	stalled  time.Time // until when nothing goes through
	delayed  time.Time // until when everything is late,
	lateness time.Duration
}

// pair is a connection to the link, and the one from it that belongs to it.
type pair struct {
	in, out net.Conn
	over    chan struct{} // closed with them
	once    sync.Once
}

// NewLink returns a link to target, which need not be there yet. Close ends it.
func NewLink(target string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("make a link to %s: %w", target, err)
	}
	l := &Link{Addr: listener.Addr().String(), target: target, listener: listener, pairs: make(map[*pair]bool)}
	l.wg.Go(l.accept)
	return l, nil
}

// Cut resets all connections. New ones go through.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.pairs {
		p.close(0)
	}
}

// Stall lets nothing through for a time: connections stay, and new ones are
// made, but what is sent on them waits.
func (l *Link) Stall(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = later(l.stalled, time.Now().Add(d))
}

// Delay makes everything late for a time.
func (l *Link) Delay(d, lateness time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delayed, l.lateness = later(l.delayed, time.Now().Add(d)), lateness
}

// Close ends the link and what goes over it.
func (l *Link) Close() {
	l.listener.Close()
	l.Cut()
	l.wg.Wait()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l *Link) accept() {
	for {
		in, err := l.listener.Accept()
		if err != nil {
			l.Cut() // what was accepted last
			return
		}
		out, err := net.DialTimeout("tcp", l.target, time.Second) // on loopback: at once or not at all
		if err != nil {
			in.Close()
			continue
		}
		p := &pair{in: in, out: out, over: make(chan struct{})}
		l.mu.Lock()
		l.pairs[p] = true
		l.mu.Unlock()
		l.wg.Go(func() { l.carry(p, out, in) })
		l.wg.Go(func() { l.carry(p, in, out) })
	}
}

// carry brings what from says to to, and the end of it.
func (l *Link) carry(p *pair, to, from net.Conn) {
	defer func() {
		p.close(-1) // what was written before still arrives
		l.mu.Lock()
		delete(l.pairs, p)
		l.mu.Unlock()
	}()
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if !l.hold(p) {
			return
		}
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hold waits until what was read may go on, and reports false if the connection
// was cut meanwhile.
func (l *Link) hold(p *pair) bool {
	for late := false; ; {
		l.mu.Lock()
		wait := time.Until(l.stalled)
		if wait <= 0 && !late && time.Now().Before(l.delayed) {
			wait, late = l.lateness, true
		}
		l.mu.Unlock()
		if wait <= 0 {
			return true
		}
		select {
		case <-time.After(wait):
		case <-p.over:
			return false
		}
	}
}

// close closes both connections, as SetLinger explains.
func (p *pair) close(linger int) {
	p.once.Do(func() {
		close(p.over)
		for _, c := range []net.Conn{p.in, p.out} {
			c.(*net.TCPConn).SetLinger(linger)
			c.Close()
		}
	})
}
