package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/uptime"
)

// began is when the boot of these tests began.
var began = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

// phoneClock is a phone's clock: so far is it from the right time.
type phoneClock time.Duration

const right phoneClock = 0

// tell lets phones say their times, a second one after the other, and returns
// the stamp after that.
func tellAll(c *clock, from chat.Stamp, phones ...phoneClock) chat.Stamp {
	for i, wrong := range phones {
		from.UpMS += 1000
		at := began.UnixMilli() + from.UpMS + time.Duration(wrong).Milliseconds()
		c.hear(chat.Person{ID: fmt.Sprint("phone", from.UpMS, i), Name: "Ada"}, at, from, false)
	}
	return from
}

func TestPhonesThatAgreeSayWhenTheBootBegan(t *testing.T) {
	second, minute, hour := phoneClock(time.Second), phoneClock(time.Minute), phoneClock(time.Hour)
	lost := phoneClock(time.UnixMilli(0).Sub(began)) // a phone that believes it is 1970
	for name, test := range map[string]struct {
		phones []phoneClock
		known  bool
	}{
		"nobody":                                 {nil, false},
		"two":                                    {[]phoneClock{right, right}, false},
		"three":                                  {[]phoneClock{right, right, right}, true},
		"three, set by hand":                     {[]phoneClock{-minute, right, minute}, true},
		"three, one wrong":                       {[]phoneClock{right, right, hour}, false},
		"four, one wrong":                        {[]phoneClock{hour, right, right, second}, true},
		"five, one wrong":                        {[]phoneClock{right, -24 * hour, right, right, second}, true},
		"five, two wrong in the same way":        {[]phoneClock{hour, hour, right, right, second}, true},
		"five, three wrong in ways of their own": {[]phoneClock{hour, -hour, 3 * hour, right, second}, false},
		"two groups of three":                    {[]phoneClock{hour, right, hour, right, hour, right}, false},
		"two in 1970, two right":                 {[]phoneClock{lost, right, lost, right}, false},
		"two in 1970, three right":               {[]phoneClock{lost, right, lost, right, second}, true},
		"three in 2150":                          {[]phoneClock{124 * 365 * 24 * hour, 124 * 365 * 24 * hour, 124 * 365 * 24 * hour}, false},
	} {
		c := newClock()
		now := tellAll(c, chat.Stamp{Boot: "boot"}, test.phones...)
		got := c.due(nil, "log", now)
		if (got != nil) != test.known {
			t.Errorf("%s: the log is told %+v", name, got)
		} else if got != nil && !near(got.Began, began.UnixMilli(), time.Minute) {
			t.Errorf("%s: the boot began %v off", name, time.Duration(got.Began-began.UnixMilli())*time.Millisecond)
		}
	}
}

// TestTimeZonesAreTheSameInstant is about what a phone sends: Date.now() has no
// zone.
func TestTimeZonesAreTheSameInstant(t *testing.T) {
	c := newClock()
	now := chat.Stamp{Boot: "boot", UpMS: 60_000}
	for i, zone := range []int{-8 * 3600, 0, 9*3600 + 1800} {
		at := began.Add(time.Minute).In(time.FixedZone("", zone))
		c.hear(chat.Person{ID: fmt.Sprint(i)}, at.UnixMilli(), now, false)
	}
	if got := c.due(nil, "log", now); got == nil || got.Began != began.UnixMilli() || got.Boot != "boot" || got.By != nil {
		t.Errorf("the log is told %+v", got)
	}
}

