package air

import (
	"slices"
	"time"

	"warren/appliance/emulator/air/ask"
)

// full: a radio that takes eight phones takes eight of ten, and says so. When
// one leaves, another gets in.
func (w *world) full(phones []*phone) {
	w.must("Stop", "hotspot", nil)
	w.daemon("hotspot", "-stations=8", "-internet=drop")
	w.awaitState(func(s state) bool { return s.State == "up" && s.Max == 8 && s.Stations == 8 && s.Full })
	var inside, outside []*phone
	for _, p := range phones {
		if p.in() {
			inside = append(inside, p)
		} else {
			outside = append(outside, p)
		}
	}
	if len(inside) != 8 {
		w.Fatalf("%d phones are in", len(inside))
	}
	for _, p := range outside {
		var refused bool
		p.must("Event", ask.Event{Name: "CTRL-EVENT-AUTH-REJECT", Patience: patience}, &refused)
		if !refused {
			w.Errorf("phone %d was not refused", p.number)
		}
	}
	w.note("eight phones are in, and two were refused")
	inside[1].internet(true)
	inside[0].must("Leave", ask.Nothing{}, nil)
	begun := time.Now()
	for !slices.ContainsFunc(outside, (*phone).in) {
		if time.Since(begun) > patience {
			w.Fatal("one has left, and nobody came in")
		}
		time.Sleep(200 * time.Millisecond)
	}
	w.note("one has left, and %.1f s later another is in", time.Since(begun).Seconds())
}

// in reports whether the phone is in a Wi-Fi.
func (p *phone) in() (in bool) {
	p.Helper()
	p.must("In", ask.Nothing{}, &in)
	return in
}
