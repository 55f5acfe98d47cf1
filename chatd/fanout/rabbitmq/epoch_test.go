package rabbitmq

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
)

func TestNamer(t *testing.T) {
	propose := func(p string) record {
		return record{Record: chat.Record{Type: chat.TypeEpoch, ID: p}}
	}
	text := record{Record: chat.Record{ID: "text"}}
	body := record{Record: chat.Record{Type: chat.TypeEpoch, ID: "body", Body: []byte("{}")}}
	named := func(e string) record { return record{epoch: e} }
	naming := record{Record: chat.Record{Type: chat.TypeEpoch, ID: "b"}, epoch: "a"}
	for _, test := range []struct {
		log             []record
		named, proposed string
	}{
		{nil, "", ""},
		{[]record{text, body, propose("a"), propose("b"), text}, "", "a"},
		{[]record{propose("b"), text, named("a"), propose("c")}, "a", "b"},
		{[]record{naming, propose("c")}, "a", "c"},
		{[]record{propose("not an id"), propose(""), propose("a")}, "", "a"},
	} {
		var n namer
		for _, r := range test.log {
			n.add(r)
		}
		if n.named != test.named || n.proposed != test.proposed {
			t.Errorf("%v: named %q, proposed %q; want %q, %q", test.log, n.named, n.proposed, test.named, test.proposed)
		}
	}
}

// TestForeignLog starts on logs with a long run of records that name no epoch.
func TestForeignLog(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x := open(t, url, Options{suffix: suffix})
	e, stop := run(t, x, 10)
	e.WaitUp()
	e.Wait("the name", func() bool { return len(e.Recs) == 2 })
	stop()
	c := connect(t, url)
	say := func(exchange, text string) {
		c.publish(exchange, amqp.Publishing{ContentType: "text/plain", Body: []byte(text)})
	}
	for i := range 2000 {
		say(x.names.exchange, fmt.Sprint(i))
	}
	y := open(t, url, Options{suffix: suffix})
	f, stopY := run(t, y, 10)
	f.WaitUp()
	if f.epoch() != e.epoch() {
		t.Errorf("behind foreign records: epoch %q, want %q", f.epoch(), e.epoch())
	}
	// It has written the name near the end: the next finds it there.
	f.Wait("the name", func() bool { return y.outbox.len() == 0 })
	stopY()
	z := open(t, url, Options{suffix: suffix})
	g, _ := run(t, z, 100)
	g.WaitUp()
	if g.epoch() != e.epoch() {
		t.Errorf("near the end: epoch %q, want %q", g.epoch(), e.epoch())
	}
	// And a daemon that runs writes it while foreign records go by.
	before := g.last()
	body := bytes.Repeat([]byte("x"), 50_000)
	for range bareBytes/len(body) + 5 {
		say(x.names.exchange, string(body))
	}
	g.Wait("the name again", func() bool {
		return slices.ContainsFunc(g.Recs, func(r chat.Record) bool { return r.Type == chat.TypeEpoch && r.Offset > before })
	})

	// A log that nobody has named, and that is not empty.
	h := open(t, url, Options{suffix: newSuffix()})
	l, err := dial(t.Context(), url, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer l.end()
	if err := h.declare(l); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		say(h.names.exchange, fmt.Sprint(i))
	}
	k, _ := run(t, h, 10)
	k.WaitUp()
	h2 := open(t, url, Options{suffix: h.opts.suffix})
	k2, _ := run(t, h2, 10)
	k2.WaitUp()
	if k.epoch() == "" || k.epoch() != k2.epoch() {
		t.Errorf("epochs %q and %q", k.epoch(), k2.epoch())
	}
}
