package node

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are looked for below those that Linux gives to outgoing connections
// (32768 and up, ip_local_port_range): while a server is down for a restart, no
// client of anybody's gets its port.
const (
	minPort = 20000
	maxPort = 32767
)

// FreePort returns a port at which nobody listens on 127.0.0.1 now.
func FreePort() (port int, err error) {
	for range 100 {
		port = minPort + rand.IntN(maxPort-minPort+1)
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}
