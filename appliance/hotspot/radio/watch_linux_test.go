package radio

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"warren/appliance/hotspot/nettest"
)

// TestJudge is about what a radio may answer, one look after the other. hwsim is
// never silent: see appliance/emulator/air for what it can do.
func TestJudge(t *testing.T) {
	on := sight{on: true, firmware: true}
	phones := func(n int, sent, failed uint64) sight {
		return sight{on: true, firmware: true, stations: n, sent: sent, failed: failed}
	}
	type answer struct {
		sight
		err error
	}
	unsupported := answer{sight{on: true, firmware: true, stations: -1, took: time.Millisecond}, unix.EOPNOTSUPP}
	refused := answer{sight{on: true, firmware: true, stations: -1, took: time.Millisecond}, unix.EBADE}
	tired := answer{sight{on: true, firmware: true, stations: -1, took: 2500 * time.Millisecond}, unix.EOPNOTSUPP}
	for what, test := range map[string]struct {
		answers []answer
		want    error
	}{
		"nobody is there":              {[]answer{{on, nil}, {on, nil}, {on, nil}}, nil},
		"two phones talk":              {[]answer{{phones(2, 10, 0), nil}, {phones(2, 20, 3), nil}, {phones(2, 30, 9), nil}}, nil},
		"two phones sleep":             {[]answer{{phones(2, 10, 0), nil}, {phones(2, 10, 0), nil}, {phones(2, 10, 0), nil}}, nil},
		"the firmware has halted":      {[]answer{{on, nil}, {sight{}, unix.ETIMEDOUT}}, ErrDead},
		"the driver hides it":          {[]answer{{on, nil}, unsupported}, ErrDead},
		"the driver hides it at first": {[]answer{tired}, ErrDead},
		"an old chip cannot say":       {[]answer{unsupported, unsupported, unsupported}, nil},
		"an old chip halts":            {[]answer{unsupported, tired}, ErrDead},
		"the firmware refuses":         {[]answer{{on, nil}, refused, refused, {on, nil}}, nil},
		"it refuses, and halts":        {[]answer{{on, nil}, refused, tired}, ErrDead},
		"the radio is gone":            {[]answer{{on, nil}, {sight{}, unix.ENODEV}}, ErrDead},
		"it was switched off":          {[]answer{{on, nil}, {sight{}, nil}}, ErrOff},
		"all fail after a short look":  {[]answer{{phones(1, 10, 0), nil}, {sight{on: true}, nil}, {phones(1, 10, 5), nil}}, ErrDead},
		"it never says that it is on":  {[]answer{{sight{}, nil}, {sight{}, nil}}, nil},
		"all packets fail":             {[]answer{{phones(1, 10, 0), nil}, {phones(1, 10, 5), nil}}, ErrDead},
		"packets fail without a phone": {[]answer{{phones(0, 10, 0), nil}, {phones(0, 10, 5), nil}}, nil},
		"the last phone has left":      {[]answer{{phones(1, 10, 0), nil}, {phones(0, 10, 5), nil}}, nil},
	} {
		var c course
		for i, a := range test.answers {
			err := c.judge(a.sight, a.err)
			want := test.want
			if i < len(test.answers)-1 {
				want = nil
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: after %d answers %v, want %v", what, i+1, err, want)
			}
		}
	}
}

var quick = Times{Look: time.Millisecond, Every: time.Millisecond, Answer: time.Minute, Again: 2 * time.Millisecond}

// TestWatch: one bad answer is a coincidence, two are not, and silence is one.
func TestWatch(t *testing.T) {
	looks := 0
	w := Watch{Interface: "wlan0", Times: quick, look: func(string, bool) (sight, error) {
		if looks++; looks%3 == 2 && looks < 20 || looks > 30 {
			return sight{}, unix.ETIMEDOUT
		}
		return sight{on: true, firmware: true}, nil
	}}
	if err := w.Run(t.Context()); !errors.Is(err, ErrDead) || !errors.Is(err, unix.ETIMEDOUT) || looks != 32 {
		t.Errorf("after %d looks: %v", looks, err)
	}

	// Between two questions to the firmware there are looks that cost nothing.
	w.Times.Every = 20 * time.Millisecond
	asked := 0
	looks = 0
	w.look = func(_ string, firmware bool) (sight, error) {
		if looks++; firmware {
			asked++
		}
		if asked >= 4 {
			return sight{}, unix.ETIMEDOUT
		}
		return sight{on: true, firmware: firmware}, nil
	}
	if err := w.Run(t.Context()); !errors.Is(err, ErrDead) || looks < 7 {
		t.Errorf("of %d looks %d asked the firmware: %v", looks, asked, err)
	}

	free := make(chan struct{})
	w.Times.Answer = 20 * time.Millisecond
	w.look = func(string, bool) (sight, error) { <-free; return sight{on: true, firmware: true}, nil }
	if err := w.Run(t.Context()); !errors.Is(err, ErrDead) {
		t.Errorf("a kernel that hangs: %v", err)
	}
	close(free)

	w.Times = quick
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	w.look = func(string, bool) (sight, error) { return sight{on: true, firmware: true}, nil }
	if err := w.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("when asked to end: %v", err)
	}
}

// TestLookAtCable asks the kernel about an interface that is no radio, and about
// none.
func TestLookAtCable(t *testing.T) {
	n := nettest.New(t)
	nettest.Cable(t, n, "wlan0", n, "phone")
	n.Do(t, func() {
		if s, err := look("wlan0", true); err == nil || !strings.Contains(err.Error(), "wlan0") {
			t.Errorf("a cable: %+v, %v", s, err)
		}
		if s, err := look("wlan9", false); err == nil || !strings.Contains(err.Error(), "wlan9") {
			t.Errorf("nothing: %+v, %v", s, err)
		}
	})
}
