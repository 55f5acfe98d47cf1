package room

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

var now = chat.Stamp{Boot: "b", UpMS: 1000}

func newRoom(t *testing.T) (*Room, handler, *scripted, *bytes.Buffer) {
	x, log := &scripted{}, &bytes.Buffer{}
	r := New(x, func() chat.Stamp { return now }, slog.New(slog.NewTextHandler(log, nil)))
	return r, handler{r}, x, log
}

func message(offset int64, sender, id, text string) chat.Record {
	r := chat.Message{From: chat.Person{ID: sender, Name: "N"}, Text: text}.Record(id, chat.Stamp{})
	r.Offset = offset
	return r
}

func texts(entries []*Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%d:%s", e.Offset, e.Message.Text))
	}
	return strings.Join(all, " ")
}

func TestShownOnce(t *testing.T) {
	r, h, _, _ := newRoom(t)
	h.Reset("e", nil)
	h.State(fanout.Up, "")
	h.Deliver([]chat.Record{message(1, "ada", "x", "one"), message(2, "bob", "x", "two"), message(3, "ada", "x", "again")})
	h.Deliver([]chat.Record{message(7, "ada", "x", "again"), message(8, "", "", "amqp"), message(9, "", "", "amqp")})
	if got := texts(r.View(context.Background(), Viewer{}, 100).Entries); got != "1:one 2:two 8:amqp 9:amqp" {
		t.Errorf("the room shows %s", got)
	}
	if offset, known, err := r.Say(context.Background(), chat.Message{From: chat.Person{ID: "ada"}, Text: "one"}, "x", Made{}, false); offset != 1 || !known || err != nil {
		t.Errorf("said again: %d, %v, %v", offset, known, err)
	}
}

// A log that lost its end is read afresh: what it lost can be said again, what
// it kept cannot.
func TestSaidAgainAfterTheEndWasLost(t *testing.T) {
	r, h, x, _ := newRoom(t)
	all := []chat.Record{message(1, "ada", "old", "old"), message(5, "ada", "kept", "kept"), message(6, "ada", "lost", "lost"), message(7, "bob", "gone", "gone")}
	h.Reset("e", nil)
	h.Deliver(all)
	h.State(fanout.Up, "")
	h.State(fanout.Away, "")
	kept := snapshotAt(all, 1)
	h.Reset("e", &kept)
	h.Deliver(append(all[1:2:2], message(6, "eve", "new", "new"))) // read from less far back
	h.State(fanout.Up, "")
	for ref, want := range map[string]int64{"old": 1, "kept": 5} {
		if offset, known, _ := r.Say(context.Background(), chat.Message{From: chat.Person{ID: "ada"}, Text: ref}, ref, Made{}, false); !known || offset != want {
			t.Errorf("%s, which is in the log at %d: known is %v, at %d", ref, want, known, offset)
		}
	}
	if _, known, err := r.Say(context.Background(), chat.Message{From: chat.Person{ID: "ada"}, Text: "lost"}, "lost", Made{}, false); known || err != nil || len(x.published) != 1 {
		t.Errorf("what the log lost: known is %v, %v, %d are published", known, err, len(x.published))
	}
	h.Deliver([]chat.Record{message(7, "ada", "lost", "lost"), message(8, "ada", "kept", "kept")})
	if got := texts(r.View(context.Background(), Viewer{}, 10).Entries); got != "5:kept 6:new 7:lost" {
		t.Errorf("the room shows %s", got)
	}
}

