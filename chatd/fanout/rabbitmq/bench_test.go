package rabbitmq

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/chat"
)

// message is a record of 100 bytes of text.
func message(i int) chat.Record {
	m := chat.Message{From: chat.Person{ID: fmt.Sprintf("person%010d", i%20), Name: "Silver Hare"}, Text: fmt.Sprintf("%0100d", i)}
	return m.Record(uuid.NewString(), chat.Stamp{Boot: "boot", UpMS: 1})
}

func delivery(i int) amqp.Delivery {
	p := publishing(record{Record: message(i), mark: fmt.Sprint("mark", i), epoch: "epoch"})
	p.Headers[headerOffset] = int64(i)
	return amqp.Delivery{Headers: p.Headers, ContentType: p.ContentType, CorrelationId: p.CorrelationId, MessageId: p.MessageId, Type: p.Type, Body: p.Body}
}

func BenchmarkRecordOf(b *testing.B) {
	b.ReportAllocs()
	d := delivery(1)
	for b.Loop() {
		recordOf(d)
	}
}

// BenchmarkOutbox is a record's way through it: added, sent, seen.
func BenchmarkOutbox(b *testing.B) {
	b.ReportAllocs()
	box, now := newOutbox(10, 1<<20), time.Now()
	rec := message(1)
	for b.Loop() {
		through(b, box, rec, now)
	}
}

func through(t testing.TB, box *outbox, rec chat.Record, now time.Time) {
	if err := box.add(rec); err != nil {
		t.Fatal(err)
	}
	r, _, ok := box.take(10, now)
	if !ok {
		t.Fatal("nothing to send")
	}
	box.seen([]record{r}, now)
}

func TestAllocations(t *testing.T) {
	d := delivery(1)
	if got := testing.AllocsPerRun(100, func() { recordOf(d) }); got > 0 {
		t.Errorf("reading a delivery takes %.0f allocations: none is wanted", got)
	}
	box, now, rec := newOutbox(10, 1<<20), time.Now(), message(1)
	got := testing.AllocsPerRun(100, func() { through(t, box, rec, now) })
	t.Logf("outbox: %.0f allocations a record", got)
	if got > 6 {
		t.Errorf("a record's way through the outbox takes %.0f allocations: at most 6 are wanted", got)
	}
}
