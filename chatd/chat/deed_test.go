package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

var (
	guest  = Person{ID: "guest", Name: "Guest"}
	aHost  = Person{ID: "host", Name: "Host"}
	nobody = Person{Name: "Nobody"}
)

// deeds is one good deed of each kind at least.
func deeds() []Deed {
	to, seconds := int64(7), 5
	state := State{
		Title: "rabbits", Pin: &Pinned{"cake", aHost, 3}, Slow: 5, Locked: true, Off: true, Notice: "soon", NoPictures: true, Erased: true,
		Clocks: []BootClock{{"boot", 1_800_000_000_000, true}}, Muted: []Person{guest}, Words: []string{"carrot"}, Clears: []int64{5},
		Hidden: []int64{1, 2}, Floor: 1, Kicked: []Moment{{"guest", -5}}, Unknown: 3,
		Deeds: []Done{{Offset: 9, Ref: "r", Verb: TypeHide, By: aHost, To: &to, Who: &guest, Text: "rude", Stamp: Stamp{"boot", 4}},
			{Offset: 10, Ref: "s", Verb: TypeSlow, By: aHost, Seconds: &seconds, Undo: true}},
	}
	return []Deed{
		&Reaction{From: guest, To: 7, Emoji: "👍🏽", Undo: true, Shadow: true}, &Reaction{From: aHost, To: 7, Emoji: "👍🏽", Host: true},
		&Edit{From: guest, To: 0, Text: "two\nlines <b>", Shadow: true}, &Edit{From: aHost, To: 0, Text: "x", Host: true},
		&Delete{From: guest, To: 7, Shadow: true},
		&Hide{By: aHost, To: 7, Undo: true}, &Hide{By: aHost, To: 7, Who: &guest, Text: "rude"},
		&Clear{By: aHost, Undo: true}, &Clear{By: aHost, Undo: true, Of: &to},
		&Mute{By: aHost, Who: guest, Undo: true},
		&Kick{By: aHost, Who: guest},
		&Slow{By: aHost, Seconds: 3600}, &Slow{By: aHost},
		&Lock{By: aHost, Undo: true},
		&Off{By: aHost, Notice: "Back at nine", Undo: true}, &Off{By: aHost},
		&Words{By: aHost, Words: []string{"carrot", "two words", "野菜"}}, &Words{By: aHost},
		&Pin{By: aHost, Text: "Cake at nine"}, &Pin{By: aHost},
		&Title{By: aHost, Title: "rabbits"}, &Title{By: aHost},
		&Pictures{By: aHost, Off: true},
		&Erase{By: aHost}, &Erase{By: aHost, State: &state},
		&Clock{Boot: "boot", Began: 1_800_000_000_000, By: &aHost}, &Clock{Boot: "boot", Began: 1_800_000_000_000},
		&Snapshot{Upto: 7, State: state, Memory: &Memory{Time: 9, Boots: []Moment{{"boot", 4}}, Spoken: []Moment{{"guest", 8}}, Recent: []byte{1, 2}}},
		&Snapshot{Upto: -1, State: state}, &Snapshot{},
	}
}

func TestDeedsTravel(t *testing.T) {
	kinds := make(map[string]bool)
	for _, d := range deeds() {
		kinds[d.Kind()] = true
		if err := CheckDeed(d); err != nil {
			t.Errorf("%s: %v", d.Kind(), err)
		}
		r := RecordOf(d, "ref", Stamp{"boot", 5})
		if r.Type != d.Kind() || r.ID != "ref" || r.Stamp.UpMS != 5 || newDeed(r.Type) == nil {
			t.Errorf("%s travels as %+v", d.Kind(), r)
		}
		got, err := DeedOf(r)
		if err != nil || !reflect.DeepEqual(got, d) || got.Doer() != d.Doer() {
			t.Errorf("%+v becomes %+v, %v", d, got, err)
		}
		if _, err := MessageOf(r); !errors.Is(err, ErrUnknownType) {
			t.Errorf("%s is a message: %v", d.Kind(), err)
		}
		r.Body = append(r.Body, strings.Repeat(" ", MaxBodyOf(r.Type))...)
		if _, err := DeedOf(r); err == nil {
			t.Errorf("%s is read from %d bytes", d.Kind(), len(r.Body))
		}
		r.Body, r.ContentType = []byte(`{}`), ContentText
		if _, err := DeedOf(r); err == nil {
			t.Errorf("%s is read from text", d.Kind())
		}
	}
	if len(kinds) != 17 {
		t.Errorf("%d kinds of deeds are tested: %v", len(kinds), kinds)
	}
	if _, err := DeedOf(Record{Type: "hologram", ContentType: ContentJSON}); !errors.Is(err, ErrUnknownType) {
		t.Errorf("a hologram: %v", err)
	}
}

