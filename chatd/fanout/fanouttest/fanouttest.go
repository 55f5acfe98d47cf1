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

// log makes a log of n numbered records, and one record kept for each of places.
func (m Maker) log(t *testing.T, open func() fanout.Exchange, n int, places ...int) []chat.Record {
	t.Helper()
	x, h := open(), New(t)
	stop := h.Run(x, 0)
	h.WaitUp()
	Publish(t, x, numbered(n)...)
	h.WaitID(fmt.Sprint(n - 1))
	for _, p := range places {
		m.keep(t, x, KeptFor(h.WaitID(fmt.Sprint(p)), 100))
	}
	stop()
	return h.Records()
}

// keep has x keep rec.
func (m Maker) keep(t *testing.T, x fanout.Exchange, rec chat.Record) {
	t.Helper()
	x.Keep(rec)
	m.Kept(t, x, rec)
}

// next runs another exchange on the log, until it is reached.
func (m Maker) next(t *testing.T, open func() fanout.Exchange, back int, unreadable func(chat.Record) bool) *Handler {
	t.Helper()
	h := New(t)
	h.Unreadable = unreadable
	stop := h.Run(open(), back)
	h.WaitUp()
	stop()
	return h
}

// Reading begins behind the newest kept record that is back before the end.
func (m Maker) begin(t *testing.T) {
	open := m.New(t, 0)
	m.log(t, open, 200, 20, 150, 170)
	for _, test := range []struct {
		back int
		want string // kept; "": none
	}{{5, "170"}, {40, "150"}, {100, "20"}, {10_000, ""}} {
		h := m.next(t, open, test.back, nil)
		_, kept := h.Epoch()
		if test.want == "" {
			if kept != nil {
				t.Errorf("of a short log that is there from its beginning, reading begins behind %s", kept.ID)
			}
		} else if kept == nil || kept.ID != test.want || len(kept.Body) != 100 || kept.Type != chat.TypeSnapshot || kept.Stamp.UpMS != 7 {
			t.Fatalf("back %d: began behind %v, not %s", test.back, kept, test.want)
		}
		var want []string
		begun := test.want == ""
		for i := range 200 {
			if begun {
				want = append(want, fmt.Sprint(i))
			}
			begun = begun || fmt.Sprint(i) == test.want
		}
		if got := ids(h.Records()); !slices.Equal(got, want) {
			t.Errorf("back %d: %d records, not %d", test.back, len(got), len(want))
		}
	}
}

// A handler that cannot read what was kept is offered older ones, and then none.
func (m Maker) unreadable(t *testing.T) {
	open := m.New(t, 0)
	m.log(t, open, 100, 10, 20, 30)
	h := m.next(t, open, 0, func(k chat.Record) bool { return k.ID == "30" })
	if _, kept := h.Epoch(); kept == nil || kept.ID != "20" || ids(h.Records())[0] != "21" {
		t.Errorf("began behind %v with %s", kept, ids(h.Records())[0])
	}
	h = m.next(t, open, 0, func(chat.Record) bool { return true })
	if got := ids(h.Offered); !slices.Equal(got, []string{"30", "20", "10"}) {
		t.Errorf("it was offered %q", got)
	}
	if _, kept := h.Epoch(); kept != nil || len(ids(h.Records())) != 100 || len(h.Resets) != 1 {
		t.Errorf("began behind %v with %d records", kept, len(h.Recs))
	}
}

// A kept record is not of this log if another record stands at its place, or none yet.
func (m Maker) anotherRecord(t *testing.T) {
	open := m.New(t, 0)
	log := m.log(t, open, 50, 10)
	x, h := open(), New(t)
	stop := h.Run(x, 0)
	h.WaitUp()
	at := log[len(log)-10]
	for _, rec := range []chat.Record{
		{Offset: at.Offset, ID: "another", Stamp: at.Stamp},
		{Offset: at.Offset, ID: at.ID, Stamp: chat.Stamp{Boot: "boot", UpMS: 8}},
		{Offset: at.Offset + 10_000, ID: at.ID, Stamp: at.Stamp},
	} {
		m.keep(t, x, KeptFor(rec, 100))
	}
	stop()
	if _, kept := m.next(t, open, 0, nil).Epoch(); kept == nil || kept.ID != "10" {
		t.Errorf("reading begins behind %v", kept)
	}
}

