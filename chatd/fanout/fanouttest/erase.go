package fanouttest

import (
	"fmt"
	"slices"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// What an erased log begins with.

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
