package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// seenFor is how long what was read is believed: a phone that is told
	// "sign in" while it chats asks again within a minute.
	seenFor = time.Second

	// maxSockets bounds what is read of a table, in lines of 170 bytes: chatd
	// has at most 2,560 connections, and those that have just ended are in it
	// for a minute.
	maxSockets = 1 << 20
)

// inChat knows which addresses are connected to the chat: whoever scanned its
// address from the wall, or typed it, need not tap Continue. The methods may be
// called concurrently.
type inChat struct {
	port uint16 // the chat's, on this machine

	// tables are the kernel's of TCP connections (proc(5), /proc/net/tcp and
	// tcp6). The second has IPv4 phones, too, if chatd listens on both.
	tables []string

	mu   sync.Mutex
	when time.Time
	seen map[netip.Addr]bool
}

// has reports whether the address is connected to the chat.
func (c *inChat) has(addr netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.when) >= seenFor {
		c.when, c.seen = time.Now(), make(map[netip.Addr]bool)
		for _, path := range c.tables {
			if f, err := os.Open(path); err == nil {
				connected(io.LimitReader(f, maxSockets), c.port, c.seen)
				f.Close()
			}
		}
	}
	return c.seen[addr]
}

// connected adds to seen the IPv4 addresses in a table that have an established
// connection to port.
func connected(table io.Reader, port uint16, seen map[netip.Addr]bool) {
	const established = "01"
	local := fmt.Sprintf(":%04X", port)
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		// sl, local_address, rem_address, st
		f := strings.Fields(lines.Text())
		if len(f) < 4 || f[3] != established || !strings.HasSuffix(f[1], local) {
			continue
		}
		remote, _, _ := strings.Cut(f[2], ":")
		// Words of 32 bits, as they are in this machine's memory; an IPv4
		// address is the last one.
		var word uint32
		if len(remote) < 8 {
			continue
		}
		if _, err := fmt.Sscanf(remote[len(remote)-8:], "%X", &word); err != nil {
			continue
		}
		if len(remote) == 32 && !strings.HasPrefix(remote, mapped) {
			continue
		}
		seen[netip.AddrFrom4([4]byte(binary.NativeEndian.AppendUint32(nil, word)))] = true
	}
}

// mapped begins an IPv4 address in the table for IPv6 (::ffff:0:0/96).
var mapped = fmt.Sprintf("%024X", binary.NativeEndian.Uint32([]byte{0, 0, 0xff, 0xff}))