func TestJunkIsSkippedAndLoggedOnce(t *testing.T) {
	r, h, _, log := newRoom(t)
	h.Reset("e", nil)
	h.State(fanout.Up, "")
	for i := range 100 {
		h.Deliver([]chat.Record{{Offset: int64(i), ContentType: "image/png", Type: chat.TypeMessage, Body: []byte("x")}})
	}
	h.Deliver([]chat.Record{
		{Offset: 100, Type: chat.TypeEpoch, ContentType: chat.ContentJSON, Body: []byte("{}")},
		{Offset: 101, Type: "hologram", ContentType: chat.ContentJSON, Body: []byte("{}")},
		message(102, "ada", "y", "fine")})
	if got := texts(r.View(context.Background(), Viewer{}, 100).Entries); got != "102:fine" {
		t.Errorf("the room shows %s", got)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "image/png") {
		t.Errorf("%d log lines: %s", n, log)
	}
}

func TestStampOfWhatComesLive(t *testing.T) {
	r, h, _, _ := newRoom(t)
	h.Reset("e", nil)
	h.Deliver([]chat.Record{message(1, "", "", "old")})
	h.State(fanout.Up, "")
	h.Deliver([]chat.Record{message(2, "", "", "live")})
	entries := r.View(context.Background(), Viewer{}, 10).Entries
	if entries[0].Stamp.Known() || entries[1].Stamp != now {
		t.Errorf("stamps are %v and %v", entries[0].Stamp, entries[1].Stamp)
	}
}

// follow returns what happened after e, in words.
func follow(e *Event) string {
	var all []string
	for n := e.Next(); n != nil; n = n.Next() {
		switch {
		case n.Entries != nil:
			all = append(all, texts(n.Entries))
		case n.Lost:
			all = append(all, "lost")
		case n.Broker != nil:
			all = append(all, fmt.Sprint("broker ", *n.Broker))
		case n.Presence != nil:
			all = append(all, fmt.Sprint("presence ", n.Presence.Count))
		case n.Typing != nil:
			all = append(all, "typing "+n.Typing.Name)
		}
	}
	return strings.Join(all, ", ")
}

// History that is read at the start is not news; what was missed while the
// exchange was away is; and a log that does not go on is said.
func TestAwayAndBack(t *testing.T) {
	r, h, _, _ := newRoom(t)
	start := r.Tail()
	if v := r.View(context.Background(), Viewer{}, 10); v.Epoch != "" || v.Head != -1 || v.Broker != fanout.Away {
		t.Errorf("before the first log: %+v", v)
	}
	if v := r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 7}, 10); !v.Resumed || v.Epoch != "e" || v.Head != 7 || len(v.Entries) > 0 {
		t.Errorf("resumed before the first log: %+v", v)
	}
	h.Reset("e", nil)
	h.Deliver([]chat.Record{message(1, "a", "1", "one")})
	h.State(fanout.Up, "")
	h.Deliver([]chat.Record{message(2, "a", "2", "two")})
	h.State(fanout.Away, "")
	h.State(fanout.Away, "")
	h.Deliver([]chat.Record{message(3, "a", "3", "missed")})
	h.State(fanout.Full, "short of memory")
	h.State(fanout.Full, "short of disk space") // nothing new to guests
	h.Deliver([]chat.Record{message(4, "a", "4", "from elsewhere")})
	if broker, why := r.Broker(); broker != fanout.Full || why != "short of disk space" || !r.Up() {
		t.Errorf("the broker is %v: %s; the log is read: %v", broker, why, r.Up())
	}
	h.State(fanout.Up, "")
	if got := follow(start); got != "lost, broker up, 2:two, broker away, 3:missed, broker full, 4:from elsewhere, broker up" {
		t.Errorf("sessions were told: %s", got)
	}
	before := r.Tail()
	h.Reset("f", nil)
	h.Deliver([]chat.Record{message(0, "a", "1", "new log")})
	h.State(fanout.Up, "")
	if got := follow(before); got != "lost" {
		t.Errorf("sessions were told: %s", got)
	}
	if v := r.View(context.Background(), Viewer{}, 10); v.Epoch != "f" || texts(v.Entries) != "0:new log" {
		t.Errorf("the room shows %s of %s", texts(v.Entries), v.Epoch)
	}
}

