package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout/rabbitmq/node"
)

var quick = times{start: 2 * time.Second, stream: time.Second, poll: 20 * time.Millisecond, look: 50 * time.Millisecond, dial: 5 * time.Second}

func TestSilentBroker(t *testing.T) {
	short := quick
	short.start = 100 * time.Millisecond
	never := func() { t.Error("it is said to be up") }
	err := watch(t.Context(), "amqp://a:b@"+closedPort(t), short, never, never, never)
	if !errors.Is(err, errSilent) {
		t.Errorf("%v", err)
	}
}

// TestWatch watches a real node: without the room's log, with it, gone, and
// with another password.
func TestWatch(t *testing.T) {
	n := node.ForTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ups, wells, aways atomic.Int32
	done := make(chan error, 1)
	patient := quick
	patient.start = time.Minute
	go func() {
		done <- watch(ctx, n.URL(), patient, func() { ups.Add(1) }, func() { wells.Add(1) }, func() { aways.Add(1) })
	}()
	eventually(t, "well without a log", func() bool { return ups.Load() == 1 && wells.Load() > 0 })

	conn, err := amqp.Dial(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare(streamName, true, false, false, false, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeStream}); err != nil {
		t.Fatal(err)
	}
	if found, err := findLog(ctx, n.URL(), quick.dial); err != nil || !found {
		t.Errorf("the log: %v, %v", found, err)
	}
	time.Sleep(200 * time.Millisecond)
	seen := wells.Load()
	time.Sleep(300 * time.Millisecond)
	if wells.Load() != seen {
		t.Error("the log is looked at for ever")
	}

	n.Kill()
	eventually(t, "away", func() bool { return aways.Load() == 1 })
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "up again", func() bool { return ups.Load() == 2 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}

	u, err := url.Parse(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), "wrong")
	nothing := func() {}
	if err := watch(t.Context(), u.String(), quick, nothing, nothing, nothing); !errors.Is(err, errRefused) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("%v", err)
	}
}

// TestUpAndWell runs a keeper whose RabbitMQ is a real node, beside a crun that
// only waits.
func TestUpAndWell(t *testing.T) {
	n := node.ForTest(t)
	k, _ := fake(t, "trap 'exit 0' TERM; while :; do sleep 0.01; done")
	k.url = n.URL()
	end := running(t, k)
	is := func(want string) func() bool {
		return func() bool {
			b, _ := os.ReadFile(k.state.path)
			return strings.Contains(string(b), `"`+want+`"`)
		}
	}
	eventually(t, "up", is(up))
	eventually(t, "well", func() bool { version, well := wasWell(k.container.data); return well && version == "4.0.5" })
	eventually(t, "feature flags", func() bool { _, err := os.Stat(k.container.flagsFile()); return err == nil })
	n.Kill()
	eventually(t, "not up", is(starting))
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "up again", is(up))
	end()
	if s := readState(t, k.state.path); s.State != starting || s.Starts != 1 {
		t.Errorf("at the end the state is %+v", s)
	}
}

// TestLogThatIsLost kills a node as soon as it has made the room's log: it
// never finds it again.
func TestLogThatIsLost(t *testing.T) {
	n := node.ForTest(t)
	conn, err := amqp.Dial(n.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare(streamName, true, false, false, false, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeStream}); err != nil {
		t.Fatal(err)
	}
	n.Kill()
	if err := n.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	long := quick
	long.start, long.stream = time.Minute, 5*time.Second
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	nothing := func() {}
	if err := watch(ctx, n.URL(), long, nothing, func() { t.Error("it is said to be well") }, nothing); !errors.Is(err, errStream) {
		t.Errorf("%v", err)
	}
}
