package gateway

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
	"warren/chatd/fanout/rabbitmq"
	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/uptime"
)

// N phones say M messages each, some of them losing their connection again and
// again: every phone sees every message exactly once, each sender's in order,
// and all phones see one and the same order.
const (
	deliveryPhones     = 50
	deliveryMessages   = 40
	deliveryReconnects = 10 // of the phones
)

func TestDelivery(t *testing.T) {
	for _, exchange := range exchanges {
		t.Run(exchange.name, func(t *testing.T) { deliver(t, serveOn(t, exchange.make(t), unlimited)) })
	}
}

// exchanges are those that a room may be on.
var exchanges = []struct {
	name string
	make func(*testing.T) fanout.Exchange
}{
	{"memory", func(*testing.T) fanout.Exchange { return memory.New() }},
	{"rabbitmq", func(t *testing.T) fanout.Exchange {
		x, err := rabbitmq.New(node.ForTest(t).URL(), rabbitmq.Options{Stamp: uptime.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}},
}

func deliver(t *testing.T, s *testServer) {
	s.awaitUp(t)
	var phones [deliveryPhones]*deliveryPhone
	var joined, done sync.WaitGroup
	for i := range phones {
		p := &deliveryPhone{device: uuid.NewString(), since: -1, flaky: i < deliveryReconnects, url: "ws" + strings.TrimPrefix(s.URL, "http") + "/websocket"}
		phones[i] = p
		joined.Add(1)
		done.Go(func() { p.err = p.run(joined.Done, joined.Wait) })
	}
	done.Wait()
	var want []string
	for i, p := range phones {
		if p.err != nil {
			t.Fatalf("phone %d, which has %d records: %v", i, len(p.got), p.err)
		}
		if i == 0 {
			want = p.got
		} else if !slices.Equal(p.got, want) {
			t.Errorf("phone %d saw another order than phone 0", i)
		}
		if p.flaky && p.connections < 2 {
			t.Errorf("phone %d never reconnected", i)
		}
	}
	next := map[string]int{} // by sender
	for _, w := range want {
		sender, n, _ := strings.Cut(w, " ")
		if n != fmt.Sprint(next[sender]) {
			t.Fatalf("of %s came message %s when %d was due", sender, n, next[sender])
		}
		next[sender]++
	}
	for sender, n := range next {
		if n != deliveryMessages {
			t.Errorf("of %s came %d messages", sender, n)
		}
	}
	if len(next) != deliveryPhones {
		t.Errorf("messages of %d senders came", len(next))
	}
}

// awaitUp waits until the exchange is reached.
func (s *testServer) awaitUp(t testing.TB) {
	t.Helper()
	deadline := time.After(waitFor)
	for e := s.room.Tail(); !s.room.Up(); {
		select {
		case <-e.Ready():
			e = e.Next()
		case <-deadline:
			t.Fatal("the exchange was not reached")
		}
	}
}

// deliveryPhone is a phone that keeps the rules of docs/protocol.md.
type deliveryPhone struct {
	url, device, epoch string
	since              int64
	flaky              bool
	connections        int
	sent               int      // own messages that came back
	got                []string // "sender n", as they came
	err                error
}

func (p *deliveryPhone) run(joined func(), start func()) error {
	first := true
	for len(p.got) < deliveryPhones*deliveryMessages {
		conn, _, err := (&websocket.Dialer{Subprotocols: []string{Subprotocol}}).Dial(p.url, nil)
		if err != nil {
			return err
		}
		p.connections++
		err = p.talk(conn, func() {
			if first {
				first = false
				joined()
				start()
			}
		})
		conn.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// talk talks until all is received, or for a while if the phone is flaky.
func (p *deliveryPhone) talk(conn *websocket.Conn, ready func()) error {
	conn.SetReadDeadline(time.Now().Add(6 * waitFor))
	hello := map[string]any{"type": "hello", "device": p.device, "history": 0}
	if p.since >= 0 {
		hello["since"], hello["epoch"] = p.since, p.epoch
	}
	if err := conn.WriteJSON(hello); err != nil {
		return err
	}
	cut := len(p.got) + 100 + rand.IntN(200)
	var me, begun = "", false
	for {
		var f serverFrame
		_, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := json.Unmarshal(data, &f); err != nil {
			return err
		}
		switch f.Type {
		case "welcome":
			if f.Gap || p.since >= 0 && !f.Resumed {
				return fmt.Errorf("there is a gap after %d: %s", p.since, data)
			}
			me, p.epoch = f.You.ID, f.Epoch
			ready()
		case "refused":
			return fmt.Errorf("refused: %s", data)
		}
		for _, r := range f.Records {
			if r.Offset <= p.since {
				return fmt.Errorf("offset %d came after %d", r.Offset, p.since)
			}
			p.since = r.Offset
			p.got = append(p.got, r.From.ID+" "+r.Text)
			if r.From.ID == me {
				p.sent++
			}
		}
		if !begun { // what is not back yet is said again, with its ref
			begun = true
			for i := p.sent; i < deliveryMessages; i++ {
				if err := conn.WriteJSON(map[string]any{"type": "say", "ref": fmt.Sprintf("m%d", i), "text": fmt.Sprint(i)}); err != nil {
					return err
				}
			}
		}
		if len(p.got) == deliveryPhones*deliveryMessages || p.flaky && len(p.got) >= cut {
			return nil
		}
	}
}
