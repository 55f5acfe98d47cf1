// Package fanouttest tests that an exchange keeps what fanout.Exchange promises.
package fanouttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// A Maker makes the exchanges that are tested.
type Maker struct {
	// New returns a function that opens another exchange on one new log each time, or, if
	// that is in the process, the same. LogBytes is about how long the log may be; 0 is
	// the usual. What it starts ends with the test.
	New func(t testing.TB, logBytes int64) (open func() fanout.Exchange)

	// Alone says that it is the same exchange each time.
	Alone bool

	// Kept waits until rec, which x was given to keep, is stored.
	Kept func(t testing.TB, x fanout.Exchange, rec chat.Record)
}

// Test tests the exchanges that m makes.
func Test(t *testing.T, m Maker) {
	t.Run("Order", m.order)
	t.Run("Refused", m.refused)
	t.Run("Read", m.read)
	t.Run("Begin", m.begin)
	t.Run("Unreadable", m.unreadable)
	t.Run("AnotherRecord", m.anotherRecord)
	t.Run("Flood", m.flood)
	t.Run("Largest", m.largest)
	t.Run("Erase", m.erase)
	t.Run("Whisper", m.whisper)
	t.Run("Ask", m.ask)
}

// Say returns a record of a text.
func Say(id, text string) chat.Record {
	return chat.Record{ID: id, Type: chat.TypeMessage, ContentType: chat.ContentText, App: "test", Stamp: chat.Stamp{Boot: "boot", UpMS: 7}, Body: []byte(text)}
}

// KeptFor returns a record to be kept, of size bytes, that stands for the place of rec.
func KeptFor(rec chat.Record, size int) chat.Record {
	return chat.Record{Offset: rec.Offset, ID: rec.ID, Stamp: rec.Stamp, Type: chat.TypeSnapshot, ContentType: chat.ContentJSON, Body: bytes.Repeat([]byte("k"), size)}
}

// Publish publishes rec, again while there is no room.
func Publish(t testing.TB, x fanout.Exchange, recs ...chat.Record) {
	t.Helper()
	for _, rec := range recs {
		for {
			err := x.Publish(rec)
			if err == nil {
				break
			}
			if !errors.Is(err, fanout.ErrFull) || t.Context().Err() != nil {
				t.Fatal(err)
			}
		}
	}
}

// numbered returns n texts that have their numbers as ids.
func numbered(n int) (recs []chat.Record) {
	for i := range n {
		recs = append(recs, Say(fmt.Sprint(i), fmt.Sprint("text ", i)))
	}
	return recs
}

// ids returns the ids of the test's own among recs, each once.
func ids(recs []chat.Record) (out []string) {
	seen := make(map[string]bool)
	for _, r := range recs {
		if r.Type != chat.TypeEpoch && !seen[r.ID] {
			seen[r.ID] = true
			out = append(out, r.ID)
		}
	}
	return out
}

// All daemons are given all that all of them publish, in one order, in which what each
// has accepted is in the order in which it was, once or more.
func (m Maker) order(t *testing.T) {
	const writers, each = 4, 300
	open := m.New(t, 0)
	x, y := open(), open()
	early := Say("early", "before anything runs")
	Publish(t, x, early)
	handlers := []*Handler{New(t)}
	handlers[0].Run(x, 10_000)
	if !m.Alone {
		handlers = append(handlers, New(t))
		handlers[1].Run(y, 10_000)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				rec := Say(fmt.Sprintf("%d/%d", w, i), "hi")
				to := []fanout.Exchange{x, y}[w%2]
				Publish(t, to, rec)
				if i%50 == 0 {
					Publish(t, to, rec)
				}
			}
		})
	}
	wg.Wait()
	for _, h := range handlers {
		h.Wait("all", func() bool { return len(ids(h.Recs)) == writers*each+1 })
		h.WaitUp()
		next := make([]int, writers)
		for _, id := range ids(h.Records()) {
			var w, i int
			if _, err := fmt.Sscanf(id, "%d/%d", &w, &i); err != nil {
				continue // the early one
			}
			if next[w] != i {
				t.Fatalf("of writer %d came %d when it was %d's turn", w, i, next[w])
			}
			next[w]++
		}
		if got, want := h.Records(), handlers[0].Records(); !slices.EqualFunc(ids(got), ids(want), func(a, b string) bool { return a == b }) {
			t.Error("two daemons have two orders")
		}
		first, _ := handlers[0].Epoch()
		if epoch, kept := h.Epoch(); epoch == "" || epoch != first || kept != nil || len(h.Resets) != 1 {
			t.Errorf("resets %q, kept %v", h.Resets, kept)
		}
	}
	got := handlers[0].WaitID("early")
	got.Offset = 0
	if fmt.Sprint(got) != fmt.Sprint(early) {
		t.Errorf("%v became %v", early, got)
	}
}

