package fold

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
)

var (
	ada  = chat.Person{ID: "ada", Name: "Ada"}
	bob  = chat.Person{ID: "bob", Name: "Bob"}
	host = chat.Person{ID: "host", Name: "Host"}
)

// log is a log that a test writes line by line, with a clock.
type log struct {
	*Fold
	next int64
	at   chat.Stamp
}

func newLog() *log { return &log{Fold: New(), at: chat.Stamp{Boot: "b", UpMS: 5000}} }

func (l *log) later(d time.Duration) { l.at.UpMS += d.Milliseconds() }

// add puts a record at the end, and returns what it came to in words: "shown",
// "shown to ada", "nothing", "repeated" or a reason.
func (l *log) add(rec chat.Record) string {
	rec.Offset, rec.Stamp = l.next, l.at
	l.next++
	step := l.Add(rec)
	switch {
	case step.Err != nil:
		return "unreadable"
	case step.Verdict == Shown && step.Person != "":
		return "shown to " + step.Person
	case step.Verdict == Refused:
		return string(step.Why)
	}
	return map[Verdict]string{Nothing: "nothing", Shown: "shown", Repeated: "repeated"}[step.Verdict]
}

func (l *log) say(from chat.Person, text string) string {
	return l.add(chat.Message{From: from, Text: text}.Record(fmt.Sprint("m", l.next), chat.Stamp{}))
}

func (l *log) do(d chat.Deed) string {
	return l.add(chat.RecordOf(d, fmt.Sprint("d", l.next), chat.Stamp{}))
}

// want checks what a record came to.
func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, not %s", what, got, want)
	}
}

func TestGuestsMessage(t *testing.T) {
	picture := &chat.Picture{ID: strings.Repeat("a", 64), W: 1, H: 1}
	for _, c := range []struct {
		name  string
		setUp []chat.Deed
		m     chat.Message
		want  string
	}{
		{"in a room as it begins", nil, chat.Message{From: ada, Text: "hi"}, "shown"},
		{"with a picture", nil, chat.Message{From: ada, Picture: picture}, "shown"},
		{"sent out", []chat.Deed{&chat.Off{By: host}, &chat.Kick{By: host, Who: ada}}, chat.Message{From: ada, Text: "hi"}, "kicked"},
		{"off", []chat.Deed{&chat.Lock{By: host}, &chat.Off{By: host}}, chat.Message{From: ada, Text: "hi"}, "off"},
		{"locked", []chat.Deed{&chat.Pictures{By: host, Off: true}, &chat.Lock{By: host}}, chat.Message{From: ada, Picture: picture}, "locked"},
		{"no pictures", []chat.Deed{&chat.Pictures{By: host, Off: true}, &chat.Words{By: host, Words: []string{"hi"}}}, chat.Message{From: ada, Text: "hi", Picture: picture}, "no_pictures"},
		{"a word", []chat.Deed{&chat.Words{By: host, Words: []string{"carrot"}}}, chat.Message{From: ada, Text: "C4rrot"}, "words"},
		{"muted", []chat.Deed{&chat.Mute{By: host, Who: ada}}, chat.Message{From: ada, Text: "hi"}, "shown to ada"},
		{"muted, and locked", []chat.Deed{&chat.Mute{By: host, Who: ada}, &chat.Lock{By: host}}, chat.Message{From: ada, Text: "hi"}, "locked"},
		{"muted no more", []chat.Deed{&chat.Mute{By: host, Who: ada}, &chat.Mute{By: host, Who: ada, Undo: true}}, chat.Message{From: ada, Text: "hi"}, "shown"},
		{"taken as a shadow", nil, chat.Message{From: ada, Text: "hi", Shadow: true}, "shown to ada"},
		{"a host's", []chat.Deed{&chat.Off{By: host}, &chat.Lock{By: host}, &chat.Kick{By: host, Who: ada}, &chat.Words{By: host, Words: []string{"hi"}}}, chat.Message{From: ada, Text: "hi", Host: true}, "shown"},
		{"a host's of an older version", []chat.Deed{&chat.Lock{By: ada}}, chat.Message{From: ada, Text: "hi"}, "shown"},
		{"a muted host's", []chat.Deed{&chat.Mute{By: host, Who: ada}}, chat.Message{From: ada, Text: "hi", Host: true}, "shown to ada"},
		{"an AMQP client's, locked and off", []chat.Deed{&chat.Lock{By: host}, &chat.Off{By: host}}, chat.Message{From: chat.Person{Name: "Bot"}, Text: "hi"}, "shown"},
		{"an AMQP client's, with a word", []chat.Deed{&chat.Words{By: host, Words: []string{"hi"}}}, chat.Message{From: chat.Person{Name: "Bot"}, Text: "hi"}, "words"},
	} {
		l := newLog()
		for _, d := range c.setUp {
			l.do(d)
		}
		want(t, c.name, l.add(c.m.Record("x", chat.Stamp{})), c.want)
		want(t, c.name+", again", l.add(c.m.Record("x", chat.Stamp{})), "repeated")
	}
}

