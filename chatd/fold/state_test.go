package fold

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
)

func TestClears(t *testing.T) {
	l := newLog()
	at := func() int64 { return l.next - 1 }
	l.do(&chat.Clear{By: host, Undo: true}) // there is none
	l.do(&chat.Clear{By: host})
	first := at()
	l.do(&chat.Clear{By: host})
	last := at()
	for _, undo := range []struct {
		of   int64
		want int64
	}{{last, first}, {last, first}, {100, first}, {first, 0}} {
		l.do(&chat.Clear{By: host, Undo: true, Of: &undo.of})
		if got := l.Floor(); got != undo.want {
			t.Errorf("without that at %d, shown is what stands from %d on, not %d", undo.of, got, undo.want)
		}
	}
	for range 2 * chat.MaxClears {
		l.do(&chat.Clear{By: host})
	}
	if n := len(l.State().Clears); n != chat.MaxClears || l.Floor() != at() {
		t.Errorf("%d clears, floor %d", n, l.Floor())
	}
}

func TestKicks(t *testing.T) {
	l := newLog()
	l.do(&chat.Kick{By: host, Who: ada})
	l.later(chat.KickTime - time.Millisecond)
	want(t, "until its time is over", l.say(ada, "x"), "kicked")
	want(t, "nobody else", l.say(bob, "x"), "shown")
	l.later(time.Millisecond)
	want(t, "then", l.say(ada, "x"), "shown")
	l.do(&chat.Kick{By: host, Who: bob})
	if k := l.State().Kicked; len(k) != 1 || k[0].ID != "bob" {
		t.Errorf("kicked are %v", k)
	}
	for i := range 2 * chat.MaxKicked {
		l.do(&chat.Kick{By: host, Who: chat.Person{ID: fmt.Sprint("p", i), Name: "N"}})
	}
	if n := len(l.State().Kicked); n != chat.MaxKicked {
		t.Errorf("%d are remembered", n)
	}
	// A power cut: the machine's clock begins anew, the log's goes on.
	l.do(&chat.Kick{By: host, Who: ada})
	l.at = chat.Stamp{Boot: "c", UpMS: 1}
	if !l.Kicked("ada", l.at) {
		t.Error("a power cut lets her in")
	}
	want(t, "after a power cut", l.say(ada, "x"), "kicked")
	l.later(chat.KickTime)
	want(t, "later", l.say(ada, "x"), "shown")
}

func TestMutes(t *testing.T) {
	l := newLog()
	for i := range chat.MaxMuted {
		l.do(&chat.Mute{By: host, Who: chat.Person{ID: fmt.Sprint("p", i), Name: "N"}})
	}
	l.do(&chat.Mute{By: host, Who: chat.Person{ID: "p0", Name: "Again"}})
	l.do(&chat.Mute{By: host, Who: ada})
	if name, muted := l.Muted("p0"); !muted || name != "Again" {
		t.Errorf("p0 is muted %v, as %s", muted, name)
	}
	if _, muted := l.Muted("p1"); muted || len(l.State().Muted) != chat.MaxMuted {
		t.Errorf("the first of %d is muted %v", len(l.State().Muted), muted)
	}
}

func TestClocks(t *testing.T) {
	l := newLog()
	const began = 1_800_000_000_000
	for i := range 2 * chat.MaxClocks {
		l.do(&chat.Clock{Boot: fmt.Sprint("b", i), Began: began})
	}
	l.do(&chat.Clock{Boot: "b", Began: began})
	l.do(&chat.Clock{Boot: "b", Began: began + 1, By: &host})
	l.do(&chat.Clock{Boot: "b", Began: began + 2})
	clocks := l.State().Clocks
	if len(clocks) != chat.MaxClocks || clocks[chat.MaxClocks-1] != (chat.BootClock{Boot: "b", Began: began + 1, ByHost: true}) {
		t.Errorf("%d clocks, the last %v", len(clocks), clocks[len(clocks)-1])
	}
	if n := len(l.State().Deeds); n != 1 {
		t.Errorf("%d deeds of hosts", n)
	}
}

