package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"warren/appliance/hotspot/hostapd"
	"warren/appliance/hotspot/radio"
)

// TestRecovery plays what may become of a Wi-Fi, one life after the other.
func TestRecovery(t *testing.T) {
	ended := errors.New("hostapd has ended: exit status 1")
	dead := fmt.Errorf("%w: no answer within 10s", radio.ErrDead)
	missing := missing("wlan0")
	type life struct {
		err    error
		lasted time.Duration
		reload bool
	}
	for what, lives := range map[string][]life{
		"hostapd dies now and then": {
			{ended, time.Hour, false}, {ended, time.Hour, false}, {ended, time.Hour, false}, {ended, time.Hour, false},
		},
		"hostapd dies in a row": {
			{ended, time.Hour, false}, {ended, time.Second, false}, {ended, time.Minute, true},
		},
		"hostapd silent, switched off, ended": {
			{hostapd.ErrSilent, time.Second, false}, {radio.ErrOff, time.Minute, false}, {ended, time.Second, true},
		},
		"the firmware halts":            {{dead, time.Hour, true}, {dead, time.Hour, true}},
		"it halts again at once":        {{dead, time.Hour, true}, {dead, 30 * time.Second, false}, {dead, 31 * time.Second, true}},
		"the radio is missing":          {{missing, 0, true}, {missing, time.Second, false}},
		"no such channel":               {{hostapd.ErrChannel, time.Second, false}, {hostapd.ErrChannel, time.Second, false}, {hostapd.ErrChannel, time.Second, false}, {hostapd.ErrChannel, time.Second, false}},
		"no such channel, and it fails": {{hostapd.ErrChannel, time.Second, false}, {ended, time.Second, false}, {ended, time.Second, false}, {ended, time.Second, true}},
	} {
		r, now := newRecovery(), time.Unix(1000, 0)
		for i, l := range lives {
			begun := now
			now = now.Add(l.lasted)
			if l.err != missing {
				r.ended(l.err, begun, now)
			}
			why := r.due(l.err, now)
			if (why != "") != l.reload {
				t.Errorf("%s: after life %d: %q", what, i+1, why)
			}
			if why != "" {
				r.reloaded(now)
			}
		}
	}
}

// TestMissing: a host whose board's radio has no firmware here reads that, and what
// to do.
func TestMissing(t *testing.T) {
	r := newRecovery()
	for _, want := range []string{"there is no wlan0", "no firmware", "by Ethernet", `interface = "eth0"`} {
		if why := r.due(missing("wlan0"), time.Now()); !strings.Contains(why, want) {
			t.Errorf("%q lacks %q", why, want)
		}
	}
}

// TestRecoveryBound: a radio that nothing helps is not worn out by being helped.
func TestRecoveryBound(t *testing.T) {
	r, begun := newRecovery(), time.Unix(1000, 0)
	reloads := map[int]int{} // by hour
	for now := begun; now.Before(begun.Add(5 * time.Hour)); now = now.Add(20 * time.Second) {
		if r.due(errMissing, now) != "" {
			reloads[int(now.Sub(begun).Hours())]++
			r.reloaded(now)
		}
	}
	if reloads[0] != 6 && reloads[0] != 7 {
		t.Errorf("in the first hour there were %d", reloads[0])
	}
	for hour := 1; hour < 5; hour++ {
		if reloads[hour] != 2 {
			t.Errorf("in hour %d there were %d", hour, reloads[hour])
		}
	}
}
