package fold

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
)

// A fold that was made of a snapshot goes on as the one it was made of.
func TestSnapshotGoesOn(t *testing.T) {
	l := newLog()
	steps := []func(l *log) string{
		func(l *log) string { return l.say(ada, "a") },
		func(l *log) string { return l.do(&chat.Slow{By: host, Seconds: 60}) },
		func(l *log) string { return l.say(bob, "b") },
		func(l *log) string { return l.say(bob, "too soon") },
		func(l *log) string { return l.do(&chat.Kick{By: host, Who: chat.Person{ID: "cy", Name: "Cy"}}) },
		func(l *log) string { return l.do(&chat.Mute{By: host, Who: ada}) },
		func(l *log) string { l.at = chat.Stamp{Boot: "c", UpMS: 3}; return l.say(ada, "c") },
		func(l *log) string { l.later(time.Minute); return l.say(chat.Person{ID: "cy", Name: "Cy"}, "d") },
		func(l *log) string { return l.do(&chat.Edit{From: ada, To: 6, Text: "e"}) },
		func(l *log) string { return l.do(&chat.Delete{From: bob, To: 2}) },
		func(l *log) string { return l.do(&chat.Delete{From: bob, To: 2}) },
		func(l *log) string { return l.do(&chat.Edit{From: bob, To: 3, Text: "f"}) },
		func(l *log) string { return l.add(chat.Message{From: ada, Text: "x"}.Record("m0", chat.Stamp{})) },
		func(l *log) string { l.later(chat.EditTime); return l.do(&chat.Delete{From: ada, To: 0}) },
		func(l *log) string { return l.say(chat.Person{ID: "cy", Name: "Cy"}, "g") },
	}
	var others []*log
	for i, step := range steps {
		got := step(l)
		for at, o := range others {
			want(t, fmt.Sprint("step ", i, ", begun behind ", at), step(o), got)
		}
		s := l.Snapshot(l.next - 1)
		d, err := chat.DeedOf(chat.RecordOf(&s, s.ID(), l.at))
		if err != nil {
			t.Fatal(err)
		}
		f, err := From(*d.(*chat.Snapshot))
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, &log{Fold: f, next: l.next, at: l.at})
		for at, o := range others {
			if other := o.Snapshot(o.next - 1); !reflect.DeepEqual(chat.RecordOf(&other, "", chat.Stamp{}), chat.RecordOf(&s, "", chat.Stamp{})) {
				t.Errorf("after step %d, begun behind %d, it comes to %s, not %s", i, at, chat.RecordOf(&other, "", chat.Stamp{}).Body, chat.RecordOf(&s, "", chat.Stamp{}).Body)
			}
		}
	}
}

// What a fold remembers of the last records is left out if it cannot be read; what hosts
// have set stands.
func TestSnapshotOfWhichTheMemoryIsTorn(t *testing.T) {
	l := newLog()
	l.say(ada, "x")
	l.do(&chat.Lock{By: host})
	good := l.Snapshot(1)
	for i := range good.Memory.Recent {
		for _, recent := range [][]byte{good.Memory.Recent[:i+1], append([]byte{0xff, 0xff}, good.Memory.Recent[i:]...)} {
			s := good
			s.Memory = &chat.Memory{Recent: recent, Time: -1 << 62}
			if f, _ := From(s); !f.State().Locked || !f.Sure() || f.clock.now < -maxTime {
				t.Fatalf("%x: %+v", recent, f.State())
			}
		}
	}
}

// The largest snapshot fits into a record, and is read again as it was.
func TestLargestSnapshotFits(t *testing.T) {
	l := newLog()
	l.next = 10_000_000 // more than any card keeps
	long := strings.Repeat("日", chat.MaxNameGraphemes)
	id := func(i int) string { return fmt.Sprintf("person-%029d", i) }
	person := func(i int) chat.Person { return chat.Person{ID: id(i), Name: long} }
	words := make([]string, chat.MaxWords)
	for i := range words {
		words[i] = fmt.Sprintf("%060d", i)
	}
	l.do(&chat.Words{By: person(0), Words: words})
	l.do(&chat.Slow{By: person(0), Seconds: 3600})
	for i := range chat.MaxHidden {
		l.do(&chat.Hide{By: person(i), To: int64(9_000_000 + i), Who: &chat.Person{ID: id(i), Name: long}, Text: strings.Repeat("日", 300)})
	}
	for i := range MaxSpoken + chat.MaxKicked {
		l.do(&chat.Mute{By: person(i), Who: person(i)})
		l.do(&chat.Kick{By: person(i), Who: person(i)})
		l.do(&chat.Clock{Boot: id(i), Began: 1_800_000_000_000})
	}
	for i := range MaxBoots {
		l.at.Boot = id(i)
		l.add(chat.Record{Type: chat.TypeEpoch})
	}
	for i := range Horizon {
		l.later(time.Second)
		l.say(person(10_000+i), "x")
	}
	for i := range chat.MaxDone {
		l.do(&chat.Hide{By: person(i), To: int64(9_000_000 + i), Who: &chat.Person{ID: id(i), Name: long}, Text: strings.Repeat("日", 300)})
	}
	l.do(&chat.Pin{By: person(0), Text: strings.Repeat("日", 150)})
	s := l.Snapshot(l.next - 1)
	rec := chat.RecordOf(&s, s.ID(), l.at)
	t.Logf("%d bytes of %d; %d of what is remembered", len(rec.Body), chat.MaxSnapshot, len(s.Memory.Recent))
	d, err := chat.DeedOf(rec)
	if err != nil || !reflect.DeepEqual(*d.(*chat.Snapshot), s) {
		t.Fatalf("a snapshot of %d bytes is read as another: %v", len(rec.Body), err)
	}
}
