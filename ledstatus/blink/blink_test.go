package blink

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// change is a moment at which a light went on or off.
type change struct {
	at time.Duration // since the test began
	on bool
}

// recorder is a light that remembers.
type recorder struct {
	mu       sync.Mutex
	start    time.Time
	changes  []change
	sets     int
	broken   error
	captions []string
}

func (r *recorder) Set(on bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sets++
	if r.broken == nil && on != r.lit() {
		r.changes = append(r.changes, change{time.Since(r.start), on})
	}
	return r.broken
}

func (r *recorder) Close() error { panic("a lamp does not close its light") }

func (r *recorder) Caption(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.captions = append(r.captions, text)
}

func (r *recorder) lit() bool { return len(r.changes) > 0 && r.changes[len(r.changes)-1].on }

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = err
}

// flashes returns when the light went on since the last call, and forgets it.
func (r *recorder) flashes() (at []time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.changes {
		if c.on {
			at = append(at, c.at)
		}
	}
	r.changes = r.changes[len(r.changes):]
	return at
}

// shine runs test with a lamp that shines in a time of its own, first in the
// given state, and checks that it is off and has ended afterwards.
func shine(t *testing.T, first State, test func(t *testing.T, lamp *Lamp, light *recorder, log *bytes.Buffer)) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		light := &recorder{start: time.Now()}
		lamp := New(light, slog.New(slog.NewTextHandler(&log, nil)))
		lamp.State(first)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- lamp.Run(ctx) }()
		test(t, lamp, light, &log)
		before := time.Now()
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
		if d := time.Since(before); d > 0 {
			t.Errorf("Run took %v to end", d)
		}
		if light.lit() {
			t.Error("the light is on at the end")
		}
	})
}

// after lets time pass, and what is to happen until then happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func expectChanges(t *testing.T, light *recorder, want ...change) {
	t.Helper()
	light.mu.Lock()
	defer light.mu.Unlock()
	if len(light.changes) != len(want) {
		t.Fatalf("changes are %v, want %v", light.changes, want)
	}
	for i, c := range light.changes {
		if c != want[i] {
			t.Fatalf("changes are %v, want %v", light.changes, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	const ms = time.Millisecond
	for state, want := range map[State][]change{
		Starting:     {{0, true}, {500 * ms, false}, {1000 * ms, true}, {1500 * ms, false}, {2000 * ms, true}, {2500 * ms, false}},
		NoBroker:     {{0, true}, {100 * ms, false}, {300 * ms, true}, {400 * ms, false}, {2000 * ms, true}, {2100 * ms, false}, {2300 * ms, true}, {2400 * ms, false}},
		NoWiFi:       {{600 * ms, true}, {1600 * ms, false}},
		UnderVoltage: {{600 * ms, true}, {1400 * ms, false}, {1800 * ms, true}, {2600 * ms, false}},
		BadSettings:  {{600 * ms, true}, {700 * ms, false}, {900 * ms, true}, {1000 * ms, false}, {1200 * ms, true}, {1300 * ms, false}},
		OK:           nil,
	} {
		t.Run(state.String(), func(t *testing.T) {
			shine(t, state, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
				after(2999 * ms)
				expectChanges(t, light, want...)
			})
		})
	}
}

// Every pattern is a whole number of on and off, none shorter than a blink,
// and ends dark.
func TestPatternTable(t *testing.T) {
	seen := map[string]bool{}
	for s, p := range patterns {
		if p.name == "" || seen[p.name] {
			t.Errorf("state %d has the name %q", s, p.name)
		}
		seen[p.name] = true
		if len(p.steps)%2 != 0 {
			t.Errorf("%s has %d steps", p.name, len(p.steps))
		}
		for _, d := range append(p.steps, p.aside...) {
			if d < blinkOn {
				t.Errorf("%s has a step of %v", p.name, d)
			}
		}
		if len(p.aside)%2 != 0 || len(p.aside) > 0 && len(p.steps) > 0 {
			t.Errorf("%s has an aside of %d steps and a pattern of %d", p.name, len(p.aside), len(p.steps))
		}
	}
}

// Mistakes in the settings are shown again and again, and messages between.
func TestBadSettingsLeaveRoomForMessages(t *testing.T) {
	shine(t, BadSettings, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		for range 6 {
			after(5 * time.Second)
			lamp.Message()
			after(5*time.Second - time.Millisecond)
			if got := len(light.flashes()); got != 3+1 {
				t.Errorf("%d flashes in 10 s, want three and a blink", got)
			}
			after(time.Millisecond)
		}
		// In the middle of the three flashes: those are neither cut short nor
		// made four.
		after(800 * time.Millisecond)
		light.flashes()
		begin := time.Since(light.start)
		for range 20 {
			lamp.Message()
			after(20 * time.Millisecond)
		}
		after(3 * time.Second)
		got := light.flashes()
		if len(got) != 3 {
			t.Fatalf("flashes at %v after %v, want two more of three, and a blink", got, begin)
		}
		if dark := got[2] - got[1]; dark < asideDark {
			t.Errorf("the blink comes %v after the third flash began", dark)
		}
		lamp.State(OK)
		after(time.Minute)
		if got := light.flashes(); len(got) > 0 {
			t.Errorf("flashes when all is well: %v", got)
		}
	})
}