// No field with which the page or the host could not live is taken.
func TestBadDeeds(t *testing.T) {
	long := strings.Repeat("x", 501)
	many := make([]string, MaxWords+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, d := range []Deed{
		&Reaction{From: nobody, To: 1, Emoji: "👍"}, &Reaction{From: guest, To: -1, Emoji: "👍"}, &Reaction{From: guest, To: 1},
		&Edit{From: nobody, Text: "x"}, &Edit{From: guest, To: -1, Text: "x"}, &Edit{From: guest}, &Edit{From: guest, Text: strings.Repeat("x", MaxTextBytes+1)},
		&Delete{From: nobody}, &Delete{From: guest, To: -1},
		&Hide{By: nobody}, &Hide{By: aHost, To: -1},
		&Clear{By: nobody}, &Clear{By: Person{ID: "a b", Name: "x"}}, &Clear{By: Person{ID: "host"}}, &Clear{By: aHost, Undo: true, Of: new(int64(-1))},
		&Mute{By: nobody, Who: guest}, &Mute{By: aHost, Who: nobody}, &Mute{By: aHost, Who: Person{ID: "x", Name: "\u202e"}},
		&Kick{By: nobody, Who: guest}, &Kick{By: aHost, Who: nobody},
		&Slow{By: aHost, Seconds: -1}, &Slow{By: aHost, Seconds: 3601}, &Slow{},
		&Lock{}, &Off{}, &Off{By: aHost, Notice: long},
		&Words{}, &Words{By: aHost, Words: many}, &Words{By: aHost, Words: []string{""}}, &Words{By: aHost, Words: []string{strings.Repeat("x", 61)}}, &Words{By: aHost, Words: []string{"x "}},
		&Pin{}, &Pin{By: aHost, Text: long}, &Pin{By: aHost, Text: strings.Repeat("👩‍👩‍👧‍👧", 200)},
		&Title{}, &Title{By: aHost, Title: strings.Repeat("x", 25)}, &Title{By: aHost, Title: "\u200b"},
		&Pictures{}, &Erase{},
		&Clock{Boot: "", Began: 1_800_000_000_000}, &Clock{Boot: "b", Began: 5}, &Clock{Boot: "b", Began: 5e12}, &Clock{Boot: "b", Began: 1_800_000_000_000, By: &nobody},
	} {
		if got, err := DeedOf(RecordOf(d, "r", Stamp{})); err == nil {
			t.Errorf("%s is read as %+v", d.Kind(), got)
		}
		if err := CheckDeed(d); err == nil {
			js, _ := json.Marshal(d)
			t.Errorf("%s %.200s is taken", d.Kind(), js)
		}
	}
	for _, body := range []string{``, `[]`, `"x"`, `{"to":"x"}`, `{"to":1.5}`, `{"by":7}`, `{"by":{"id":["x"]}}`, `{`} {
		for _, d := range deeds()[:len(deeds())-3] { // snapshots have none of the fields
			if _, err := DeedOf(Record{Type: d.Kind(), ContentType: ContentJSON, Body: []byte(body)}); err == nil {
				t.Errorf("%s is read from %s", d.Kind(), body)
			}
		}
	}
}

func TestEmoji(t *testing.T) {
	for _, s := range []string{"👍", "👍🏽", "❤️", "❤", "😂", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "👨‍👩‍👧", "1️⃣", "☀️", "✅", "🥕", "👩🏽‍🚀", "‼️", "↔️", "➕", "〰️", "🏳️‍🌈"} {
		if err := CheckEmoji(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "a", "1", "#", "!", " ", "👍👍", "👍a", "ä", "日", "\u200d", "\ufe0f", "\u0300", "<", "\xff", "\U000e0067", "1\u0301", "👩🏽‍❤️‍💋‍👨🏽👩🏽‍❤️‍💋‍👨🏽", strings.Repeat("\u0301", 20), "😂" + strings.Repeat("\u200d😂", 8)} {
		if err := CheckEmoji(s); !errors.Is(err, ErrEmoji) {
			t.Errorf("%q is taken for an emoji: %v", s, err)
		}
	}
}

func TestPicture(t *testing.T) {
	good := Picture{strings.Repeat("0f", 32), 1, MaxPictureSide}
	m := Message{From: guest, Text: " \n", Picture: &good, Shadow: true}
	got, err := MessageOf(m.Record("r", Stamp{}))
	if err != nil || got.Text != "" || *got.Picture != good || !got.Shadow {
		t.Errorf("a picture becomes %+v, %v", got, err)
	}
	for _, bad := range []Picture{{}, {good.ID, 0, 1}, {good.ID, 1, MaxPictureSide + 1}, {good.ID[1:], 1, 1}, {strings.ToUpper(good.ID), 1, 1}, {"../" + good.ID[3:], 1, 1}} {
		m := Message{From: guest, Text: "x", Picture: &bad}
		if _, err := MessageOf(m.Record("r", Stamp{})); !errors.Is(err, ErrPicture) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := MessageOf(Message{From: nobody, Text: "x", Shadow: true}.Record("r", Stamp{})); err == nil {
		t.Error("a shadow of nobody is taken: everybody would see it")
	}
}

func TestExcerpt(t *testing.T) {
	for s, want := range map[string]string{
		"two\n lines":             "two lines",
		strings.Repeat("x", 100):  strings.Repeat("x", 100),
		strings.Repeat("x", 101):  strings.Repeat("x", 100) + "…",
		strings.Repeat("日", 2000): strings.Repeat("日", 100) + "…",
	} {
		if got := Excerpt(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
	if got := Excerpt(strings.Repeat("👨‍👩‍👧‍👦", 500)); len(got) > maxExcerptBytes+3 || !strings.HasSuffix(got, "👦…") {
		t.Errorf("%d bytes of families, %q", len(got), got)
	}
}

// FuzzDeedOf: whatever is on the exchange, what is taken is a deed that every
// reader takes for the same.
func FuzzDeedOf(f *testing.F) {
	for _, d := range deeds() {
		r := RecordOf(d, "ref", Stamp{})
		f.Add(r.Type, r.Body)
	}
	f.Add(TypeWords, []byte(`{"by":{"id":"x","name":"x"},"words":null}`))
	f.Add(TypeSnapshot, []byte(`{"upto":9223372036854775807,"state":{"deeds":[{"ref":"a","verb":"b","by":{"id":"c","name":"d"},"boot":"x","up_ms":-1}]}}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		d, err := DeedOf(Record{Type: kind, ContentType: ContentJSON, Body: body})
		if err != nil {
			return
		}
		r := RecordOf(d, "ref", Stamp{})
		again, err := DeedOf(r)
		if err != nil {
			t.Fatalf("%s is written as %s, which is not read: %v", body, r.Body, err)
		}
		if twice := RecordOf(again, "ref", Stamp{}); string(twice.Body) != string(r.Body) {
			t.Fatalf("%s becomes %s", r.Body, twice.Body)
		}
		if s, ok := d.(*Snapshot); ok {
			if n := len(RecordOf(s, s.ID(), Stamp{}).Body); n > MaxSnapshot {
				t.Fatalf("a snapshot of %d bytes", n)
			}
		}
		DoneOf(d, 1, "ref", Stamp{})
	})
}
