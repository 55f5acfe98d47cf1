package emulator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// promise is how long after it was shown as sent a message outlasts a power cut.
const promise = 2 * time.Second

// Pulling the plug is the normal way to switch a card off. Here it is pulled at
// random moments in a busy room, every other time before the room is open: while
// the card boots, the log is mended, RabbitMQ starts. In the end, all that any
// phone has ever shown as sent is there, once, in its sender's order, and in one
// order for all; and what was shown as sent for two seconds is there before any
// phone has offered it again.
//
// WARREN_CUTS is the number of cuts; with WARREN_SEED, which the log names, they
// come at the same moments again.
func TestRoomSurvivesThePlug(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	seed, cuts := setting(t, "WARREN_SEED", uint64(time.Now().UnixNano())), int(setting(t, "WARREN_CUTS", 5))
	t.Logf("WARREN_SEED=%d WARREN_CUTS=%d", seed, cuts)
	luck := rand.New(rand.NewPCG(seed, 1))
	moment := func(least, most time.Duration) time.Duration {
		return least + time.Duration(luck.Int64N(int64(most-least)))
	}
	card := newCard(t, ImageForTest(t), seed)
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Ports: map[int]int{RoomPort: port}}
	var guests []*phone
	for _, name := range []string{"Ada", "Bob", "Eve", "Kim"} {
		guests = append(guests, newPhone(name, fmt.Sprintf("http://127.0.0.1:%d/", port)))
	}

	var ends []time.Time // when the plug was pulled
	var log []record
	reopen := func() (*Machine, time.Duration) {
		t.Helper()
		m, times := boot(t, card, o)
		log = wholeLog(t, m)
		lost := missing(log, guests, func(s said) bool {
			return !s.ticked.IsZero() && !slices.ContainsFunc(ends, func(end time.Time) bool {
				return s.ticked.Before(end) && s.ticked.After(end.Add(-promise))
			})
		})
		t.Logf("page after %v, RabbitMQ after %v, %d messages are there", times[0], times[1], len(log))
		if len(ends) > 0 && !strings.Contains(m.Console(), "EXT4-fs (vda4): recovery complete") {
			t.Error("the cut left nothing to mend: was it one?")
		}
		if len(lost) > 0 {
			t.Errorf("sent more than %v before the plug was pulled, and not there: %v", promise, lost)
		}
		return m, times[1]
	}
	longest := 30 * time.Second // to RabbitMQ
	for i := range cuts {
		var m *Machine
		var stop func()
		if i%2 == 0 {
			var open time.Duration
			m, open = reopen()
			longest = max(longest, open)
			stop = talk(t, guests)
			time.Sleep(moment(2*time.Second, 10*time.Second))
		} else {
			m = start(t, card, o)
			stop = talk(t, guests)
			time.Sleep(moment(0, longest))
		}
		ends = append(ends, time.Now())
		m.Cut()
		stop()
		healthy(t, m)
		t.Logf("cut %d: %d messages were sent, %d sectors are lost so far", i+1, count(guests), card.Lost())
	}
	if card.Flushes() == 0 || count(guests) < 10*cuts/2 {
		t.Errorf("that was no test: the disk was flushed %d times, %d messages were sent", card.Flushes(), count(guests))
	}

	// All phones find the room again, and settle.
	m, _ := reopen()
	for _, p := range guests {
		t.Cleanup(p.online(t.Context()))
		p.say("good night")
	}
	for _, p := range guests {
		p.await(t, "to see all its messages in the log", func() bool {
			return p.live && !slices.ContainsFunc(p.mine, func(s said) bool { return !s.there })
		})
	}
	log = wholeLog(t, m)
	if lost := missing(log, guests, func(said) bool { return true }); len(lost) > 0 {
		t.Errorf("said again, and not there: %v", lost)
	}
	last := map[string]int{} // of each sender
	for _, r := range log {
		name, text, _ := strings.Cut(r.Ref, "-")
		n, err := strconv.Atoi(text)
		if before, ok := last[name]; err != nil || ok && n <= before {
			t.Errorf("%s comes after %s-%d", r.Ref, name, before)
		}
		last[name] = n
	}
	for _, p := range guests {
		p.await(t, "to show the newest message", func() bool {
			return len(p.log) > 0 && p.log[len(p.log)-1].Offset == log[len(log)-1].Offset
		})
		shown := p.shows()
		if len(shown) > len(log) || !slices.Equal(shown, log[len(log)-len(shown):]) {
			t.Errorf("%s's phone shows another conversation:\n%v\n%v", p.name, shown, log)
		}
	}
	healthy(t, m)
}

// setting returns the number in an environment variable.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// talk has the guests talk, until stop is called: a message every half a second,
// but for those who see that nothing goes out.
func talk(t *testing.T, guests []*phone) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var stops []func()
	for _, p := range guests {
		offline := p.online(ctx)
		silent := make(chan struct{})
		go func() {
			defer close(silent)
			for tick := time.NewTicker(500 * time.Millisecond); ; {
				select {
				case <-ctx.Done():
					tick.Stop()
					return
				case <-tick.C:
				}
				if mine := p.says(); len(mine) < 5 || mine[len(mine)-5].there {
					p.say(fmt.Sprintf("%s's message %d", p.name, len(mine)))
				}
			}
		}()
		stops = append(stops, func() { offline(); <-silent })
	}
	return func() {
		cancel()
		for _, stop := range stops {
			stop()
		}
	}
}

// missing returns the messages of all guests, those that matter, that are not
// in the log exactly once.
func missing(log []record, guests []*phone, matters func(said) bool) (refs []string) {
	there := map[string]int{}
	for _, r := range log {
		there[r.Ref]++
	}
	for _, p := range guests {
		for _, s := range p.says() {
			if n := there[s.ref]; n > 1 || n == 0 && matters(s) {
				refs = append(refs, fmt.Sprintf("%s (%d times)", s.ref, n))
			}
		}
	}
	return refs
}

// count returns how many messages were shown as sent.
func count(guests []*phone) (n int) {
	for _, p := range guests {
		for _, s := range p.says() {
			if !s.ticked.IsZero() {
				n++
			}
		}
	}
	return n
}

var complaint = regexp.MustCompile(`(?m)^.*(EXT4-fs error|EXT4-fs warning|JBD2.*(error|corrupt)|I/O error|SQUASHFS error|Kernel panic|Oops|BUG:).*$`)

// healthy says what the kernel has complained of.
func healthy(t *testing.T, m *Machine) {
	t.Helper()
	if lines := complaint.FindAllString(m.Console(), 10); lines != nil {
		t.Errorf("the kernel complains:\n%s", strings.Join(lines, "\n"))
	}
}
