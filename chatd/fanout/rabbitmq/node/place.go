package node

import (
	"fmt"
	"strconv"
	"strings"
)

// place is where a node is among others.
type place struct {
	host    string // address of this machine that it listens at
	name    string // its name in Erlang
	secrets string // folder of the password and of Erlang's cookie, common to those that talk to each other
	port    int    // at which the nodes of a cluster talk to each other, each at its host; 0: it is alone
}

// nodeName also names the folder of the database: it must not change with the
// machine's host name.
const nodeName = "rabbit@localhost"

// tickTime is after how many seconds a node of a cluster that says nothing is
// given up: three quarters to five quarters of it. Until then others wait for
// it, and the room with them. Erlang's own is 60. It stands in the command line
// because RabbitMQ reads net_ticktime in its configuration only where Erlang
// does not run as a node yet.
const tickTime = 10

// alone is a node without others, with its secrets in dir.
func alone(dir string) place { return place{host: "127.0.0.1", name: nodeName, secrets: dir} }

// among is the node number i, from 1, of a cluster with its secrets in dir. All
// of 127.0.0.0/8 is this machine: each node has an address of its own, as if it
// had a machine of its own. So they can all have the same port, and need no
// epmd to look it up.
func among(i int, dir string, port int) place {
	host := fmt.Sprintf("127.0.0.%d", i)
	return place{host: host, name: "rabbit@" + host, secrets: dir, port: port}
}

func (p place) clustered() bool { return p.port != 0 }

// args are those of the Erlang VM. RabbitMQ does not boot without a node name,
// and a node name wants epmd and a port to listen on, unless told so.
func (p place) args() []string {
	if !p.clustered() {
		return []string{"-sname", p.name, "-start_epmd", "false", "-erl_epmd_port", "25672", "-dist_listen", "false"}
	}
	return []string{"-name", p.name, "-start_epmd", "false", "-erl_epmd_port", strconv.Itoa(p.port),
		"-kernel", "inet_dist_use_interface", "{" + strings.ReplaceAll(p.host, ".", ",") + "}",
		"-kernel", "net_ticktime", strconv.Itoa(tickTime)}
}