func TestLogIsToldOnceAndAgainOnlyOfAChange(t *testing.T) {
	c := newClock()
	now := tellAll(c, chat.Stamp{Boot: "boot"}, right, right, right)
	first := c.due(nil, "log", now)
	if first == nil {
		t.Fatal("three phones say nothing")
	}
	now = tellAll(c, now, right)
	if again := c.due(nil, "log", now); again != nil {
		t.Errorf("while the first record is on its way, the log is told %+v", again)
	}
	inLog := &chat.BootClock{Boot: "boot", Began: first.Began}
	now.UpMS += time.Hour.Milliseconds()
	now = tellAll(c, now, right, right)
	if again := c.due(inLog, "log", now); again != nil {
		t.Errorf("of the same the log is told again: %+v", again)
	}

	// The first three were all wrong, and are outvoted.
	off := phoneClock(time.Hour)
	c = newClock()
	now = tellAll(c, chat.Stamp{Boot: "boot"}, off, off, off)
	first = c.due(nil, "log", now)
	inLog = &chat.BootClock{Boot: "boot", Began: first.Began}
	now.UpMS += time.Hour.Milliseconds()
	now = tellAll(c, now, right, right, right)
	if again := c.due(inLog, "log", now); again != nil {
		t.Errorf("three against three: the log is told %+v", again)
	}
	now = tellAll(c, now, right)
	if again := c.due(inLog, "log", now); again == nil || again.Began != began.UnixMilli() {
		t.Errorf("four against three: the log is told %+v", again)
	}

	// After a restart the same daemon knows from the log only that there were
	// three: three others are no better.
	c = newClock()
	now = tellAll(c, now, right, right, right)
	if again := c.due(inLog, "log", now); again != nil {
		t.Errorf("three others: the log is told %+v", again)
	}

	// An erased log knows nothing, and is told at once.
	for _, epoch := range []string{"erased", "erased again"} {
		if again := c.due(nil, epoch, now); again == nil {
			t.Error("an erased log is not told again")
		}
		if again := c.due(nil, epoch, now); again != nil {
			t.Errorf("an erased log is told twice: %+v", again)
		}
	}
	// A record that was lost on its way is not waited for.
	now.UpMS += time.Hour.Milliseconds()
	if again := c.due(nil, "erased again", now); again == nil {
		t.Error("what was lost is not told again")
	}
}

func TestHostsPhoneIsEnoughAndWins(t *testing.T) {
	c, host := newClock(), chat.Person{ID: "host", Name: "Hana"}
	now := chat.Stamp{Boot: "boot", UpMS: 5000}
	c.hear(host, time.UnixMilli(5000).UnixMilli(), now, true) // in 1970
	if got := c.due(nil, "log", now); got != nil {
		t.Fatalf("the log is told %+v", got)
	}
	c.hear(host, began.UnixMilli()+5000, now, true)
	got := c.due(nil, "log", now)
	if got == nil || got.Began != began.UnixMilli() || got.By == nil || *got.By != host {
		t.Fatalf("the log is told %+v", got)
	}
	if err := chat.CheckDeed(got); err != nil {
		t.Error(err)
	}
	inLog := &chat.BootClock{Boot: "boot", Began: got.Began, ByHost: true}
	now.UpMS += time.Hour.Milliseconds()
	c.hear(chat.Person{ID: "other host"}, began.UnixMilli()+5*time.Hour.Milliseconds(), now, true)
	off := phoneClock(2 * time.Hour)
	now = tellAll(c, now, off, off, off, off, off)
	if again := c.due(inLog, "log", now); again != nil {
		t.Errorf("after a host's word, the log is told %+v", again)
	}

	// It wins over what guests said before.
	c = newClock()
	now = tellAll(c, chat.Stamp{Boot: "boot"}, off, off, off)
	guests := c.due(nil, "log", now)
	c.hear(host, began.UnixMilli()+now.UpMS, now, true)
	if got := c.due(&chat.BootClock{Boot: "boot", Began: guests.Began}, "log", now); got == nil || got.Began != began.UnixMilli() {
		// Even if the guests' record is on its way.
		t.Errorf("a host's word after the guests': %+v", got)
	}
}

func TestNoMorePhonesAreRememberedThanThereCanBe(t *testing.T) {
	c := newClock()
	now := chat.Stamp{Boot: "boot"}
	for range 3 * maxVoices {
		now = tellAll(c, now, right)
	}
	if len(c.voices) != maxVoices || len(c.order) != maxVoices {
		t.Errorf("%d phones in %d places are remembered", len(c.voices), len(c.order))
	}
	// One that comes again and again is one.
	c = newClock()
	for range 5 {
		c.hear(chat.Person{ID: "one"}, began.UnixMilli()+1000, chat.Stamp{Boot: "boot", UpMS: 1000}, false)
	}
	if got := c.due(nil, "log", now); got != nil || len(c.order) != 1 {
		t.Errorf("of one phone, the log is told %+v", got)
	}
}

func TestRecordOfTheSameTimeIsTheSame(t *testing.T) {
	c := &chat.Clock{Boot: "3f0b6c1a-8f0e-4d5f-9a51-2f1c1b0f5c11", Began: began.UnixMilli()}
	if id := clockID(c); !chat.ValidID(id) || id != clockID(&chat.Clock{Boot: c.Boot, Began: c.Began, By: &chat.Person{ID: "x"}}) {
		t.Errorf("the record's id is %q", id)
	}
	short := &chat.Clock{Boot: "b", Began: 1}
	if id := clockID(short); !chat.ValidID(id) {
		t.Errorf("the record's id is %q", id)
	}
}