func TestResume(t *testing.T) {
	r, h, x, _ := newRoom(t)
	for i := range int64(10) {
		x.log = append(x.log, message(i*2, "a", fmt.Sprint(i), fmt.Sprint(i)))
	}
	h.Reset("e", keptAt(8))
	h.Deliver(x.log[5:]) // the window begins at offset 10
	h.State(fanout.Up, "")
	if err := r.fillOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 14}, 3); !v.Resumed || v.CatchUp || texts(v.Entries) != "16:8 18:9" {
		t.Errorf("from the window: %+v %s", v, texts(v.Entries))
	}
	v := r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 4}, 3)
	if !v.Resumed || !v.CatchUp {
		t.Fatalf("from the log: %+v", v)
	}
	var missed string
	err := r.Missed(t.Context(), v, func(e []*Entry) error { missed += texts(e); return nil })
	if err != nil || missed != "6:3 8:4" || texts(v.Entries) != "10:5 12:6 14:7 16:8 18:9" {
		t.Errorf("missed %s, then %s, %v", missed, texts(v.Entries), err)
	}
	for name, v := range map[string]View{
		"an offset between two records": r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 5}, 3),
		"another epoch":                 r.Resume(t.Context(), Viewer{}, Place{Epoch: "f", Offset: 4}, 3),
		"another record in the window":  r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 14, Ref: "x"}, 3),
		"another record in the log":     r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 4, Ref: "x"}, 3),
	} {
		if v.Resumed || texts(v.Entries) != "14:7 16:8 18:9" {
			t.Errorf("%s: %+v %s", name, v, texts(v.Entries))
		}
	}
	for _, p := range []Place{{Epoch: "e", Offset: 14, Ref: "7"}, {Epoch: "e", Offset: 4, Ref: "2"}} {
		if v := r.Resume(t.Context(), Viewer{}, p, 3); !v.Resumed {
			t.Errorf("with the ref of its record, %+v is not resumed", p)
		}
	}
}

// A power cut takes the end of the log: Ada's and Bob's last. Bob's phone says his
// again, which gets the very offset that it had. Ada's phone has seen that message
// at that offset, but what came before it is gone: its log does not go on.
func TestResumeAtTheSameMessageSaidAgain(t *testing.T) {
	stamped := func(boot string, rec chat.Record) chat.Record {
		rec.Stamp = chat.Stamp{Boot: boot, UpMS: 25_000}
		return rec
	}
	log := []chat.Record{
		stamped("before", message(4, "ada", "1", "one")),
		stamped("after", message(6, "bob", "1", "again")), // 5 was Ada's, and is a probe now
		stamped("after", message(7, "bob", "2", "two")),
		message(8, "", "app", "of an AMQP client"),
	}
	place := func(offset int64, ref, boot string) Place {
		return Place{Epoch: "e", Offset: offset, Ref: ref, Stamp: chat.Stamp{Boot: boot, UpMS: 25_000}}
	}
	for where, from := range map[string]int{"in the log": 2, "in memory": 0} {
		r, h, x, _ := newRoom(t)
		x.log = log
		h.Reset("e", keptAt(log[from].Offset-1))
		h.Deliver(log[from:])
		h.State(fanout.Up, "")
		r.filled, r.begin = true, 0
		for _, c := range []struct {
			what    string
			place   Place
			resumed bool
		}{
			{"the same message, said again", place(6, "1", "before"), false},
			{"the same record", place(6, "1", "after"), true},
			{"an older page", place(6, "1", ""), true},
			{"a record without a stamp, as another daemon has stamped it", place(8, "app", "another"), true},
		} {
			if v := r.Resume(t.Context(), Viewer{}, c.place, 10); v.Resumed != c.resumed {
				t.Errorf("%s, %s: resumed is %v", c.what, where, v.Resumed)
			}
		}
	}
}