func TestOneMessageIsOneBlink(t *testing.T) {
	shine(t, OK, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		lamp.Message() // at once, as a daemon does that has just come up
		after(time.Minute)
		expectChanges(t, light, change{0, true}, change{blinkOn, false})
		lamp.Message()
		after(time.Minute)
		lamp.Message()
		after(time.Minute)
		if got := len(light.flashes()); got != 3 {
			t.Errorf("%d blinks for 3 messages", got)
		}
	})
}

func TestSlowMessagesAreCountedOneByOne(t *testing.T) {
	shine(t, OK, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		for range 100 {
			lamp.Message()
			after(blinkOn + blinkOff)
		}
		after(time.Minute)
		if got := len(light.flashes()); got != 100 {
			t.Errorf("%d blinks for 100 messages, ten a second", got)
		}
	})
}

func TestFloodIsMerged(t *testing.T) {
	shine(t, OK, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		after(time.Second)
		for range 999 {
			lamp.Message()
			time.Sleep(time.Millisecond)
		}
		lamp.Message()
		synctest.Wait()
		during := light.flashes()
		if len(during) != 10 {
			t.Errorf("%d blinks in the second of the flood, want 10: %v", len(during), during)
		}
		last := time.Since(light.start)
		after(time.Minute)
		later := light.flashes()
		if len(later) == 0 || len(later) > 2 {
			t.Errorf("%d blinks after the flood: %v", len(later), later)
		}
		for _, at := range later {
			if at > last+2*(blinkOn+blinkOff) {
				t.Errorf("a blink %v after the flood", at-last)
			}
		}
	})
}

func TestBurstIsTwoBlinks(t *testing.T) {
	shine(t, OK, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		lamp.Message()
		synctest.Wait() // the first blink has begun
		for range 100_000 {
			lamp.Message()
		}
		after(time.Minute)
		expectChanges(t, light,
			change{0, true}, change{blinkOn, false},
			change{blinkOn + blinkOff, true}, change{2*blinkOn + blinkOff, false})
	})
}

func TestStatesChange(t *testing.T) {
	shine(t, Starting, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		after(700 * time.Millisecond) // in the dark half of Starting
		light.flashes()
		lamp.State(NoBroker)
		after(350 * time.Millisecond) // in the second flash
		begin := 700 * time.Millisecond
		expectChanges(t, light,
			change{begin, true}, change{begin + 100*time.Millisecond, false}, change{begin + 300*time.Millisecond, true})
		lamp.State(OK)
		after(0)
		if light.lit() {
			t.Error("the light is still on when all is well")
		}
		light.flashes()
		after(time.Minute)
		expectChanges(t, light)
		lamp.Message()
		after(time.Minute)
		if got := len(light.flashes()); got != 1 {
			t.Errorf("%d blinks for a message", got)
		}
	})
}

// What reaches a broker says so, but not that it never did.
func TestStartTakesTooLong(t *testing.T) {
	shine(t, Starting, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		after(startTime - time.Millisecond)
		if got := len(light.flashes()); got != 60 {
			t.Errorf("%d flashes in the minute of the start, want 60", got)
		}
		after(2 * time.Second)
		if got, want := light.captions[len(light.captions)-1], "no broker, 0 messages"; got != want {
			t.Errorf("caption is %q, want %q", got, want)
		}
		lamp.State(OK)
		after(time.Minute)
		if got, want := light.captions[len(light.captions)-1], "ok, 0 messages"; got != want {
			t.Errorf("caption is %q, want %q", got, want)
		}
	})
	shine(t, Starting, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		after(startTime - time.Millisecond)
		lamp.State(OK)
		after(time.Minute)
		if got, want := light.captions[len(light.captions)-1], "ok, 0 messages"; got != want {
			t.Errorf("caption is %q, want %q", got, want)
		}
	})
}

// The same state said again does not begin the pattern again.
func TestSameStateAgain(t *testing.T) {
	shine(t, NoBroker, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		for range 400 {
			after(10 * time.Millisecond)
			lamp.State(NoBroker)
		}
		if got := len(light.flashes()); got < 4 || got > 5 { // the fifth begins at 4 s sharp
			t.Errorf("%d flashes in 4 s, want 4", got)
		}
	})
}

