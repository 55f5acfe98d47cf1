package air

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"warren/appliance/emulator/air/ask"
)

// openTime is how long the emulated card may take to have its room open.
// RabbitMQ takes 40 s on two idle cores, and was seen to take 150 s on busy
// ones.
const openTime = 5 * time.Minute

// The mission. A card as it is flashed boots; a phone joins rabbit with the
// passphrase of the poster, is led by the portal, opens the chat, and says
// something, which goes through RabbitMQ and comes back; and the LED blinks.
//
// Of all that, simulated are the hardware and the phone. The kernel is Debian's,
// since that of the card has no simulated radio.
func TestMission(t *testing.T) {
	w := newWorld(t, "mission.log", "", "air.radios=2 air.init")
	p := w.phone(1)
	defer w.logs()
	w.note("the power is on, and so is a phone")

	joined := p.join("rabbit", "carrotcarrot", openTime)
	if !joined.In {
		t.Fatalf("the phone does not get in: %s", joined.Why)
	}
	w.note("the phone has joined rabbit with carrotcarrot")
	var lease ask.Lease
	p.must("Address", ask.Nothing{}, &lease)
	if !strings.HasPrefix(lease.Address, "10.1.1.") || lease.Router != "10.1.1.1" || lease.DNS != "10.1.1.1" {
		t.Errorf("the phone has %+v", lease)
	}
	w.note("it has the address %s, and %s for router and names", lease.Address, lease.Router)
	p.names()
	p.walk(android)
	page := p.get(chat, android.window, "text/html")
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "<title>rabbit") {
		t.Fatalf("the page is %d, %.300s", page.Status, page.Body)
	}
	w.note("it shows the chat's page")
	if mounts := w.read("/proc/1/mounts"); !strings.Contains(mounts, " / squashfs ro") || !strings.Contains(mounts, " /perm ext4 rw") {
		t.Errorf("the card has mounted\n%s", mounts)
	}

	begun := time.Now()
	for p.get(chat+"readyz", "", "").Status != http.StatusOK {
		if time.Since(begun) > openTime {
			t.Fatalf("RabbitMQ is not there after %v; the broker daemon says %s", openTime, w.read("/run/warren/broker.state"))
		}
		time.Sleep(500 * time.Millisecond)
	}
	w.note("chatd has reached RabbitMQ")
	if s := w.read("/run/warren/broker.state"); !strings.Contains(s, `"state":"up"`) {
		t.Errorf("the broker daemon says %s", s)
	}
	w.note("its container has taken %s bytes", strings.TrimSpace(w.read("/sys/fs/cgroup/warren/rabbitmq/memory.current")))
	p.chat("Ada")
	w.led(3*time.Second, func() error { return nil })
	w.note("the LED is dark")

	for said, seen := 0, 0; seen < 3; said++ {
		if said == 20 {
			t.Fatal("this machine is too busy to watch an LED")
		}
		text := fmt.Sprint("hello number ", said)
		got := w.led(2*time.Second, func() error {
			if err := p.do("Say", ask.Say{Text: text}, nil); err != nil {
				return err
			}
			return p.do("Heard", ask.Heard{Text: text, Patience: patience}, new(time.Duration))
		})
		switch {
		case got.flashes == 0 && got.blind > blinkTime:
			w.note("said %q; nobody looked at the LED for %v", text, got.blind)
		case got.flashes != 1:
			t.Fatalf("for one message the LED flashed %d times: %+v", got.flashes, got)
		default:
			seen++
			w.note("said %q; it came back, and the LED was lit for %v", text, got.lit.Round(time.Millisecond))
		}
	}
	w.awaitState(func(s state) bool { return s.State == "up" && s.Stations == 1 })
}

// logs keeps what the card's daemons have said last in the diary.
func (w *world) logs() {
	var g sync.WaitGroup
	for _, name := range []string{"setup", "hotspot", "portal", "broker", "chatd", "ledstatus"} {
		g.Go(func() {
			var log string
			if err := w.do("Log", name, &log); err != nil {
				log = err.Error() + "\n"
			}
			fmt.Fprintf(&w.diary, "──── %s has said:\n%s", name, log)
		})
	}
	g.Wait()
}

// blinkTime is how long a watcher may be away and not miss a blink of the LED,
// which is 50 ms of light by the machine's clock.
const blinkTime = 40 * time.Millisecond

// flashes is what was seen of the LED.
type flashes struct {
	flashes int
	lit     time.Duration // the longest
	blind   time.Duration // the longest between two looks
}

// led looks at the LED, from outside, while something is done, and until the
// LED was dark for some time after that.
func (w *world) led(dark time.Duration, do func() error) (seen flashes) {
	w.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	begun := time.Now()
	last, was, busy := begun, false, true
	var edge, idle time.Time // when the light last changed, and when all was done
	for {
		// GPIODATA for all eight lines of the GPIO controller, as they are (ARM
		// PrimeCell GPIO PL061, 3.3.1); QEMU's board has it at 0x09030000.
		text, err := w.Monitor(w.Context(), "xp /1wx 0x090303fc")
		if err != nil {
			w.Fatal(err)
		}
		_, hex, _ := strings.Cut(strings.TrimSpace(text), ": 0x")
		lines, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			w.Fatalf("the monitor says %q", text)
		}
		is, now := lines>>ledPin&1 == 1, time.Now()
		seen.blind = max(seen.blind, now.Sub(last))
		last = now
		select {
		case err := <-done:
			if err != nil {
				w.Fatal(err)
			}
			busy, idle = false, now
		default:
		}
		switch {
		case is && !was:
			seen.flashes++
			edge = now
		case was && !is:
			seen.lit = max(seen.lit, now.Sub(edge))
			edge = now
		case !busy && !is && now.Sub(idle) >= dark && now.Sub(edge) >= dark:
			return seen
		case now.Sub(begun) > openTime:
			w.Fatalf("the LED is not dark for %v: %+v", dark, seen)
		}
		was = is
	}
}
