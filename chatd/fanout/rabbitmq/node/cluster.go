package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// clusterSize is how many nodes make a cluster: the least of which one can die.
const clusterSize = 3

// clusterConfig is what docs/cluster.md recommends.
var clusterConfig = []string{
	// A node that does not see the majority closes its doors: chatd goes to
	// another one at once.
	"cluster_partition_handling = pause_minority",
}

// A Cluster is three RabbitMQ nodes that this process started, and that are one
// broker: at 127.0.0.1, 127.0.0.2 and 127.0.0.3, with one port for clients and
// one for each other. They die with this process.
type Cluster struct {
	Nodes []*Node

	in        install
	dir       string
	temporary bool
	port      int // for each other
}

// StartCluster starts a cluster and returns when all nodes answer. Its data and
// secrets are in dir, which is made if missing; empty: in a temporary folder,
// removed by Stop. Ctx bounds the start only. It is for Linux.
func StartCluster(ctx context.Context, dir string) (*Cluster, error) {
	in, err := find("/")
	if err != nil {
		return nil, err
	}
	c := &Cluster{in: in, dir: dir}
	if dir == "" {
		if c.dir, err = os.MkdirTemp("", "warren-cluster-"); err != nil {
			return nil, fmt.Errorf("make a folder for RabbitMQ: %w", err)
		}
		c.temporary = true
	}
	if c.dir, err = filepath.Abs(c.dir); err == nil {
		err = os.MkdirAll(c.dir, 0o700)
	}
	if err == nil {
		err = c.writeCookie()
	}
	if err == nil {
		_, err = readPassword(c.dir) // makes it, before three nodes at once do
	}
	if err != nil {
		c.Stop()
		return nil, fmt.Errorf("make a folder for RabbitMQ: %w", err)
	}
	for range 3 { // as Start
		if err = c.start(ctx); !errors.Is(err, errPortTaken) {
			break
		}
	}
	if err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// writeCookie makes the secret by which Erlang nodes know each other, once.
func (c *Cluster) writeCookie() error {
	path := filepath.Join(c.dir, ".erlang.cookie")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(rand.Text()), 0o400)
}

func (c *Cluster) start(ctx context.Context) (err error) {
	var hosts []string
	for i := range clusterSize {
		hosts = append(hosts, among(i+1, "", 0).host)
	}
	var ports [2]int
	for i := range ports {
		if ports[i], err = freePort(hosts); err != nil {
			return err
		}
	}
	if ports[0] == ports[1] {
		return errPortTaken
	}
	c.port = ports[1]
	c.Nodes = nil
	for i := range clusterSize {
		n := &Node{
			in: c.in, dir: filepath.Join(c.dir, strconv.Itoa(i+1)), port: ports[0],
			more:  Options{Config: slices.Clone(clusterConfig)},
			place: among(i+1, c.dir, c.port),
		}
		if err := os.MkdirAll(n.dir, 0o700); err != nil {
			return fmt.Errorf("make a folder for RabbitMQ: %w", err)
		}
		c.Nodes = append(c.Nodes, n)
	}
	_, err = os.Stat(filepath.Join(c.dir, joinedName))
	joined := err == nil
	if err = restart(ctx, c.Nodes); err == nil && !joined {
		err = c.join(ctx)
	}
	if err != nil {
		c.each((*Node).Kill)
	}
	return err
}

// joinedName is a file that is there when the nodes are a cluster.
const joinedName = "joined"