// TestRoomLearnsItsClock is about all of it: what phones say at the door comes
// back from the log as the room's, once.
func TestRoomLearnsItsClock(t *testing.T) {
	s := serveHost(t, unlimited)
	boot := uptime.Now().Boot
	at := func(wrong time.Duration) int64 { return began.UnixMilli() + uptime.Now().UpMS + wrong.Milliseconds() }
	watcher, _ := s.join(t, nil) // an old page, that does not say what its clock shows
	for _, wrong := range []time.Duration{0, time.Hour, time.Second} {
		s.join(t, map[string]any{"at": at(wrong)})
	}
	s.join(t, map[string]any{"at": 12345}) // in 1970
	s.join(t, map[string]any{"at": at(2 * time.Second)})
	clocks := watcher.clocks()
	if got := clocks[boot]; len(clocks) != 1 || !near(got, began.UnixMilli(), 10*time.Second) {
		t.Errorf("the room's clocks are %v: %s began at %d", clocks, boot, began.UnixMilli())
	}

	// Who comes now is told at once, and more phones change nothing.
	s.join(t, map[string]any{"at": at(0)})
	later, _ := s.join(t, nil)
	if told := fmt.Sprintf(`"clocks":{"%s":%d}`, boot, clocks[boot]); !strings.Contains(later.seen.String(), told) {
		t.Errorf("a welcome without %s: %s", told, later.seen.String())
	}

	// A host's phone is right even if it is alone.
	cookie := http.Header{"Cookie": {s.enter(t, testCode).String()}}
	host, _ := s.joinWith(t, cookie, map[string]any{"at": at(-time.Hour)})
	for _, page := range []*client{watcher, later} {
		if got := page.clocks()[boot]; !near(got, began.Add(-time.Hour).UnixMilli(), 10*time.Second) {
			t.Errorf("after the host came, the boot began at %d", got)
		}
	}
	host.send(map[string]any{"type": "host", "ref": "set", "verb": "clock", "at": at(-2 * time.Hour)})
	for _, page := range []*client{watcher, later} {
		if got := page.clocks()[boot]; !near(got, began.Add(-2*time.Hour).UnixMilli(), 10*time.Second) {
			t.Errorf("after the host said so, the boot began at %d", got)
		}
	}
}

// clocks waits for the next room frame, and returns what it says of the time.
func (c *client) clocks() map[string]int64 {
	c.t.Helper()
	for {
		_, data, err := c.ReadMessage()
		if err != nil {
			c.t.Fatalf("waiting for a room frame: %v", err)
		}
		var f struct {
			Type   string
			Clocks map[string]int64
		}
		if err := json.Unmarshal(data, &f); err != nil {
			c.t.Fatalf("server sent %.200q: %v", data, err)
		}
		if f.Type == "room" {
			return f.Clocks
		}
	}
}

// TestErasedRoomLearnsItsClockAgain is about what is said after the erase: it
// needs a time, too.
func TestErasedRoomLearnsItsClockAgain(t *testing.T) {
	s := serveHost(t, unlimited)
	at := func() int64 { return began.UnixMilli() + uptime.Now().UpMS }
	proof := s.enter(t, testCode)
	cookie := http.Header{"Cookie": {proof.String()}}
	host, _ := s.joinWith(t, cookie, map[string]any{"at": at()})
	host.clocks()
	host.say("before", "before")
	host.records(1)
	host.send(map[string]any{"type": "host", "ref": "erase", "verb": "erase"})
	if code, _ := host.closed(); code != 4002 {
		t.Errorf("the page is closed with %d", code)
	}
	host, welcome := s.joinWith(t, cookie, map[string]any{"at": at()})
	if !welcome.Room.Erased {
		t.Error("the room does not say that it was erased")
	}
	boot := uptime.Now().Boot
	if told := fmt.Sprintf(`"clocks":{"%s":`, boot); !strings.Contains(host.seen.String(), told) {
		if got := host.clocks()[boot]; got == 0 {
			t.Error("the clock is not known")
		}
	}
	if _, body := s.transcript(t, proof, "txt"); !strings.HasSuffix(body, "\n0 messages.\n") {
		t.Errorf("the transcript is\n%s", body)
	}
}
