package fanouttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// What is kept beside the log, and where reading begins.

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