func TestSlowMode(t *testing.T) {
	l := newLog()
	l.say(ada, "before it is on")
	l.do(&chat.Slow{By: host, Seconds: 60})
	want(t, "the first", l.say(ada, "1"), "shown")
	want(t, "the next at once", l.say(ada, "2"), "slow_down")
	want(t, "somebody else", l.say(bob, "1"), "shown")
	want(t, "a host", l.say(host, "1")+", "+l.say(host, "2"), "shown, shown")
	l.later(58*time.Second + 999*time.Millisecond)
	want(t, "too early", l.say(ada, "3"), "slow_down")
	l.later(time.Millisecond)
	want(t, "as early as other clocks may be", l.say(ada, "4"), "shown")
	want(t, "counted from then on", l.say(ada, "5"), "slow_down")
	said := l.next - 1
	for i, v := range []string{"shown", "slow_down"} { // or one message could be another every second
		want(t, fmt.Sprint("edit ", i), l.do(&chat.Edit{From: ada, To: said - 1, Text: fmt.Sprint(i)}), v)
	}
	l.later(time.Minute)
	want(t, "an edit after a minute", l.do(&chat.Edit{From: ada, To: said - 1, Text: "x"}), "shown")
	want(t, "a message is no edit", l.say(ada, "5b"), "shown")
	l.do(&chat.Slow{By: host})
	l.do(&chat.Slow{By: host, Seconds: 60})
	want(t, "off and on again", l.say(ada, "6"), "shown")
	for i := range MaxSpoken {
		l.say(chat.Person{ID: fmt.Sprint("p", i), Name: "N"}, "x")
	}
	want(t, "forgotten, after so many", l.say(ada, "7"), "shown")
	if n := len(l.spoken); n != MaxSpoken {
		t.Errorf("%d who spoke are remembered", n)
	}
}

func TestReactions(t *testing.T) {
	l := newLog()
	l.say(ada, "hi")
	like := func(p chat.Person, to int64, host bool) string {
		return l.do(&chat.Reaction{From: p, To: to, Emoji: "👍", Host: host})
	}
	want(t, "a guest's", like(bob, 0, false), "shown")
	want(t, "to itself", like(bob, l.next, false), "nothing")
	want(t, "to what comes later", like(bob, 100, false), "nothing")
	l.do(&chat.Lock{By: host})
	want(t, "locked", like(bob, 0, false), "shown")
	l.do(&chat.Mute{By: host, Who: bob})
	want(t, "muted", like(bob, 0, false), "shown to bob")
	l.do(&chat.Kick{By: host, Who: bob})
	want(t, "sent out", like(bob, 0, false), "kicked")
	l.do(&chat.Off{By: host})
	want(t, "off", like(ada, 0, false), "off")
	want(t, "off, a host's", like(ada, 0, true), "shown")
}

