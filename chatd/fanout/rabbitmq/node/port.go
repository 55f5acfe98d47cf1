package node

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are looked for below those that Linux gives to outgoing connections
// (32768 and up, ip_local_port_range): while a server is down for a restart, no
// client of anybody's gets its port.
const (
	minPort = 20000
	maxPort = 32767
)

// FreePort returns a port at which nobody listens on 127.0.0.1 now.
func FreePort() (port int, err error) { return freePort([]string{"127.0.0.1"}) }

// freePort returns a port at which nobody listens on any of the hosts now.
func freePort(hosts []string) (port int, err error) {
	for range 100 {
		port = minPort + rand.IntN(maxPort-minPort+1)
		free := 0
		for _, host := range hosts {
			var l net.Listener
			if l, err = net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err != nil {
				break
			}
			l.Close()
			free++
		}
		if free == len(hosts) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}
