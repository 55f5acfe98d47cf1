package room

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
)

// records are n messages of 100 bytes from 20 people, with offsets from first.
func records(first int64, n int) []chat.Record {
	recs := make([]chat.Record, n)
	for i := range recs {
		m := chat.Message{From: chat.Person{ID: fmt.Sprintf("person%010d", i%20), Name: "Silver Hare"}, Text: fmt.Sprintf("%0100d", i)}
		recs[i] = m.Record(uuid.NewString(), chat.Stamp{Boot: "boot", UpMS: 1})
		recs[i].Offset = first + int64(i)
	}
	return recs
}

func open() handler {
	h := handler{New(memory.New(), func() chat.Stamp { return chat.Stamp{Boot: "boot", UpMS: 1} }, slog.New(slog.DiscardHandler))}
	h.Reset("epoch", nil)
	h.State(fanout.Up, "")
	return h
}

func BenchmarkDeliver(b *testing.B) {
	for _, n := range []int{1, 16, 256} {
		b.Run(fmt.Sprint("records=", n), func(b *testing.B) {
			b.ReportAllocs()
			h, first := open(), int64(0)
			for b.Loop() {
				b.StopTimer()
				recs := records(first, n)
				first += int64(n)
				b.StartTimer()
				h.Deliver(recs)
			}
		})
	}
}

// Folding a record reads its JSON, checks name and text, judges it, and makes an entry.
func TestDeliverAllocations(t *testing.T) {
	const n, runs, most = 256, 20, 13
	h := open()
	var batches [runs + 1][]chat.Record // AllocsPerRun runs it once more
	for i := range batches {
		batches[i] = records(int64(i*n), n)
	}
	next := 0
	got := testing.AllocsPerRun(runs, func() {
		h.Deliver(batches[next])
		next++
	}) / n
	t.Logf("%.2f allocations a record", got)
	if got > most {
		t.Errorf("a record takes %.2f allocations: at most %d are wanted", got, most)
	}
}