// An erasure leaves how the room is set up, and nothing that was said.
func TestErase(t *testing.T) {
	l := newLog()
	l.say(ada, "secret")
	l.do(&chat.Title{By: host, Title: "rabbits"})
	l.do(&chat.Mute{By: host, Who: bob})
	l.later(time.Minute)
	l.do(&chat.Kick{By: host, Who: ada})
	l.do(&chat.Pin{By: host, Text: "secret"})
	l.do(&chat.Hide{By: host, To: 0, Text: "secret"})
	l.do(&chat.Clear{By: host})
	l.do(&chat.Slow{By: host, Seconds: 60})
	l.later(time.Minute)
	l.say(bob, "x")
	state := l.Carried()
	rec := chat.RecordOf(&chat.Erase{By: host, State: &state}, "erase", l.at)
	if strings.Contains(string(rec.Body), "secret") {
		t.Errorf("what was said goes on: %s", rec.Body)
	}
	kept := chat.Snapshot{Upto: -1, State: state}
	begun, err := From(kept)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*Fold{"from its first record": New(), "from what is kept": begun} {
		n := &log{Fold: f, at: chat.Stamp{Boot: "other", UpMS: 7}}
		n.add(rec)
		s := n.State()
		if _, muted := n.Muted("bob"); !muted || s.Title != "rabbits" || s.Slow != 60 || !s.Erased || s.Pin != nil || n.Floor() != 0 || len(s.Deeds) != 1 || !n.Sure() {
			t.Errorf("%s: %+v", name, s)
		}
		want(t, "said before, and again", n.say(bob, "x"), "shown to bob")
		n.later(chat.KickTime - time.Minute - time.Millisecond)
		want(t, "sent out before", n.say(ada, "x"), "kicked")
		n.later(time.Millisecond)
		want(t, "sent out before, later", n.say(ada, "x"), "shown")
	}
	// In the middle of a log, by another daemon: what is hidden stays so.
	m := newLog()
	m.say(ada, "x")
	m.do(&chat.Hide{By: host, To: 0})
	m.do(&chat.Clear{By: host})
	m.add(rec)
	if !m.Hidden(0) || m.Floor() != 2 {
		t.Errorf("%+v", m.State())
	}
}

// Names that are not wanted are replaced; a host's and a wanted one are not.
func TestNames(t *testing.T) {
	l := newLog()
	l.do(&chat.Words{By: host, Words: []string{"idiot"}})
	rude := chat.Person{ID: "eve", Name: "Idiot"}
	name := func(rec chat.Record) (string, bool) {
		rec.Offset, rec.Stamp = l.next, l.at
		l.next++
		step := l.Add(rec)
		switch d := step.Deed.(type) {
		case *chat.Reaction:
			return d.From.Name, step.Renamed
		case *chat.Edit:
			return d.From.Name, step.Renamed
		case *chat.Delete:
			return d.From.Name, step.Renamed
		}
		return step.Message.From.Name, step.Renamed
	}
	for what, c := range map[string]struct {
		rec  chat.Record
		want string
	}{
		"a message":            {chat.Message{From: rude, Text: "x"}.Record("a", chat.Stamp{}), chat.SuggestName("eve")},
		"a reaction":           {chat.RecordOf(&chat.Reaction{From: rude, To: 0, Emoji: "👍"}, "b", chat.Stamp{}), chat.SuggestName("eve")},
		"an edit":              {chat.RecordOf(&chat.Edit{From: rude, To: 0, Text: "x"}, "c", chat.Stamp{}), chat.SuggestName("eve")},
		"a deletion":           {chat.RecordOf(&chat.Delete{From: rude, To: 0}, "d", chat.Stamp{}), chat.SuggestName("eve")},
		"an AMQP client's":     {chat.Record{App: "idiot", Body: []byte("x")}, chat.PlainName},
		"a host's":             {chat.Message{From: rude, Text: "x", Host: true}.Record("e", chat.Stamp{}), "Idiot"},
		"one that is all well": {chat.Message{From: ada, Text: "x"}.Record("f", chat.Stamp{}), "Ada"},
	} {
		if got, renamed := name(c.rec); got != c.want || renamed != (c.want != "Idiot" && c.want != "Ada") {
			t.Errorf("%s: %s, renamed %v", what, got, renamed)
		}
	}
}

// What is carried over an erase may be larger than any message.
func TestEraseOfALargeState(t *testing.T) {
	l := newLog()
	s := chat.State{Title: "Still here"}
	for i := range chat.MaxMuted {
		who := chat.Person{ID: fmt.Sprint(strings.Repeat("x", 32), i), Name: strings.Repeat("👨‍👩‍👧", 6)}
		s.Muted = append(s.Muted, who)
		s.Kicked = append(s.Kicked, chat.Moment{ID: who.ID, At: -1})
	}
	erase := &chat.Erase{By: host, State: &s}
	if n := len(chat.RecordOf(erase, "e", chat.Stamp{}).Body); n <= chat.MaxBody || n > chat.MaxSnapshot {
		t.Fatalf("%d bytes: this tries nothing", n)
	}
	l.do(erase)
	if got := l.State(); !got.Erased || got.Title != s.Title || len(got.Muted) != chat.MaxMuted {
		t.Errorf("the room is %q, erased %v, with %d muted", got.Title, got.Erased, len(got.Muted))
	}
}