func TestMessagesWhileTheBrokerIsAway(t *testing.T) {
	shine(t, NoBroker, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		for range 199 {
			after(10 * time.Millisecond)
			lamp.Message()
		}
		if got := len(light.flashes()); got != 2 {
			t.Errorf("%d flashes in 2 s, want those of the pattern", got)
		}
		lamp.State(OK)
		after(time.Minute)
		if got := light.flashes(); len(got) > 0 {
			t.Errorf("messages of before blink later: %v", got)
		}
		if got, want := light.captions[len(light.captions)-1], "ok, 199 messages"; got != want {
			t.Errorf("caption is %q, want %q", got, want)
		}
	})
}

// A message that no blink has been begun for does not disturb the pattern.
func TestBrokerGoesAwayDuringABlink(t *testing.T) {
	shine(t, OK, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		lamp.Message()
		synctest.Wait() // the blink has begun
		lamp.Message()
		lamp.State(NoBroker)
		after(time.Second)
		begin := blinkOn + blinkOff
		expectChanges(t, light, change{0, true}, change{blinkOn, false},
			change{begin, true}, change{begin + 100*time.Millisecond, false},
			change{begin + 300*time.Millisecond, true}, change{begin + 400*time.Millisecond, false})
	})
}

func TestEndsWhileTheLightIsOn(t *testing.T) {
	shine(t, Starting, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		synctest.Wait()
		if !light.lit() {
			t.Error("the light is off at the beginning of the pattern")
		}
	})
}

func TestCaptions(t *testing.T) {
	shine(t, Starting, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		after(time.Second)
		lamp.State(OK)
		after(time.Second)
		lamp.Message()
		after(time.Second)
		for range 5 {
			lamp.Message()
		}
		after(time.Second)
		want := "starting, 0 messages|ok, 0 messages|ok, 1 message|ok, 6 messages"
		if got := strings.Join(light.captions, "|"); got != want {
			t.Errorf("captions are %s, want %s", got, want)
		}
	})
}

func TestBrokenLight(t *testing.T) {
	shine(t, Starting, func(t *testing.T, lamp *Lamp, light *recorder, log *bytes.Buffer) {
		logged := func(when string, want ...string) {
			t.Helper()
			lines := strings.Split(strings.TrimSpace(log.String()), "\n")
			log.Reset()
			if len(want) == 0 {
				want = []string{""}
			}
			if len(lines) != len(want) {
				t.Fatalf("%s: logged %q, want %q", when, lines, want)
			}
			for i := range want {
				if !strings.Contains(lines[i], want[i]) {
					t.Errorf("%s: logged %q, want %q", when, lines[i], want[i])
				}
			}
		}
		after(10 * time.Second)
		logged("while it works")
		lamp.State(NoBroker)
		light.fail(errors.New("burnt out"))
		after(time.Minute)
		logged("when it breaks", "burnt out")
		light.fail(errors.New("stolen"))
		after(time.Minute)
		logged("when it breaks in another way", "stolen")
		light.fail(nil)
		light.flashes()
		after(10 * time.Second)
		logged("when it is mended", "works again")
		if got := len(light.flashes()); got < 9 { // of two each 2 s
			t.Errorf("%d flashes in 10 s after it is mended", got)
		}
	})
}

// A light that refuses to go off must not stay on until the next message.
func TestBrokenLightAtRest(t *testing.T) {
	shine(t, OK, func(t *testing.T, lamp *Lamp, light *recorder, _ *bytes.Buffer) {
		lamp.Message()
		synctest.Wait()
		light.fail(errors.New("stuck"))
		after(10 * time.Second)
		if !light.lit() {
			t.Fatal("the light is not stuck")
		}
		light.fail(nil)
		after(retryAfter)
		if light.lit() {
			t.Error("the light is still on")
		}
		sets := light.sets
		after(time.Hour)
		if light.sets != sets {
			t.Errorf("a lamp at rest set its light %d times", light.sets-sets)
		}
	})
}

// stuck is a light whose Set does not return, like a terminal stopped by
// Ctrl-S.
type stuck struct{ release chan struct{} }

func (s stuck) Set(bool) error { <-s.release; return nil }
func (s stuck) Close() error   { return nil }

func TestMessageNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		light := stuck{make(chan struct{})}
		lamp := New(light, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- lamp.Run(ctx) }()
		synctest.Wait()
		for range 1000 {
			lamp.Message()
			lamp.State(OK)
			lamp.State(NoBroker)
		}
		stop()
		close(light.release)
		<-ended
	})
}
