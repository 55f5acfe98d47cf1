package air

import (
	"fmt"
	"syscall"
	"time"

	"warren/appliance/emulator/air/ask"
)

// signal sends a signal to a program from the sealed file system.
func (w *world) signal(name string, s syscall.Signal) {
	w.Helper()
	var count int
	w.must("Signal", ask.Signal{Word: "/run/warren/hotspot/img/bin/" + name, Signal: int(s)}, &count)
	if count != 1 {
		w.Fatalf("%d processes are %s", count, name)
	}
}

// lose takes hostapd away, and phones must be back and talk, without anybody
// doing anything.
func (w *world) lose(s syscall.Signal, program string, phones ...*phone) {
	w.Helper()
	var before []int
	for _, p := range phones {
		var n int
		p.must("Events", connected, &n)
		before = append(before, n)
	}
	begun := time.Now()
	w.signal(program, s)
	for i, p := range phones {
		var back bool
		p.must("Event", ask.Event{Name: connected, After: before[i], Patience: patience}, &back)
		if !back {
			w.Fatalf("phone %d is not back after %v", p.number, patience)
		}
		w.note("phone %d is back %.1f s after %v", p.number, time.Since(begun).Seconds(), s)
	}
	w.awaitState(func(s state) bool { return s.State == "up" && s.Stations == len(phones) })
	phones[0].talks(phones[1], fmt.Sprint("back after ", s))
	w.note("they talk %.1f s after %v", time.Since(begun).Seconds(), s)
}

// connected is what wpa_supplicant says when it is in.
const connected = "CTRL-EVENT-CONNECTED"

// killDnsmasq takes dnsmasq away; a phone must get the address that it had.
func (w *world) killDnsmasq(p *phone) {
	var before, after ask.Lease
	p.must("Address", ask.Nothing{}, &before)
	begun := time.Now()
	w.signal("dnsmasq", syscall.SIGKILL)
	p.must("Address", ask.Nothing{}, &after)
	if after.Address != before.Address {
		w.Errorf("it had %s and has %s", before.Address, after.Address)
	}
	p.names()
	w.note("addresses and names are there again after %.1f s", time.Since(begun).Seconds())
}
