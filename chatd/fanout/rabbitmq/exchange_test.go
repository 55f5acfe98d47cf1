package rabbitmq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/fanouttest"
)

func TestExchange(t *testing.T) {
	url := broker(t)
	fanouttest.Test(t, fanouttest.Maker{
		New: func(t testing.TB, logBytes int64) func() fanout.Exchange {
			opts := Options{suffix: newSuffix(), LogBytes: logBytes}
			return func() fanout.Exchange { return open(t, url, opts) }
		},
		Kept: func(t testing.TB, x fanout.Exchange, rec chat.Record) {
			t.Helper()
			for deadline := time.Now().Add(patience); !isKept(t, url, x.(*Exchange), rec); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("it is not kept")
				}
			}
		},
	})
}

// isKept reports whether rec is the last of the kept records.
func isKept(t testing.TB, url string, x *Exchange, rec chat.Record) bool {
	l, err := dial(t.Context(), url, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer l.end()
	_, all, err := x.readState(t.Context(), l, l)
	if err != nil {
		t.Fatal(err)
	}
	return len(all) > 0 && all[len(all)-1].ID == rec.ID && all[len(all)-1].Stamp == rec.Stamp && all[len(all)-1].Offset == rec.Offset
}

func TestPublishDeliver(t *testing.T) {
	url := broker(t)
	x := open(t, url, Options{suffix: newSuffix()})
	before := say("a", "0") // accepted before there is a connection
	publish(t, x, before)
	e, _ := run(t, x, 10)
	e.WaitUp()
	const n = 5000
	begin := time.Now()
	for i := 1; i < n; i++ {
		publish(t, x, say("a", fmt.Sprint(i)))
	}
	e.Wait("all", func() bool { return len(texts(e.Recs)) == n })
	t.Logf("%d published and delivered in %v, in %d batches", n, time.Since(begin), e.Batches)
	equal(t, "delivered", e.texts(), numbers(0, n))
	if x.outbox.len() != 0 {
		t.Errorf("%d left in the outbox", x.outbox.len())
	}
	if len(e.Resets) != 1 || len(e.States) != 1 {
		t.Errorf("resets %v, states %v", e.Resets, e.States)
	}
}

// TestRecordTravels publishes a record with everything in it.
func TestRecordTravels(t *testing.T) {
	x := open(t, broker(t), Options{suffix: newSuffix()})
	e, _ := run(t, x, 10)
	want := chat.Record{ID: "0b54ee7e-49f0-4b5d-a81c-5cf1e5a9a1f7", Sender: "ada", Type: "message", ContentType: chat.ContentJSON, App: "app",
		Stamp: chat.Stamp{Boot: "6b2c", UpMS: 1 << 40}, Body: []byte(`{"text":"hi"}`)}
	publish(t, x, want)
	e.Wait("the record", func() bool { return len(texts(e.Recs)) == 1 })
	var got chat.Record
	for _, r := range e.Records() {
		if r.Type == want.Type {
			got = r
		}
	}
	got.Offset = 0
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestOneOrder runs several daemons from the same instant on an empty log.
func TestOneOrder(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	const daemons, each = 4, 500
	var ears []*ear
	var xs []*Exchange
	for range daemons {
		x := open(t, url, Options{suffix: suffix})
		e, _ := run(t, x, 10000)
		xs, ears = append(xs, x), append(ears, e)
	}
	for i := range each {
		for d, x := range xs {
			publish(t, x, say(fmt.Sprint(d), fmt.Sprintf("%d/%d", d, i)))
		}
	}
	for _, e := range ears {
		e.Wait("all", func() bool { return len(texts(e.Recs)) == daemons*each })
	}
	for _, e := range ears[1:] {
		equal(t, "order", e.texts(), ears[0].texts())
		if e.epoch() != ears[0].epoch() {
			t.Errorf("epochs %q and %q", e.epoch(), ears[0].epoch())
		}
	}
	if len(ears[0].Resets) != 1 {
		t.Errorf("resets %v", ears[0].Resets)
	}
	checkOrder(t, ears[0].texts(), daemons, each)
}

// checkOrder checks that texts hold each d/i once and in the order of i.
func checkOrder(t *testing.T, texts []string, daemons, each int) {
	t.Helper()
	checkEach(t, texts, slices.Repeat([]int{each}, daemons))
}

// checkEach checks that of daemon d the texts d/0 to d/(each[d]-1) are there.
func checkEach(t *testing.T, texts []string, each []int) {
	t.Helper()
	next := make([]int, len(each))
	for _, s := range texts {
		var d, i int
		if _, err := fmt.Sscanf(s, "%d/%d", &d, &i); err != nil {
			continue
		}
		if i != next[d] {
			t.Fatalf("daemon %d: %d came when it was %d's turn", d, i, next[d])
		}
		next[d]++
	}
	for d, n := range next {
		if n != each[d] {
			t.Errorf("daemon %d: %d of %d", d, n, each[d])
		}
	}
}

func TestSameIDWaitsOnce(t *testing.T) {
	x := open(t, broker(t), Options{suffix: newSuffix()})
	rec := say("a", "hi")
	publish(t, x, rec)
	publish(t, x, rec)
	e, _ := run(t, x, 10)
	publish(t, x, say("a", "end"))
	e.Wait("the end", func() bool { k := texts(e.Recs); return len(k) > 0 && k[len(k)-1] == "end" })
	n := 0
	for _, r := range e.Records() {
		if r.ID == rec.ID {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d times in the log", n)
	}
}

func TestOtherClients(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x := open(t, url, Options{suffix: suffix})
	e, _ := run(t, x, 10)
	e.WaitUp()
	c := connect(t, url)
	q, err := c.ch.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ch.QueueBind(q.Name, "", x.names.exchange, false, nil); err != nil {
		t.Fatal(err)
	}
	deliveries, err := c.ch.Consume(q.Name, "", true, true, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.publish(x.names.exchange, amqp.Publishing{ContentType: "text/plain", AppId: "cron", Body: []byte("from a client")})
	e.Wait("the client's text", func() bool { return len(texts(e.Recs)) == 1 })
	recs := e.Records()
	m, err := chat.MessageOf(recs[len(recs)-1])
	if err != nil || m.From.Name != "cron" || m.Text != "from a client" {
		t.Errorf("read as %+v, %v", m, err)
	}
	publish(t, x, say("a", "from a daemon"))
	for _, want := range []string{"from a client", "from a daemon"} {
		select {
		case d := <-deliveries:
			if d.Type == chat.TypeEpoch {
				d = <-deliveries
			}
			if string(d.Body) != want {
				t.Errorf("the client's queue has %q, want %q", d.Body, want)
			}
		case <-time.After(patience):
			t.Fatalf("the client's queue lacks %q", want)
		}
	}
}

// TestJunk publishes what no daemon would.
func TestJunk(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x := open(t, url, Options{suffix: suffix})
	e, stop := run(t, x, 10)
	e.WaitUp()
	c := connect(t, url)
	many := amqp.Table{}
	for i := range 9000 { // more than the client library reads in one table
		many[fmt.Sprintf("h%d", i)] = true
	}
	var deep any = "deep"
	for range 40 {
		deep = amqp.Table{"t": deep}
	}
	junk := []amqp.Publishing{
		{Body: make([]byte, 3<<20)},
		{Headers: amqp.Table{"boot": int32(3), "up_ms": "x", "epoch": true, "x-stream-offset": int64(-5)}},
		{Headers: amqp.Table{"boot": "b", "up_ms": int16(-3), "epoch": strings.Repeat("e", 300)}},
		{Headers: amqp.Table{"epoch": amqp.Table{"a": []any{1, "x"}}, "boot": []byte{0xff}}},
		{MessageId: "\xff\xfe", Type: "\x00", AppId: "\xff", CorrelationId: x.outbox.prefix + "zzzz", ContentType: "x"},
		{CorrelationId: x.outbox.prefix, Type: chat.TypeEpoch, MessageId: "a b"},
		{Type: chat.TypeEpoch, Body: []byte("7")},
		{Headers: many},
		{Headers: amqp.Table{"deep": deep}},
		{Timestamp: time.Unix(1<<40, 0), Expiration: "1", Priority: 9, ReplyTo: "x", UserId: "warren"},
	}
	for _, j := range junk {
		c.publish(x.names.exchange, j)
	}
	c.publish(x.names.exchange, amqp.Publishing{Body: []byte("end")})
	e.Wait("the end", func() bool { k := len(e.Recs); return k > 0 && string(e.Recs[k-1].Body) == "end" })
	for _, r := range e.Records() {
		if len(r.Body) > chat.MaxBody+1 {
			t.Errorf("a body of %d bytes is kept", len(r.Body))
		}
	}
	t.Logf("%d records", len(e.Records()))
	stop()
	// The same when starting on it.
	y := open(t, url, Options{suffix: suffix})
	f, _ := run(t, y, 100)
	f.WaitUp()
	if f.epoch() != e.epoch() {
		t.Errorf("epoch %q, want %q", f.epoch(), e.epoch())
	}
}

func TestFull(t *testing.T) {
	x := open(t, "amqp://localhost:1/", Options{OutboxRecords: 3})
	for i := range 3 {
		publish(t, x, say("a", fmt.Sprint(i)))
	}
	if err := x.Publish(say("a", "one too many")); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("over the limit: %v", err)
	}
}

func TestURL(t *testing.T) {
	for _, url := range []string{"", "localhost", "http://u:secret@h/", "amqp://u:sec ret@h/", "amqp://u:sec/ret@h:x/", "amqp://u:secret@h:99999999999/"} {
		_, err := New(url, Options{})
		if err == nil {
			t.Errorf("%q: no error", url)
		} else if strings.Contains(err.Error(), "sec") || strings.Contains(err.Error(), "ret@") {
			t.Errorf("%q: the error holds the password: %v", url, err)
		}
	}
	if _, err := New("amqp://u:p@[::1]:5672/v", Options{}); err != nil {
		t.Error(err)
	}
}

func TestWhispers(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	x := open(t, url, Options{suffix: suffix})
	x.Whisper([]byte("to nobody"))
	y := open(t, url, Options{suffix: suffix})
	e, _ := run(t, x, 10)
	f, _ := run(t, y, 10)
	e.WaitUp()
	f.WaitUp()
	x.Whisper(make([]byte, maxWhisper+1))
	x.Whisper([]byte("hi"))
	for _, e := range []*ear{e, f} {
		e.Wait("the whisper", func() bool { return len(e.Whispers) > 0 })
		if e.Whispers[0] != "hi" {
			t.Errorf("heard %.20q", e.Whispers[0])
		}
	}
}

func TestTap(t *testing.T) {
	url, suffix := broker(t), newSuffix()
	ctx, cancel := context.WithCancel(context.Background())
	e := newEar(t)
	e.Resets = []string{"a tap has none"}
	done := make(chan error)
	go func() {
		done <- tap(ctx, url, namesWith(suffix), nil, func(up bool) {
			if up {
				e.State(fanout.Up, "")
			} else {
				e.State(fanout.Away, "")
			}
		}, func(r chat.Record) {
			e.Change(func() { e.Recs = append(e.Recs, r) })
		})
	}()
	e.WaitUp() // before any daemon
	x := open(t, url, Options{suffix: suffix})
	run(t, x, 10)
	for i := range 500 {
		publish(t, x, say("a", fmt.Sprint(i)))
	}
	e.Wait("all", func() bool { return len(texts(e.Recs)) == 500 })
	equal(t, "tapped", e.texts(), numbers(0, 500))
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Tap returned %v", err)
	}
	if e.up() {
		t.Error("still up at the end")
	}
	if err := Tap(context.Background(), "nonsense", nil, nil, nil); err == nil {
		t.Error("Tap accepts any url")
	}
}

func TestReadAway(t *testing.T) {
	x := open(t, "amqp://localhost:1/", Options{})
	if _, err := x.Read(t.Context(), 0, 10, 10); !errors.Is(err, fanout.ErrAway) {
		t.Errorf("Read while away: %v", err)
	}
}
