package main

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
)

const (
	// perAddress is how many connections an address may have. A phone that
	// joins asks some things at once, and each of its apps may ask its own.
	perAddress = 16

	// inAll is how many there may be: of the 231 phones that there are
	// addresses for, two each, at some 20 kB.
	inAll = 512
)

// crowd closes connections of which there are too many. Each answer ends its
// connection, so that what is open is being asked.
type crowd struct {
	mu      sync.Mutex
	of      map[netip.Addr]int
	all     int
	refused map[net.Conn]struct{} // closed, but the server has not seen it yet: they are not counted
}

func newCrowd() *crowd {
	return &crowd{of: make(map[netip.Addr]int), refused: make(map[net.Conn]struct{})}
}

// watch is a ConnState of an http.Server.
func (c *crowd) watch(conn net.Conn, state http.ConnState) {
	ap, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return
	}
	addr := ap.Addr().Unmap()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if c.all >= inAll || c.of[addr] >= perAddress {
			c.refused[conn] = struct{}{}
			conn.Close() // the server sees it, and calls with StateClosed
			return
		}
		c.all++
		c.of[addr]++
	case http.StateClosed, http.StateHijacked:
		if _, ok := c.refused[conn]; ok {
			delete(c.refused, conn)
			return
		}
		c.all--
		if c.of[addr]--; c.of[addr] == 0 {
			delete(c.of, addr)
		}
	}
}