// What is kept outlives the record it stands for, however much is said.
func (m Maker) flood(t *testing.T) {
	const logBytes = 1 << 20
	open := m.New(t, logBytes)
	m.log(t, open, 50, 10)
	x, h := open(), New(t)
	stop := h.Run(x, 0)
	h.WaitUp()
	body := strings.Repeat("x", 4000)
	for i := range 4 * logBytes / len(body) {
		rec := Say(fmt.Sprint("flood ", i), body)
		Publish(t, x, rec)
		if i%50 == 0 {
			h.WaitID(rec.ID)
		}
	}
	Publish(t, x, Say("end", "end"))
	h.WaitID("end")
	stop()
	h = m.next(t, open, 10, nil)
	_, kept := h.Epoch()
	if kept == nil || kept.ID != "10" {
		t.Fatalf("reading begins behind %v", kept)
	}
	recs := h.Records()
	if recs[0].Offset < 50 {
		t.Fatal("the log has not lost its front: the test tests nothing")
	}
	if last := recs[len(recs)-1]; len(recs) < 20 || !slices.Contains(ids(recs), "end") {
		t.Errorf("%d records were delivered, up to %s", len(recs), last.ID)
	}
}

// As many of the largest kept records are there as are promised.
func (m Maker) largest(t *testing.T) {
	open := m.New(t, 0)
	x, h := open(), New(t)
	stop := h.Run(x, 0)
	h.WaitUp()
	Publish(t, x, numbered(5*fanout.MinKept)...)
	h.WaitID(fmt.Sprint(5*fanout.MinKept - 1))
	for i := range 4 * fanout.MinKept {
		m.keep(t, x, KeptFor(h.WaitID(fmt.Sprint(i)), chat.MaxSnapshot))
	}
	stop()
	h = m.next(t, open, 0, func(chat.Record) bool { return true })
	if n := len(h.Offered); n < fanout.MinKept || n > 4*fanout.MinKept {
		t.Errorf("%d of %d are there", n, 4*fanout.MinKept)
	}
	for i, k := range h.Offered {
		if k.ID != fmt.Sprint(4*fanout.MinKept-1-i) || len(k.Body) != chat.MaxSnapshot {
			t.Errorf("kept record %d from the end is %s with %d bytes", i, k.ID, len(k.Body))
		}
	}
}

// First returns what Erase is given: the first record of the new log and the kept one.
func First() (rec, kept chat.Record) {
	rec = chat.RecordOf(&chat.Erase{By: chat.Person{ID: "host", Name: "Host"}}, "erased", chat.Stamp{})
	kept = KeptFor(rec, 100)
	kept.Offset = -1
	return rec, kept
}

// Begun reports whether h has been told that its log was erased: by the kept
// record of the log's beginning, or by the log's first record.
func (h *Handler) Begun() bool {
	h.Mu.Lock()
	defer h.Mu.Unlock()
	if h.Kept != nil && h.Kept.Offset == -1 && h.Kept.ID == "erased" {
		return true
	}
	return len(h.Recs) > 0 && h.Recs[0].ID == "erased"
}

// An erased log is another one: it begins with what the eraser put there, holds
// what was accepted since, and nothing else can be read or was kept.
func (m Maker) erase(t *testing.T) {
	open := m.New(t, 0)
	m.log(t, open, 100, 10)
	x, y := open(), open()
	handlers := []*Handler{New(t)}
	handlers[0].Run(x, 1000)
	if !m.Alone {
		handlers = append(handlers, New(t))
		handlers[1].Run(y, 1000)
	}
	for _, h := range handlers {
		h.WaitID("99")
		h.WaitUp()
	}
	old, _ := handlers[0].Epoch()
	if err := x.Erase(t.Context(), First); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 50 {
		for w, to := range []fanout.Exchange{x, y} {
			id := fmt.Sprintf("new %d/%d", w, i)
			Publish(t, to, Say(id, "hi"))
			want = append(want, id)
		}
	}
	for _, h := range handlers {
		h.Wait("the new log", func() bool { return len(h.Resets) == 2 && len(ids(h.Recs)) == 1+len(want) })
		if epoch, _ := h.Epoch(); epoch == old {
			t.Error("the new log has the name of the old one")
		}
		if !h.Begun() || ids(h.Records())[0] != "erased" {
			t.Errorf("the new log begins with %v", h.Records()[0])
		}
	}
	recs, err := x.Read(t.Context(), 0, 1<<40, 10_000)
	got := ids(recs)
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, append([]string{"erased"}, want...)) {
		t.Errorf("the new log holds %q, %v", got, err)
	}
	if !m.Alone {
		later := m.next(t, open, 1000, nil)
		epoch, _ := handlers[0].Epoch()
		if name, _ := later.Epoch(); name != epoch || !later.Begun() {
			t.Errorf("who comes later finds %s, not %s", name, epoch)
		}
	}
	for _, h := range handlers[1:] {
		a, _ := handlers[0].Epoch()
		if b, _ := h.Epoch(); a != b {
			t.Errorf("the daemons are in two logs: %s, %s", a, b)
		}
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
