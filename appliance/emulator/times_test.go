package emulator

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// heard is what a phone is told of times.
type heard struct {
	Type    string
	Now     stamp
	Room    struct{ Clocks map[string]int64 } // of a welcome
	Clocks  map[string]int64                  // of a room frame
	Records []struct {
		Text string
		stamp
	}
}

type stamp struct {
	Boot string
	UpMS int64 `json:"up_ms"`
}

// visit lets a phone in that has a clock, and returns what it hears, frame by
// frame. It goes with the test.
func visit(t *testing.T, m *Machine, clock time.Time) (conn *websocket.Conn, next func(what string, is func(*heard) bool) *heard) {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{"warren.v1"}}
	conn, _, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(m.URL(), "http")+"websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	conn.WriteJSON(map[string]any{"type": "hello", "device": uuid.NewString(), "at": clock.UnixMilli()})
	return conn, func(what string, is func(*heard) bool) *heard {
		t.Helper()
		for {
			var f heard
			if err := conn.ReadJSON(&f); err != nil {
				t.Fatalf("waiting for %s: %v", what, err)
			}
			if is(&f) {
				return &f
			}
		}
	}
}

// A card begins in 1970 each time. What was said before it was switched off has
// the right time all the same, because phones said what time it was: three who
// know it, wherever they come from, and one who is an hour ahead.
func TestTimesOfACardWithoutAClock(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	card := newCard(t, ImageForTest(t), 0)
	options := Options{Clock: time.Unix(0, 0)}
	m, _ := boot(t, card, options)
	if console := m.Console(); !strings.Contains(console, "setting system clock to 1970-01-01") {
		t.Errorf("the machine does not begin in 1970:\n%s", console[max(0, len(console)-4000):])
	}

	visit(t, m, time.Now().Add(time.Hour))
	visit(t, m, time.Now())
	visit(t, m, time.Now())
	conn, next := visit(t, m, time.Now())
	welcome := next("a welcome", func(f *heard) bool { return f.Type == "welcome" })
	first := welcome.Now.Boot
	if _, known := welcome.Room.Clocks[first]; !known {
		next("the clock", func(f *heard) bool { return f.Type == "room" && f.Clocks[first] != 0 })
	}
	said := time.Now()
	conn.WriteJSON(map[string]any{"type": "say", "ref": uuid.NewString(), "text": "what time is it?"})
	next("what was said", func(f *heard) bool { return f.Type == "log" && f.Records[len(f.Records)-1].Text == "what time is it?" })
	if err := m.PressPower(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-m.Ended()

	m, _ = boot(t, card, options)
	_, next = visit(t, m, time.Now())
	welcome = next("a welcome", func(f *heard) bool { return f.Type == "welcome" })
	if welcome.Now.Boot == first {
		t.Error("the second boot has the id of the first")
	}
	record := next("what was said before", func(f *heard) bool { return f.Type == "log" }).Records[0]
	began, known := welcome.Room.Clocks[first]
	if record.Boot != first || !known {
		t.Fatalf("the record is of boot %s; the first was %s; the clocks are %v", record.Boot, first, welcome.Room.Clocks)
	}
	if at := time.UnixMilli(began + record.UpMS); at.Sub(said).Abs() > 10*time.Second {
		t.Errorf("what was said at %v has the time %v", said, at)
	}
}
