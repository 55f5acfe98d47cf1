package gateway

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/room"
)

// batch is n messages of 100 bytes that arrived together.
func batch(n int) []*room.Entry {
	entries := make([]*room.Entry, n)
	for i := range entries {
		entries[i] = &room.Entry{Offset: int64(i), Ref: uuid.NewString(), Stamp: chat.Stamp{Boot: uuid.NewString(), UpMS: 123456},
			Message: chat.Message{From: chat.Person{ID: "abcdefghijklmnop", Name: "Silver Hare"}, Text: fmt.Sprintf("%0100d", i)}}
	}
	return entries
}

func BenchmarkEncodeJSON(b *testing.B) { benchmarkEncode(b, logFrames) }
func BenchmarkEncodeText(b *testing.B) { benchmarkEncode(b, textFrames) }

func benchmarkEncode(b *testing.B, encode func([]*room.Entry) []byte) {
	for _, n := range []int{1, 16, 256} {
		b.Run(fmt.Sprint("records=", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				entries := batch(n) // each is encoded once, and remembers it
				b.StartTimer()
				encode(entries)
			}
		})
	}
}

// What a message costs in memory while it is encoded does not depend on how
// many are in the room.
func TestEncodeAllocations(t *testing.T) {
	const n = 256
	for _, c := range []struct {
		name   string
		encode func([]*room.Entry) []byte
		max    float64 // allocations for each message; the race detector adds some
	}{
		{"JSON", logFrames, 8},
		{"text", textFrames, 4},
	} {
		const runs = 10
		var batches [runs + 1][]*room.Entry // AllocsPerRun runs it once more
		for i := range batches {
			batches[i] = batch(n)
		}
		next := 0
		got := testing.AllocsPerRun(runs, func() {
			c.encode(batches[next])
			next++
		}) / n
		t.Logf("%s: %.2f allocations a message", c.name, got)
		if got > c.max {
			t.Errorf("%s: encoding takes %.2f allocations a message: at most %.0f are wanted", c.name, got, c.max)
		}
	}
}

// Encoding what is encoded already, as all phones but the first do, costs
// nothing.
func TestEncodedIsShared(t *testing.T) {
	e := &room.Event{Entries: batch(256)}
	p := &jsonPhone{}
	e.Encoded(p.Slot(), p.Encode)
	if got := testing.AllocsPerRun(100, func() { e.Encoded(p.Slot(), eventJSON) }); got > 1 {
		t.Errorf("an event that is encoded already takes %.0f allocations for each phone: 1 is wanted", got)
	}
}