// What could be shown twice, or what no reader takes, is refused; the largest is not.
func (m Maker) refused(t *testing.T) {
	x := m.New(t, 0)()
	h := New(t)
	h.Run(x, 10)
	long := strings.Repeat("x", 256)
	for _, rec := range []chat.Record{
		{},
		{ID: long},
		{ID: "1", App: long},
		{ID: "2", Body: make([]byte, chat.MaxBody+1)},
		{ID: "3", Type: chat.TypeSnapshot, Body: make([]byte, chat.MaxSnapshot+1)},
	} {
		if err := x.Publish(rec); err == nil || errors.Is(err, fanout.ErrFull) {
			t.Errorf("%.100v: %v", rec, err)
		}
	}
	Publish(t, x, chat.Record{ID: "large", Type: chat.TypeSnapshot, Body: make([]byte, chat.MaxSnapshot)})
	if rec := h.WaitID("large"); len(rec.Body) != chat.MaxSnapshot {
		t.Errorf("%d bytes came", len(rec.Body))
	}
	if got := ids(h.Records()); len(got) != 1 {
		t.Errorf("delivered: %q", got)
	}
}

// Read returns what there is in a range, in pieces bounded by their number and bytes.
func (m Maker) read(t *testing.T) {
	x := m.New(t, 0)()
	h := New(t)
	h.Run(x, 10)
	Publish(t, x, numbered(100)...)
	const large = 5
	for i := range large {
		Publish(t, x, chat.Record{ID: fmt.Sprint("large ", i), Type: chat.TypeSnapshot, Body: make([]byte, chat.MaxSnapshot)})
	}
	Publish(t, x, Say("end", "end"))
	h.WaitID("end")
	log := h.Records()
	end := log[len(log)-1].Offset
	for _, q := range []struct {
		from, before int64
		n            int
	}{
		{0, 10, 5}, {-5, 3, 50}, {10, 10, 5}, {50, 70, 100}, {end, end + 1, 5}, {end + 1000, 1 << 60, 5}, {7, 3, 5}, {0, end, 0}, {60, end + 1, 20},
	} {
		var want []chat.Record
		for _, r := range log {
			if r.Offset >= q.from && r.Offset < q.before && len(want) < q.n {
				want = append(want, r)
			}
		}
		if got, err := x.Read(t.Context(), q.from, q.before, q.n); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("Read(%d, %d, %d): %d records, %v; want %d", q.from, q.before, q.n, len(got), err, len(want))
		}
	}
	var all []chat.Record
	for from := int64(0); ; {
		got, err := x.Read(t.Context(), from, end+1, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			break
		}
		size := 0
		for _, r := range got {
			size += len(r.Body)
		}
		if size > fanout.ReadBytes && len(got) > 1 {
			t.Fatalf("%d bytes at once", size)
		}
		all, from = append(all, got...), got[len(got)-1].Offset+1
	}
	if fmt.Sprint(ids(all)) != fmt.Sprint(ids(log)) {
		t.Errorf("read in pieces there are %d records of %d", len(all), len(log))
	}
}

// What is whispered is heard by all daemons.
func (m Maker) whisper(t *testing.T) {
	open := m.New(t, 0)
	x := open()
	handlers := []*Handler{New(t)}
	handlers[0].Run(x, 10)
	if !m.Alone {
		handlers = append(handlers, New(t))
		handlers[1].Run(open(), 10)
	}
	for _, h := range handlers {
		h.WaitUp()
	}
	x.Whisper([]byte("psst"))
	for _, h := range handlers {
		h.Wait("the whisper", func() bool { return slices.Contains(h.Whispers, "psst") })
	}
}

// What one daemon knows, another may ask for.
func (m Maker) ask(t *testing.T) {
	open := m.New(t, 0)
	x, h := open(), New(t)
	h.Knows = func(string) []byte { return []byte("one's own") }
	if m.Alone {
		h.Run(x, 10)
		h.WaitUp()
		if got, err := x.Ask(t.Context(), "a"); !errors.Is(err, fanout.ErrNone) {
			t.Errorf("nobody else is there: %q, %v", got, err)
		}
		return
	}
	if _, err := x.Ask(t.Context(), "a"); !errors.Is(err, fanout.ErrAway) {
		t.Errorf("while away: %v", err)
	}
	h.Run(x, 10)
	h.WaitUp()
	large := make([]byte, fanout.MaxAnswer)
	rand.Read(large)
	for range 2 {
		other := New(t)
		other.Knows = func(name string) []byte {
			switch name {
			case "large":
				return large
			case "too large":
				return make([]byte, fanout.MaxAnswer+1)
			case "none":
				return nil
			}
			return []byte("about " + name)
		}
		other.Run(open(), 10)
		other.WaitUp()
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			name := fmt.Sprint("n", i)
			if got, err := x.Ask(t.Context(), name); err != nil || string(got) != "about "+name {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		})
	}
	wg.Wait()
	if got, err := x.Ask(t.Context(), "large"); err != nil || !bytes.Equal(got, large) {
		t.Errorf("a large one: %d bytes, %v", len(got), err)
	}
	for _, name := range []string{"none", "too large"} {
		if got, err := x.Ask(t.Context(), name); !errors.Is(err, fanout.ErrNone) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Ask(ctx, "none"); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}