// join makes one broker of three, as rabbitmqctl's stop_app, join_cluster and
// start_app do. RabbitMQ's own discovery of peers takes seconds in version 3.10,
// and a minute in 4.0 where nodes have no epmd.
func (c *Cluster) join(ctx context.Context) error {
	first := c.Nodes[0].place.name
	for _, n := range c.Nodes[1:] {
		_, err := c.eval(ctx, n, fmt.Sprintf(`Call = fun(M, F, A) -> rpc:call(Node, M, F, A) end, `+
			`ok = Call(rabbit, stop, []), `+
			`{Module, Join} = case Call(code, ensure_loaded, [rabbit_db_cluster]) of `+
			`{module, M} -> {M, join}; _ -> {rabbit_mnesia, join_cluster} end, `+ // since 3.12; before
			`ok = Call(Module, Join, ['%s', disc]), `+
			`ok = Call(rabbit, start, [])`, first))
		if err != nil {
			return fmt.Errorf("join %s to %s: %w", n.place.name, first, err)
		}
	}
	return os.WriteFile(filepath.Join(c.dir, joinedName), nil, 0o600)
}

// Restart starts all nodes again that do not run. It returns when all answer.
func (c *Cluster) Restart(ctx context.Context) error {
	var down []*Node
	for _, n := range c.Nodes {
		if n.Pid() == 0 {
			down = append(down, n)
		}
	}
	return restart(ctx, down)
}

// restart starts nodes at the same time: one may wait for another.
func restart(ctx context.Context, nodes []*Node) error {
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { errs[i] = n.Restart(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Kill ends all nodes as a power cut of the whole house does, less what is
// lost of the disks.
func (c *Cluster) Kill() { c.each((*Node).Kill) }

// Stop lets the nodes end by themselves, kills those that take longer than 10
// seconds, and removes a temporary data folder.
func (c *Cluster) Stop() {
	c.each((*Node).Stop)
	if c.temporary {
		os.RemoveAll(c.dir)
	}
}

func (c *Cluster) each(f func(*Node)) {
	var wg sync.WaitGroup
	for _, n := range c.Nodes {
		wg.Go(func() { f(n) })
	}
	wg.Wait()
}

// URLs returns the AMQP addresses of the nodes, with commas between, beginning
// with that of the node of this index.
func (c *Cluster) URLs(first int) string {
	var urls []string
	for i := range c.Nodes {
		urls = append(urls, c.Nodes[(first+i)%len(c.Nodes)].URL())
	}
	return strings.Join(urls, ",")
}

// Leader returns the index of the node that leads the stream of that name, which
// is the one that writes it; the others copy it. It asks a node that runs.
func (c *Cluster) Leader(ctx context.Context, stream string) (int, error) {
	for _, n := range c.Nodes {
		if n.Pid() == 0 {
			continue
		}
		name, err := c.eval(ctx, n, fmt.Sprintf(`{ok, Q} = rpc:call(Node, rabbit_amqqueue, lookup, `+
			`[{resource, <<"/">>, queue, <<"%s">>}]), `+
			`node(rpc:call(Node, amqqueue, get_pid, [Q]))`, stream))
		if err != nil {
			return 0, err
		}
		for i, n := range c.Nodes {
			if strings.Trim(name, "'") == n.place.name {
				return i, nil
			}
		}
		return 0, fmt.Errorf("find the leader of %s: it is %q", stream, name)
	}
	return 0, fmt.Errorf("find the leader of %s: no node runs", stream)
}

// eval evaluates an Erlang expression, in which Node is n, in a VM of its own
// that is connected to n.
func (c *Cluster) eval(ctx context.Context, n *Node, expression string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(c.in.runtime, "erlexec"), "-noinput", "-hidden", "-name", "ask@127.0.0.1",
		"-start_epmd", "false", "-erl_epmd_port", strconv.Itoa(c.port), "-dist_listen", "false",
		"-eval", fmt.Sprintf(`Node = '%s', io:format("~p", [begin %s end]), halt().`, n.place.name, expression))
	cmd.Env = c.in.env(n.dir, n.place)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s: %w: %s", n.place.name, err, out)
	}
	return string(out), nil
}

// ClusterForTest is ForTest for a cluster.
func ClusterForTest(t testing.TB) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	c, err := StartCluster(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill(); c.Stop() })
	return c
}
