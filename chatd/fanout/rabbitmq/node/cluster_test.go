package node

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func TestCluster(t *testing.T) {
	begin := time.Now()
	c := ClusterForTest(t)
	t.Logf("started in %v", time.Since(begin))
	for i, n := range c.Nodes {
		for _, addr := range listeners(t, n.Pid()) {
			if host := among(i+1, "", 0).host; !slices.Contains([]string{n.addr(), host + ":" + strconv.Itoa(c.port)}, addr) {
				t.Errorf("node %d listens at %s", i+1, addr)
			}
		}
	}
	// What one has made the others have.
	declare(t, c.Nodes[0], false)
	declare(t, c.Nodes[2], true)
	begin = time.Now()
	leader, err := c.Leader(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("node %d leads, asked for in %v", leader+1, time.Since(begin))

	c.Nodes[1].Kill()
	declare(t, c.Nodes[2], true)
	begin = time.Now()
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("one restarted in %v", time.Since(begin))
	declare(t, c.Nodes[1], true)

	dir := c.dir
	c.Stop()
	if _, err := os.Stat(dir); err == nil {
		t.Error("the temporary folder is still there")
	}
	for _, n := range c.Nodes {
		if n.Pid() != 0 {
			t.Errorf("%s still runs", n.place.name)
		}
	}
}

// TestClusterAgain stops a cluster and starts it on the same data, at other
// ports.
func TestClusterAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	dir := t.TempDir()
	for i := range 2 {
		begin := time.Now()
		c, err := StartCluster(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Stop()
		t.Logf("started in %v", time.Since(begin))
		// A stream would take some seconds to be kept, and to be there again.
		with(t, c.Nodes[i], func(ch *amqp.Channel) error {
			if i == 0 {
				return ch.ExchangeDeclare("e", "fanout", true, false, false, false, nil)
			}
			return ch.ExchangeDeclarePassive("e", "fanout", true, false, false, false, nil)
		})
		with(t, c.Nodes[2], func(ch *amqp.Channel) error {
			return ch.ExchangeDeclarePassive("e", "fanout", true, false, false, false, nil)
		})
		c.Stop()
	}
}

// declare makes a stream, or looks for it.
func declare(t *testing.T, n *Node, passive bool) {
	t.Helper()
	with(t, n, func(ch *amqp.Channel) (err error) {
		table := amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeStream}
		if passive {
			_, err = ch.QueueDeclarePassive("s", true, false, false, false, table)
		} else {
			_, err = ch.QueueDeclare("s", true, false, false, false, table)
		}
		return err
	})
}

// with calls do with a channel to a node.
func with(t *testing.T, n *Node, do func(*amqp.Channel) error) {
	t.Helper()
	conn, err := amqp.Dial(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := do(ch); err != nil {
		t.Error(err)
	}
}