// What nobody can read may fill the window's part of the log: what was said
// before it is missed all the same.
func TestResumeBeforeJunk(t *testing.T) {
	r, h, x, _ := newRoom(t)
	x.log = []chat.Record{message(0, "a", "0", "first"), message(1, "a", "1", "seen"), message(2, "a", "2", "missed")}
	h.Reset("e", keptAt(2))
	h.Deliver([]chat.Record{{Offset: 3, ContentType: "image/png"}, {Offset: 4, ContentType: "image/png"}})
	h.State(fanout.Up, "")
	if err := r.fillOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 1, Ref: "1"}, 10)
	var missed string
	err := r.Missed(t.Context(), v, func(e []*Entry) error { missed += texts(e); return nil })
	if !v.Resumed || err != nil || missed != "2:missed" {
		t.Errorf("resumed %v, missed %q, %v", v.Resumed, missed, err)
	}
}

func TestOlder(t *testing.T) {
	r, h, x, _ := newRoom(t)
	for i := range int64(3000) {
		rec := message(1000+i, "a", fmt.Sprint(i), fmt.Sprint(i)) // what came before 1000 was pruned
		if i%3 == 0 {
			rec.Type = "hologram"
		}
		if i == 3 {
			rec = chat.RecordOf(&chat.Snapshot{Upto: 1002}, "snapshot", now)
			rec.Offset = 1003
		}
		x.log = append(x.log, rec)
	}
	h.Reset("e", keptAt(2999))
	h.Deliver(x.log[2000:])
	h.State(fanout.Up, "")
	if err := r.fillOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, all := int64(4000), 0
	for {
		entries, more, err := r.Older(t.Context(), Viewer{}, before, 150)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if e.Offset >= before || i > 0 && e.Offset <= entries[i-1].Offset {
				t.Fatalf("offset %d after %d, before %d", e.Offset, entries[i-1].Offset, before)
			}
		}
		all += len(entries)
		if !more {
			break
		}
		before = entries[0].Offset
	}
	if all != 1998 { // those behind the first snapshot's place
		t.Errorf("scrolling up found %d of 1998 messages", all)
	}
	x.readErr = fanout.ErrAway
	if _, _, err := r.Older(t.Context(), Viewer{}, 1500, 10); !errors.Is(err, fanout.ErrAway) {
		t.Errorf("while away: %v", err)
	}
}

// A daemon that was started after a message was repeated has read neither the
// message nor the repeat, and still shows it once.
func TestOlderRepeats(t *testing.T) {
	r, h, x, _ := newRoom(t)
	const repeats = 400 // records after the message
	for i := range int64(3500) {
		id := i
		if i%5 == 0 && i >= repeats {
			id -= repeats - 1
		}
		x.log = append(x.log, message(i, "a", fmt.Sprint(id), fmt.Sprint(id)))
	}
	kept := snapshotAt(x.log, 2499)
	h.Reset("e", &kept)
	h.Deliver(x.log[2500:])
	h.State(fanout.Up, "")
	if err := r.fillOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown := make(map[string]bool)
	show := func(entries []*Entry) error {
		for _, e := range entries {
			if shown[e.Ref] {
				t.Errorf("message %s is shown again at offset %d", e.Ref, e.Offset)
			}
			shown[e.Ref] = true
		}
		return nil
	}
	for before, more := int64(2500), true; more; {
		var entries []*Entry
		var err error
		if entries, more, err = r.Older(t.Context(), Viewer{}, before, 150); err != nil {
			t.Fatal(err)
		}
		show(entries)
		before = entries[0].Offset
	}
	if want := 2500 - (2500-repeats)/5; len(shown) != want {
		t.Errorf("scrolling up found %d of %d messages", len(shown), want)
	}

	clear(shown)
	v := r.Resume(t.Context(), Viewer{}, Place{Epoch: "e", Offset: 1}, 10)
	if err := r.Missed(t.Context(), v, show); !v.CatchUp || err != nil {
		t.Fatalf("resumed %+v, %v", v, err)
	}
}