func TestEditsAndDeletions(t *testing.T) {
	l := newLog()
	edit := func(p chat.Person, to int64) string { return l.do(&chat.Edit{From: p, To: to, Text: "better"}) }
	remove := func(p chat.Person, to int64) string { return l.do(&chat.Delete{From: p, To: to}) }
	l.say(ada, "hi") // 0
	want(t, "one's own", edit(ada, 0), "shown")
	want(t, "another's", edit(bob, 0)+", "+remove(bob, 0), "not_yours, not_yours")
	want(t, "a host another's", l.do(&chat.Edit{From: host, To: 0, Text: "x", Host: true}), "not_yours")
	want(t, "what is no message", edit(ada, 1)+", "+remove(ada, 1), "no_such, no_such")
	want(t, "what comes later", edit(ada, l.next), "no_such")
	l.add(chat.Message{From: chat.Person{Name: "Bot"}, Text: "hi"}.Record("", chat.Stamp{})) // of nobody
	want(t, "an AMQP client's", edit(ada, l.next-1), "not_yours")
	l.do(&chat.Hide{By: host, To: 0})
	want(t, "hidden, an edit", edit(ada, 0), "no_such")
	want(t, "hidden, a deletion", remove(ada, 0), "shown")
	l.do(&chat.Hide{By: host, To: 0, Undo: true})
	want(t, "deleted", edit(ada, 0)+", "+remove(ada, 0), "no_such, no_such")

	l.say(ada, "old")
	old := l.next - 1
	l.later(chat.EditTime)
	want(t, "just in time", edit(ada, old), "shown")
	l.later(time.Millisecond)
	want(t, "too late", edit(ada, old)+", "+remove(ada, old), "too_late, too_late")

	l.say(ada, "cleared")
	l.do(&chat.Clear{By: host})
	want(t, "cleared", edit(ada, l.next-2)+", "+remove(ada, l.next-3), "no_such, no_such")

	l.do(&chat.Lock{By: host})
	l.say(ada, "refused")
	want(t, "what was refused", remove(ada, l.next-1), "no_such")
	l.do(&chat.Lock{By: host, Undo: true})
	l.say(ada, "public")
	public := l.next - 1
	l.do(&chat.Lock{By: host})
	want(t, "locked", edit(ada, public), "locked")
	l.do(&chat.Lock{By: host, Undo: true})
	l.do(&chat.Mute{By: host, Who: ada})
	want(t, "muted, of what all see", edit(ada, public), "shown to ada")
	l.say(ada, "for herself")
	want(t, "muted, of what she alone sees", edit(ada, l.next-1), "shown to ada")
	want(t, "muted, taken back", remove(ada, l.next-2)+", "+remove(ada, public), "shown to ada, shown")

	l.do(&chat.Mute{By: host, Who: ada, Undo: true})
	l.say(ada, "far")
	far := l.next - 1
	l.next = far + Horizon
	want(t, "at the horizon", edit(ada, far), "shown")
	want(t, "beyond it", edit(ada, far), "no_such")
}

func TestRepeats(t *testing.T) {
	l := newLog()
	once := chat.Message{From: ada, Text: "x"}.Record("id", chat.Stamp{})
	want(t, "the first", l.add(once), "shown")
	want(t, "at once", l.add(once), "repeated")
	want(t, "another's of that id", l.add(chat.Message{From: bob, Text: "x"}.Record("id", chat.Stamp{})), "shown")
	want(t, "a deed of that id", l.add(chat.RecordOf(&chat.Delete{From: ada, To: 0}, "id", chat.Stamp{})), "shown")
	l.next = Horizon
	want(t, "at the horizon", l.add(once), "repeated")
	want(t, "beyond it", l.add(once), "shown")
	want(t, "counted from there", l.add(once), "repeated")
	for _, app := range []string{"one", "two"} {
		want(t, app, l.add(chat.Record{App: app, ID: "id", Body: []byte("x")}), "shown")
		want(t, app, l.add(chat.Record{App: app, ID: "id", Body: []byte("x")}), "repeated")
		want(t, "without an id", l.add(chat.Record{App: app, Body: []byte("x")})+", "+l.add(chat.Record{App: app, Body: []byte("x")}), "shown, shown")
	}
	lock := chat.RecordOf(&chat.Lock{By: host}, "lock", chat.Stamp{})
	l.add(lock)
	l.do(&chat.Lock{By: host, Undo: true})
	l.add(lock)
	if l.State().Locked {
		t.Error("a lock that is repeated locks again")
	}
	l.do(&chat.Lock{By: host})
	want(t, "refused", l.add(chat.Message{From: ada, Text: "x"}.Record("r", chat.Stamp{})), "locked")
	l.do(&chat.Lock{By: host, Undo: true})
	want(t, "refused, and said again", l.add(chat.Message{From: ada, Text: "x"}.Record("r", chat.Stamp{})), "repeated")
	if _, why, known := l.Known("ada", "r"); !known || why != Locked {
		t.Errorf("it is known %v, for %s", known, why)
	}
	for range 2*maxRemembered + 10 {
		l.say(bob, "x")
	}
	if n := len(l.recent.all); n > 2*maxRemembered || len(l.recent.at) > n {
		t.Errorf("%d records are remembered, %d keys", n, len(l.recent.at))
	}
}

