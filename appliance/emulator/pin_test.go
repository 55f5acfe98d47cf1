package emulator

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"warren/appliance/settings"
	"warren/chatd/fanout/rabbitmq/node"
)

const (
	// A blink of the lamp is 50 ms of light, by the machine's clock. A watcher
	// who was away for this long may have missed one.
	blinkTime = 40 * time.Millisecond

	// No pattern of the lamp has as long a dark; between the flashes that say
	// that there is no Wi-Fi are 9 s.
	restTime = 5 * time.Second

	// A flash of at least this is no blink: this board has no radio in an
	// emulator, so the lamp is lit for a second every ten.
	asideTime = 500 * time.Millisecond
)

// A Pi with a lamp on GPIO 17 blinks once per message, and is dark otherwise,
// but for the flashes that say that it has no Wi-Fi; while it starts it goes on
// and off. The pin is looked at from outside, as a
// wire would. RabbitMQ, which takes minutes to start on this board in an
// emulator, is one of ours: the card is told so in its settings.
func TestPinBlinksPerMessage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	rabbit := node.ForTest(t)
	card := newCard(t, ImageForTest(t), 0)
	url := strings.Replace(rabbit.URL(), "127.0.0.1", HostAddress, 1)
	put(t, card, settings.FileName, fmt.Sprintf("[led]\nlight = \"GPIO17\"\n[broker]\nurl = %q\n", url))
	begun := time.Now()
	rabbit.Shutdown()
	m := start(t, card, Options{Board: Raspi3B, Host: true})
	await(t, m, "")
	t.Logf("the page is there after %v", time.Since(begun).Round(time.Second))
	if err := rabbit.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	begin := look(t, m, 17, restTime)
	await(t, m, "readyz")
	t.Logf("the room is open after %v; the lamp until then: %+v", time.Since(begun).Round(time.Second), begin)

	ada := join(t, m, "Ada")
	for said, seen := 0, 0; seen < 5; said++ {
		if said == 20 {
			t.Fatal("this machine is too busy to watch a pin")
		}
		ada.say(fmt.Sprint("message ", said))
		switch got := look(t, m, 17, 3*time.Second); {
		case got.flashes == 0 && got.blind > blinkTime:
			t.Logf("message %d: not looked at for %v", said, got.blind)
		case got.flashes != 1:
			t.Fatalf("for one message the lamp flashed %d times: %+v", got.flashes, got)
		default:
			seen++
			t.Logf("message %d: %+v", said, got)
		}
	}
	asides := 0
	for begun := time.Now(); time.Since(begun) < 25*time.Second; {
		got := look(t, m, 17, 3*time.Second)
		asides += got.asides
		if got.flashes != 0 {
			t.Errorf("without a message the lamp flashed %d times", got.flashes)
		}
	}
	if asides == 0 {
		t.Error("the lamp does not say that there is no Wi-Fi")
	}
}

// seen is what was seen of a pin.
type seen struct {
	flashes int           // shorter than asideTime
	asides  int           // the others
	longest time.Duration // for which it was on
	blind   time.Duration // the longest between two looks
	looks   int
}

// look looks at a pin, as often as it can, until it was low for some time.
func look(t *testing.T, m *Machine, pin int, rest time.Duration) seen {
	t.Helper()
	var s seen
	var was bool
	begun := time.Now()
	edge, last := begun, begun
	for {
		// GPLEV0, the level of the first 32 pins (BCM2835 ARM Peripherals, 6.1).
		text, err := m.Monitor(t.Context(), "xp /1wx 0x3f200034")
		if err != nil {
			t.Fatal(err)
		}
		_, hex, _ := strings.Cut(text, ": 0x")
		levels, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			t.Fatalf("the monitor says %q", text)
		}
		is, now := levels>>pin&1 == 1, time.Now()
		s.looks++
		s.blind = max(s.blind, now.Sub(last))
		last = now
		switch {
		case is && !was:
			edge = now
		case was && !is:
			s.longest = max(s.longest, now.Sub(edge))
			if now.Sub(edge) < asideTime {
				s.flashes++
			} else {
				s.asides++
			}
			edge = now
		case !is && now.Sub(edge) >= rest:
			return s
		case now.Sub(begun) > openTime:
			t.Fatalf("the pin is not low for %v: %+v", rest, s)
		}
		was = is
	}
}