// A power cut stops the log's time, and does not turn it back; a clock that lies is bounded; a
// machine that comes after a silence of another's is not behind it for ever.
func TestLogTime(t *testing.T) {
	c := clock{}
	for i, step := range []struct {
		boot string
		up   int64
		want int64
	}{
		{"", 0, 0}, {"a", 5000, 0}, {"a", 7000, 2000}, {"a", 6000, 2000}, {"b", 10, 2000}, {"b", 510, 2500}, {"a", 7600, 2600}, {"", 99, 2600},
		{"not an id", 1, 2600}, {"a", -1, 2600},
		{"a", 607_600, 602_600},                   // ten minutes later, of which b's machine has told nothing
		{"b", 600, 602_600}, {"b", 1600, 603_600}, // b goes on from there
		{"a", 608_000, 603_600}, {"b", 1700, 603_700}, // a little behind is behind
		{"a", 9_000_000_000_000, 8_999_999_995_000}, {"c", 1, 8_999_999_995_000},
	} {
		if c.add(chat.Stamp{Boot: step.boot, UpMS: step.up}); c.now != step.want {
			t.Errorf("step %d: it is %d, not %d", i, c.now, step.want)
		}
	}
	for i := range 2 * MaxBoots {
		c.add(chat.Stamp{Boot: fmt.Sprint("boot", i), UpMS: 1})
	}
	if len(c.boots) != MaxBoots || c.boots[0].ID != fmt.Sprint("boot", MaxBoots) {
		t.Errorf("%d boots are known, first %v", len(c.boots), c.boots[0])
	}
	for range 100 {
		c.add(chat.Stamp{Boot: fmt.Sprint("x", c.now), UpMS: 0})
		c.add(chat.Stamp{Boot: fmt.Sprint("x", c.now), UpMS: 1 << 43})
	}
	if c.now < 0 || c.now > maxTime {
		t.Errorf("it is %d", c.now)
	}
}

func TestHides(t *testing.T) {
	l := newLog()
	for range 3 {
		l.say(ada, "x")
	}
	want(t, "what comes later", l.do(&chat.Hide{By: host, To: 100}), "nothing")
	l.do(&chat.Hide{By: host, To: 1})
	l.do(&chat.Hide{By: host, To: 1})
	if !l.Hidden(1) || l.Hidden(100) || len(l.State().Hidden) != 1 {
		t.Errorf("hidden are %v", l.State().Hidden)
	}
	l.do(&chat.Hide{By: host, To: 1, Undo: true})
	l.do(&chat.Hide{By: host, To: 2, Undo: true})
	if l.Hidden(1) || l.Floor() != 0 {
		t.Errorf("hidden are %v", l.State().Hidden)
	}
	// So many that one has no place any more: it is not shown all the same.
	l.next = 10_000
	for i := range int64(chat.MaxHidden + 3) {
		l.do(&chat.Hide{By: host, To: 100 + i})
	}
	if n := len(l.State().Hidden); n != chat.MaxHidden || l.Floor() != 103 || !l.Hidden(103) {
		t.Errorf("%d are hidden, shown is what stands from %d on", n, l.Floor())
	}
	before := l.State()
	l.do(&chat.Hide{By: host, To: 200, Undo: true})
	if !slices.Contains(before.Hidden, 200) || l.Hidden(200) {
		t.Error("a state that was given away has changed")
	}
}
