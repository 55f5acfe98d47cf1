package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// script is a log that a test writes line by line, read by a room.
type script struct {
	t    *testing.T
	r    *Room
	h    handler
	x    *scripted
	next int64
	up   int64 // the clock of what is written
}

var (
	ada  = chat.Person{ID: "ada", Name: "Ada"}
	bob  = chat.Person{ID: "bob", Name: "Bob"}
	host = chat.Person{ID: "host", Name: "Host"}
)

// newScript is a room that has read an empty log.
func newScript(t *testing.T) *script {
	r, h, x, _ := newRoom(t)
	h.Reset("e", nil)
	h.State(fanout.Up, "")
	s := &script{t: t, r: r, h: h, x: x, up: now.UpMS}
	r.clock = func() chat.Stamp { return chat.Stamp{Boot: "b", UpMS: s.up} }
	return s
}

// put puts a record at the end of the log, and delivers it.
func (s *script) put(rec chat.Record) int64 {
	s.t.Helper()
	rec.Offset = s.next
	s.next++
	if rec.Stamp == (chat.Stamp{}) {
		rec.Stamp = chat.Stamp{Boot: "b", UpMS: s.up}
	}
	s.x.log = append(s.x.log, rec)
	s.h.Deliver([]chat.Record{rec})
	return rec.Offset
}

func (s *script) say(from chat.Person, text string) int64 {
	return s.put(chat.Message{From: from, Text: text}.Record(fmt.Sprint("m", s.next), chat.Stamp{}))
}

func (s *script) do(d chat.Deed) int64 {
	return s.put(chat.RecordOf(d, fmt.Sprint("d", s.next), chat.Stamp{}))
}

// came delivers what the room has published.
func (s *script) came() {
	s.x.mu.Lock()
	recs := s.x.published
	s.x.published = nil
	s.x.mu.Unlock()
	for _, rec := range recs {
		s.put(rec)
	}
}

// restarted is another room that reads the log from its record i on.
func (s *script) restarted(i int) *script {
	r, h, x, _ := newRoom(s.t)
	x.log = slices.Clone(s.x.log)
	other := &script{t: s.t, r: r, h: h, x: x, next: s.next, up: s.up}
	r.clock = func() chat.Stamp { return chat.Stamp{Boot: "b", UpMS: other.up} }
	h.Reset("e", nil)
	if i < len(x.log) {
		h.Deliver(x.log[i:])
	}
	h.State(fanout.Up, "")
	return other
}

// shown is what somebody who comes in sees: "offset:text", with "*" if it was
// edited, or "-deleted" or "-hidden"; deeds by their kind.
func (s *script) shown(as Viewer) string { return show(s.r.View(context.Background(), as, maxWindow).Entries) }

func show(entries []*Entry) string {
	var all []string
	for _, e := range entries {
		switch {
		case e.Deed != nil:
			text := fmt.Sprintf("%d:%s", e.Offset, e.Deed.Kind())
			if e.Again != nil {
				text += "(" + show([]*Entry{e.Again}) + ")"
			}
			all = append(all, text)
		case e.Gone != "":
			all = append(all, fmt.Sprintf("%d-%s%s", e.Offset, e.Gone, e.Message.Text))
		case e.Edited:
			all = append(all, fmt.Sprintf("%d:%s*", e.Offset, e.Message.Text))
		default:
			all = append(all, fmt.Sprintf("%d:%s", e.Offset, e.Message.Text))
		}
	}
	return strings.Join(all, " ")
}

func TestFold(t *testing.T) {
	for name, test := range map[string]struct {
		log  func(s *script)
		want string
	}{
		"an edit": {func(s *script) { s.say(ada, "helo"); s.do(&chat.Edit{From: ada, To: 0, Text: "hello"}) }, "0:hello* 1:edit"},
		"edited twice": {func(s *script) {
			s.say(ada, "1")
			s.do(&chat.Edit{From: ada, To: 0, Text: "2"})
			s.do(&chat.Edit{From: ada, To: 0, Text: "3"})
		}, "0:3* 2:edit"}, // the text between is not shown to newcomers
		"an edit of another's": {func(s *script) { s.say(ada, "hello"); s.do(&chat.Edit{From: bob, To: 0, Text: "silly"}) }, "0:hello"},
		"an edit too late": {func(s *script) {
			s.say(ada, "hello")
			s.up += chat.EditTime.Milliseconds() + 1
			s.do(&chat.Edit{From: ada, To: 0, Text: "late"})
		}, "0:hello"},
		"an edit just in time": {func(s *script) {
			s.say(ada, "hello")
			s.up += chat.EditTime.Milliseconds()
			s.do(&chat.Edit{From: ada, To: 0, Text: "in time"})
		}, "0:in time* 1:edit"},
		"an edit from another boot": {func(s *script) {
			s.say(ada, "hello")
			s.put(chat.RecordOf(&chat.Edit{From: ada, To: 0, Text: "when?"}, "e", chat.Stamp{Boot: "c", UpMS: s.up}))
		}, "0:hello"},
		"an edit of what comes later": {func(s *script) { s.do(&chat.Edit{From: ada, To: 1, Text: "magic"}); s.say(ada, "hello") }, "1:hello"},
		"an edit of a deed":           {func(s *script) { s.do(&chat.Clear{By: ada}); s.do(&chat.Edit{From: ada, To: 0, Text: "x"}) }, "0:clear 1:edit"},
		"a delete":                    {func(s *script) { s.say(ada, "oops"); s.do(&chat.Delete{From: ada, To: 0}) }, "0-deleted 1:delete"},
		"a delete of another's":       {func(s *script) { s.say(ada, "hello"); s.do(&chat.Delete{From: bob, To: 0}) }, "0:hello"},
		"edited, then deleted": {func(s *script) {
			s.say(ada, "a")
			s.do(&chat.Edit{From: ada, To: 0, Text: "b"})
			s.do(&chat.Delete{From: ada, To: 0})
			s.do(&chat.Edit{From: ada, To: 0, Text: "c"})
		}, "0-deleted 2:delete"},
		"a hide": {func(s *script) { s.say(ada, "rude"); s.do(&chat.Hide{By: host, To: 0}) }, "0-hidden 1:hide"},
		"a hide undone": {func(s *script) {
			s.say(ada, "rude")
			s.do(&chat.Edit{From: ada, To: 0, Text: "nice"})
			s.do(&chat.Hide{By: host, To: 0})
			s.do(&chat.Hide{By: host, To: 0, Undo: true})
		}, "0:nice* 1:edit 2:hide 3:hide(0:nice*)"},
		"hidden again": {func(s *script) {
			s.say(ada, "rude")
			s.do(&chat.Edit{From: ada, To: 0, Text: "ruder"})
			s.do(&chat.Hide{By: host, To: 0})
			s.do(&chat.Hide{By: host, To: 0, Undo: true})
			s.do(&chat.Hide{By: host, To: 0})
		}, "0-hidden 2:hide 3:hide 4:hide"},
		"hidden and deleted": {func(s *script) {
			s.say(ada, "rude")
			s.do(&chat.Hide{By: host, To: 0})
			s.do(&chat.Delete{From: ada, To: 0})
			s.do(&chat.Hide{By: host, To: 0, Undo: true})
		}, "0-deleted 1:hide 2:delete 3:hide"},
		"a clear": {func(s *script) { s.say(ada, "old"); s.do(&chat.Clear{By: host}); s.say(ada, "new") }, "1:clear 2:new"},
		"two clears, one undone": {func(s *script) {
			s.say(ada, "a")
			s.do(&chat.Clear{By: host})
			s.say(ada, "b")
			s.do(&chat.Clear{By: host})
			s.do(&chat.Clear{By: host, Undo: true})
		}, "1:clear 2:b 3:clear 4:clear"},
		"all clears undone": {func(s *script) {
			s.say(ada, "a")
			s.do(&chat.Clear{By: host})
			s.do(&chat.Clear{By: host, Undo: true})
			s.do(&chat.Clear{By: host, Undo: true})
		}, "0:a 1:clear 2:clear 3:clear"},
		"reactions":         {func(s *script) { s.say(ada, "hi"); s.do(&chat.Reaction{From: bob, To: 0, Emoji: "👍"}) }, "0:hi 1:reaction"},
		"deeds of the room": {func(s *script) { s.do(&chat.Lock{By: host}); s.do(&chat.Slow{By: host, Seconds: 3}) }, ""},
		"a deed repeated": {func(s *script) {
			s.say(ada, "rude")
			for _, undo := range []bool{false, true} {
				s.put(chat.RecordOf(&chat.Hide{By: host, To: 0, Undo: undo}, "once", chat.Stamp{}))
			}
		}, "0-hidden 1:hide"},
		"a word, from an AMQP client": {func(s *script) {
			s.do(&chat.Words{By: host, Words: []string{"carrot"}})
			s.put(chat.Record{App: "bot", Body: []byte("Eat C4rrot!")})
			s.put(chat.Record{App: "bot", Body: []byte("eat carrots")})
		}, "2:eat carrots"},
		"a muted one, to others": {func(s *script) {
			s.put(chat.Message{From: bob, Text: "spam", Shadow: true}.Record("x", chat.Stamp{}))
			s.do(&chat.Reaction{From: bob, To: 0, Emoji: "👎", Shadow: true})
			s.say(ada, "hi")
			s.do(&chat.Edit{From: bob, To: 0, Text: "SPAM", Shadow: true})
		}, "2:hi"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			test.log(s)
			if got := s.shown(Viewer{}); got != test.want {
				t.Errorf("shown %s, not %s", got, test.want)
			}
			// The same log read at a start makes the same room, in memory and from
			// the log.
			again := s.restarted(0)
			if got := again.shown(Viewer{}); got != test.want {
				t.Errorf("after a restart shown %s, not %s", got, test.want)
			}
			if a, b := s.settings(), again.settings(); a != b {
				t.Errorf("the state is %s, after a restart %s", a, b)
			}
			var walked []*Entry
			if err := s.r.Walk(t.Context(), func(e *Entry) error { walked = append(walked, e); return nil }); err != nil {
				t.Fatal(err)
			}
			if got := show(walked); got != test.want {
				t.Errorf("walked %s, not %s", got, test.want)
			}
			other := s.restarted(len(s.x.log)) // knows nothing but what a snapshot would say
			other.r.state = stateOf(s.r.state.kept)
			other.r.read = s.next - 1
			if entries, _, err := other.r.Older(t.Context(), Viewer{}, s.next, 100); err != nil || show(entries) != test.want {
				t.Errorf("older: %s, not %s (%v)", show(entries), test.want, err)
			}
		})
	}
}

// settings is all of the state as JSON.
func (s *script) settings() string {
	js, err := json.Marshal(map[string]any{"state": s.r.State(), "host": s.r.Host(), "kept": s.r.state.kept})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(js)
}

func TestStateOfTheRoom(t *testing.T) {
	s := newScript(t)
	tail := s.r.Tail()
	s.say(ada, "a rude thing")
	s.do(&chat.Title{By: host, Title: "rabbits"})
	s.do(&chat.Pin{By: host, Text: "Cake at nine"})
	s.do(&chat.Slow{By: host, Seconds: 10})
	s.do(&chat.Off{By: host, Notice: "Back soon"})
	s.do(&chat.Off{By: host, Undo: true})
	s.do(&chat.Lock{By: host})
	s.do(&chat.Pictures{By: host, Off: true})
	s.do(&chat.Words{By: host, Words: []string{"carrot"}})
	s.do(&chat.Mute{By: host, Who: bob})
	s.do(&chat.Mute{By: host, Who: ada})
	s.do(&chat.Mute{By: host, Who: bob, Undo: true})
	s.do(&chat.Clock{Boot: "b", Began: 1_800_000_000_000, By: &host})
	s.do(&chat.Clock{Boot: "b", Began: 1_900_000_000_000})
	s.do(&chat.Clock{Boot: "c", Began: 1_700_000_000_000})
	s.do(&chat.Hide{By: host, To: 0})
	js, err := json.Marshal(s.r.State())
	const want = `{"title":"rabbits","pin":{"text":"Cake at nine","by":{"id":"host","name":"Host"},"offset":2},"slow":10,"locked":true,"no_pictures":true,"clocks":{"b":1800000000000,"c":1700000000000}}`
	if err != nil || string(js) != want {
		t.Errorf("the state is %s, %v", js, err)
	}
	hosts := s.r.Host()
	if len(hosts.Muted) != 1 || hosts.Muted[0] != ada || !slices.Equal(hosts.Words, []string{"carrot"}) {
		t.Errorf("muted %v, words %v", hosts.Muted, hosts.Words)
	}
	last := hosts.Deeds[len(hosts.Deeds)-1]
	if len(hosts.Deeds) != 13 || last.Verb != "hide" || last.Text != "a rude thing" || *last.To != 0 || last.By != host || last.Who.ID != "ada" {
		t.Errorf("%d deeds, the last is %+v", len(hosts.Deeds), last)
	}
	if !s.r.Muted("ada") || s.r.Muted("bob") {
		t.Error("muted are others")
	}
	told := 0
	for e := tail.Next(); e != nil; e = e.Next() {
		for _, entry := range e.Entries {
			if entry.Deed != nil && entry.Deed.Kind() != chat.TypeHide {
				t.Errorf("guests are told of %s", entry.Deed.Kind())
			}
		}
		if e.Host != nil {
			told++
			if e.For("ada", false) || !e.For("ada", true) {
				t.Error("what hosts know is not for them alone")
			}
		}
	}
	if told != 13 {
		t.Errorf("hosts are told %d times", told)
	}
	for range 60 {
		s.do(&chat.Lock{By: host})
	}
	if n := len(s.r.Host().Deeds); n != chat.MaxDone {
		t.Errorf("%d deeds are kept", n)
	}
}

// The state has a bound, whatever the log holds; and a snapshot of it fits into
// a record that is read again as it was.
func TestStateIsBounded(t *testing.T) {
	s := newScript(t)
	s.say(ada, "x")
	long := strings.Repeat("日", chat.MaxNameGraphemes)
	for i := range chat.MaxHidden + 10 {
		p := chat.Person{ID: fmt.Sprintf("person-%029d", i), Name: long}
		s.next += 1e12 // offsets of many digits
		at := s.say(ada, "x")
		s.do(&chat.Hide{By: host, To: at})
		s.do(&chat.Delete{From: ada, To: at})
		if i%50 == 0 {
			s.do(&chat.Edit{From: ada, To: 0, Text: strings.Repeat("x", 1000)})
		}
		if i%3 == 0 {
			s.do(&chat.Mute{By: p, Who: p})
			s.do(&chat.Kick{By: p, Who: p})
		}
		if i%20 == 0 {
			s.do(&chat.Clear{By: p})
			s.do(&chat.Clock{Boot: p.ID, Began: 1_800_000_000_000})
		}
	}
	k := s.r.state.kept
	if len(k.Muted) != chat.MaxMuted || len(k.Hidden) != chat.MaxHidden || len(k.Deleted) != chat.MaxHidden || len(k.Clears) != chat.MaxClears ||
		len(k.Clocks) != chat.MaxClocks || len(k.Deeds) != chat.MaxDone || len(s.r.state.kicks) != int(maxKicks) {
		t.Errorf("%d muted, %d hidden, %d deleted, %d clears, %d clocks, %d deeds, %d kicks", len(k.Muted), len(k.Hidden), len(k.Deleted), len(k.Clears), len(k.Clocks), len(k.Deeds), len(s.r.state.kicks))
	}
	if n := len(s.r.state.hidden) + len(s.r.state.deleted) + len(s.r.state.muted); n != 2*chat.MaxHidden+chat.MaxMuted {
		t.Errorf("the indices have %d", n)
	}
	if c := s.r.state.changes; len(c.by) > maxChanges || len(c.order) != len(c.by) || c.bytes > maxChangeBytes {
		t.Errorf("%d changes in order, %d of %d bytes", len(c.order), len(c.by), c.bytes)
	}
	w := &s.r.window
	messages, bytes := 0, 0
	for _, e := range w.entries {
		bytes += e.size()
		if e.Deed == nil {
			messages++
		}
	}
	if len(w.entries) > maxEntries || messages != w.messages || bytes != w.bytes || bytes > maxWindowBytes {
		t.Errorf("the window has %d entries, %d messages (counts %d), %d bytes (counts %d)", len(w.entries), messages, w.messages, bytes, w.bytes)
	}
	rec := s.r.snapshot(s.next, now)
	d, err := chat.DeedOf(rec)
	if err != nil || len(rec.Body) > chat.MaxBody {
		t.Fatalf("a snapshot of %d bytes: %v", len(rec.Body), err)
	}
	if got := d.(*chat.Snapshot).State; len(got.Muted) < chat.MaxMuted/2 || len(got.Hidden) < chat.MaxHidden/8 || got.Clears[9] != k.Clears[9] {
		t.Errorf("a snapshot holds %d muted, %d hidden, %d clears", len(got.Muted), len(got.Hidden), len(got.Clears))
	}
}

func TestKick(t *testing.T) {
	s := newScript(t)
	tail := s.r.Tail()
	s.do(&chat.Kick{By: host, Who: bob})
	kicked := ""
	for e := tail.Next(); e != nil; e = e.Next() {
		kicked += e.Kick
	}
	if kicked != "bob" || !s.r.Kicked("bob") || s.r.Kicked("ada") {
		t.Errorf("kicked is %q", kicked)
	}
	restarted := s.restarted(0)
	if restarted.r.Tail(); !restarted.r.Kicked("bob") {
		t.Error("a restart lets him in again")
	}
	s.up += chat.KickTime.Milliseconds()
	if s.r.Kicked("bob") {
		t.Error("he is kept out for too long")
	}
	if late := s.restarted(0); late.r.Kicked("bob") {
		t.Error("a restart keeps him out again")
	}
	// Another machine has another boot: it is out from when this one hears of it.
	s.put(chat.RecordOf(&chat.Kick{By: host, Who: ada}, "k", chat.Stamp{Boot: "other", UpMS: 5}))
	if !s.r.Kicked("ada") {
		t.Error("a kick through another machine does nothing")
	}
}

// What a muted one says, that one sees, and nobody else; live, in history, in
// older history, and after a pause.
func TestShadow(t *testing.T) {
	s := newScript(t)
	tail := s.r.Tail()
	s.say(bob, "before")
	s.do(&chat.Mute{By: host, Who: bob})
	if _, _, err := s.r.Say(context.Background(), chat.Message{From: bob, Text: "spam"}, "spam", false); err != nil {
		t.Fatal(err)
	}
	s.came()
	for i, d := range []chat.Deed{&chat.Reaction{From: bob, To: 0, Emoji: "👍"}, &chat.Edit{From: bob, To: 0, Text: "worse"}, &chat.Edit{From: bob, To: 2, Text: "more spam"}} {
		if err := s.r.Do(d, fmt.Sprint(i), false); err != nil {
			t.Fatal(err)
		}
		s.came()
	}
	s.say(ada, "hi")
	for as, want := range map[Viewer]string{
		{}:                           "0:before 6:hi",
		{Person: "ada"}:              "0:before 6:hi",
		{Person: "host", Host: true}: "0:before 6:hi",
		{Person: "bob"}:              "0:before 2:more spam* 3:reaction 4:edit 5:edit 6:hi",
	} {
		if got := s.shown(as); got != want {
			t.Errorf("%+v sees %s, not %s", as, got, want)
		}
		live := []*Entry{}
		for e := tail.Next(); e != nil; e = e.Next() {
			if e.For(as.Person, as.Host) {
				live = append(live, e.Entries...)
			}
		}
		if got := show(live); as.Person != "bob" && got != want {
			t.Errorf("%+v is told %s, not %s", as, got, want)
		} else if as.Person == "bob" && got != "0:before 2:spam 3:reaction 4:edit 5:edit 6:hi" {
			t.Errorf("he is told %s", got)
		}
		other := s.restarted(7)
		other.r.read = 6
		older, _, err := other.r.Older(t.Context(), as, 7, 100)
		if got := show(older); got != want || err != nil {
			t.Errorf("older: %+v sees %s, not %s (%v)", as, got, want, err)
		}
		v := s.r.View(context.Background(), as, 1)
		if v.Head != 6 || show(v.Entries) != "6:hi" {
			t.Errorf("%+v: %s, head %d", as, show(v.Entries), v.Head)
		}
	}
	tail = s.r.Tail()
	s.h.Whispered([]byte(`{"typing":{"id":"bob","name":"Bob"}}`))
	if e := tail.Next(); e.For("ada", false) || !e.For("bob", false) {
		t.Error("others are told that he writes")
	}
	// Taking back what one said before is no harm.
	if err := s.r.Do(&chat.Delete{From: bob, To: 0}, "d", false); err != nil {
		t.Fatal(err)
	}
	s.came()
	if got := s.shown(Viewer{}); got != "0-deleted 6:hi 7:delete" {
		t.Errorf("deleted: %s", got)
	}
	s.do(&chat.Mute{By: host, Who: bob, Undo: true})
	if _, _, err := s.r.Say(context.Background(), chat.Message{From: bob, Text: "sorry"}, "sorry", false); err != nil {
		t.Fatal(err)
	}
	s.came()
	if got := s.shown(Viewer{}); !strings.HasSuffix(got, "9:sorry") {
		t.Errorf("no more muted: %s", got)
	}
}

func why(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		if r.Text == "" || !strings.HasSuffix(r.Text, ".") {
			return "no sentence: " + r.Text
		}
		return r.Why
	}
	return fmt.Sprint(err)
}

func TestRefused(t *testing.T) {
	picture := &chat.Picture{ID: strings.Repeat("a", 64), W: 10, H: 10}
	setUp := func(deeds ...chat.Deed) *script {
		s := newScript(t)
		s.say(ada, "first")
		for _, d := range deeds {
			s.do(d)
		}
		return s
	}
	say := func(m chat.Message, host bool) func(s *script) error {
		return func(s *script) error { _, _, err := s.r.Say(m, "r", host); return err }
	}
	do := func(d chat.Deed, host bool) func(s *script) error {
		return func(s *script) error { return s.r.Do(d, "r", host) }
	}
	hi := chat.Message{From: bob, Text: "hi"}
	const none = "<nil>"
	for name, test := range map[string]struct {
		s    *script
		try  func(s *script) error
		want string
	}{
		"a message":                 {setUp(), say(hi, false), none},
		"an empty one":              {setUp(), say(chat.Message{From: bob}, false), chat.ErrTextEmpty.Error()},
		"a picture without a text":  {setUp(), say(chat.Message{From: bob, Picture: picture}, false), none},
		"a picture that is none":    {setUp(), say(chat.Message{From: bob, Picture: &chat.Picture{ID: "../etc"}}, false), "this is no picture: picture.id \"../etc\" must be 64 of 0-9, a-f"},
		"a picture, not wanted":     {setUp(&chat.Pictures{By: host, Off: true}), say(chat.Message{From: bob, Picture: picture}, false), "no_pictures"},
		"a host's picture":          {setUp(&chat.Pictures{By: host, Off: true}), say(chat.Message{From: bob, Picture: picture}, true), none},
		"locked":                    {setUp(&chat.Lock{By: host}), say(hi, false), "locked"},
		"locked, a host":            {setUp(&chat.Lock{By: host}), say(hi, true), none},
		"locked no more":            {setUp(&chat.Lock{By: host}, &chat.Lock{By: host, Undo: true}), say(hi, false), none},
		"off":                       {setUp(&chat.Off{By: host}), say(hi, false), "off"},
		"a word":                    {setUp(&chat.Words{By: host, Words: []string{"hi"}}), say(hi, false), "words"},
		"a word, from a host":       {setUp(&chat.Words{By: host, Words: []string{"hi"}}), say(hi, true), none},
		"react":                     {setUp(), do(&chat.Reaction{From: bob, To: 0, Emoji: "❤️"}, false), none},
		"react with a letter":       {setUp(), do(&chat.Reaction{From: bob, To: 0, Emoji: "a"}, false), "bad_emoji"},
		"react to nothing":          {setUp(), do(&chat.Reaction{From: bob, To: 7, Emoji: "❤️"}, false), "no_such"},
		"react to a deed":           {setUp(&chat.Hide{By: host, To: 0}), do(&chat.Reaction{From: bob, To: 1, Emoji: "❤️"}, false), "no_such"},
		"react to what was cleared": {setUp(&chat.Clear{By: host}), do(&chat.Reaction{From: bob, To: 0, Emoji: "❤️"}, false), "no_such"},
		"react, locked":             {setUp(&chat.Lock{By: host}), do(&chat.Reaction{From: bob, To: 0, Emoji: "❤️"}, false), none},
		"react, off":                {setUp(&chat.Off{By: host}), do(&chat.Reaction{From: bob, To: 0, Emoji: "❤️"}, false), "off"},
		"edit":                      {setUp(), do(&chat.Edit{From: ada, To: 0, Text: "better"}, false), none},
		"edit another's":            {setUp(), do(&chat.Edit{From: bob, To: 0, Text: "worse"}, false), "not_yours"},
		"edit with a word":          {setUp(&chat.Words{By: host, Words: []string{"worse"}}), do(&chat.Edit{From: ada, To: 0, Text: "W0RSE"}, false), "words"},
		"edit to nothing":           {setUp(), do(&chat.Edit{From: ada, To: 0, Text: " "}, false), chat.ErrTextEmpty.Error()},
		"edit what is hidden":       {setUp(&chat.Hide{By: host, To: 0}), do(&chat.Edit{From: ada, To: 0, Text: "x"}, false), "no_such"},
		"edit, locked":              {setUp(&chat.Lock{By: host}), do(&chat.Edit{From: ada, To: 0, Text: "x"}, false), "locked"},
		"delete, locked":            {setUp(&chat.Lock{By: host}), do(&chat.Delete{From: ada, To: 0}, false), none},
		"delete another's":          {setUp(), do(&chat.Delete{From: bob, To: 0}, false), "not_yours"},
		"delete twice":              {setUp(&chat.Delete{From: ada, To: 0}), do(&chat.Delete{From: ada, To: 0}, false), "no_such"},
		"delete too late": {setUp(), func(s *script) error {
			s.up += chat.EditTime.Milliseconds() + 1
			return s.r.Do(&chat.Delete{From: ada, To: 0}, "r", false)
		}, "too_late"},
		"hide, a guest":       {setUp(), do(&chat.Hide{By: bob, To: 0}, false), "not_host"},
		"hide":                {setUp(), do(&chat.Hide{By: host, To: 0}, true), none},
		"hide nothing":        {setUp(), do(&chat.Hide{By: host, To: 9}, true), "no_such"},
		"hide minus one":      {setUp(), do(&chat.Hide{By: host, To: -1}, true), "bad_value"},
		"slower than allowed": {setUp(), do(&chat.Slow{By: host, Seconds: 3601}, true), "bad_value"},
		"mute an AMQP client": {setUp(), do(&chat.Mute{By: host, Who: chat.Person{Name: "Bot"}}, true), "bad_value"},
		"erase, a guest":      {setUp(), do(&chat.Erase{By: bob}, false), "not_host"},
		"a host's clock":      {setUp(), do(&chat.Clock{Boot: "b", Began: 1_800_000_000_000, By: &bob}, false), "not_host"},
		"a daemon's clock":    {setUp(), do(&chat.Clock{Boot: "b", Began: 1_800_000_000_000}, false), none},
		"erase, away": {setUp(), func(s *script) error {
			s.h.State(fanout.Away, "")
			return s.r.Do(&chat.Erase{By: host}, "r", true)
		}, "away"},
		"a snapshot": {setUp(), do(&chat.Snapshot{}, true), "bad_value"},
	} {
		if got := why(test.try(test.s)); got != test.want {
			t.Errorf("%s: %s, not %s", name, got, test.want)
		}
		if n := len(test.s.x.published); (n == 1) != (test.want == none) {
			t.Errorf("%s: %d records are published", name, n)
		}
	}
}

func TestSlowMode(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Slow{By: host, Seconds: 60})
	say := func(p chat.Person, ref string, host bool) error {
		_, _, err := s.r.Say(context.Background(), chat.Message{From: p, Text: "hi"}, ref, host)
		return err
	}
	if err := say(ada, "1", false); err != nil {
		t.Fatal(err)
	}
	if err := say(ada, "1", false); err != nil {
		t.Errorf("the same again: %v", err)
	}
	var slow *Refusal
	if err := say(ada, "2", false); !errors.As(err, &slow) || slow.Why != "slow_down" || slow.Retry <= 50*time.Second || slow.Retry > time.Minute {
		t.Errorf("another at once: %+v", slow)
	}
	if err := say(bob, "2", false); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	for i := range 3 {
		if err := say(host, fmt.Sprint(i), true); err != nil {
			t.Errorf("a host: %v", err)
		}
	}
	s.do(&chat.Slow{By: host})
	if err := say(ada, "3", false); err != nil {
		t.Errorf("no more slow: %v", err)
	}
	s.x.full = true
	s.do(&chat.Slow{By: host, Seconds: 60})
	if err := say(ada, "4", false); !errors.Is(err, fanout.ErrFull) {
		t.Errorf("full: %v", err)
	}
	s.x.full = false
	if err := say(ada, "5", false); err != nil {
		t.Errorf("what was not accepted counts: %v", err)
	}
	all, start := make(slowMode), time.Now()
	for i := range 3 * maxSlow {
		all.said(fmt.Sprint(i), "r", time.Minute, start)
	}
	if len(all) > maxSlow {
		t.Errorf("%d people are remembered", len(all))
	}
}

// A daemon that reads the end of the log only knows the room from a snapshot, and
// from what was done since its place.
func TestSnapshotIsAdopted(t *testing.T) {
	s := newScript(t)
	s.do(&chat.Title{By: host, Title: "rabbits"})
	s.do(&chat.Mute{By: host, Who: bob})
	rude := s.say(ada, "rude")
	s.do(&chat.Hide{By: host, To: rude})
	for i := 0; len(s.x.published) == 0; i++ {
		if i > snapshotEvery {
			t.Fatal("there is no snapshot")
		}
		s.say(ada, fmt.Sprint(i))
	}
	// While the snapshot is on its way:
	s.do(&chat.Lock{By: host})
	s.do(&chat.Mute{By: host, Who: bob, Undo: true})
	s.do(&chat.Edit{From: ada, To: s.next - 4, Text: "edited"})
	if len(s.x.published) != 1 || s.x.published[0].ID != fmt.Sprintf("snapshot-%d", snapshotEvery-1) {
		t.Fatalf("published %+v", s.x.published)
	}
	s.came()
	s.do(&chat.Slow{By: host, Seconds: 5})

	middle := s.restarted(500)
	a, b := s.settings(), middle.settings()
	if a != b {
		t.Errorf("the room is\n%s, but for who came in the middle\n%s", a, b)
	}
	if older, _, err := middle.r.Older(t.Context(), Viewer{}, 6, 10); err != nil || show(older) != "2-hidden 3:hide 4:0 5:1" {
		t.Errorf("older: %s, %v", show(older), err)
	}
	if got := show(middle.r.View(context.Background(), Viewer{}, 3).Entries); got != show(s.r.View(context.Background(), Viewer{}, 3).Entries) || !strings.Contains(got, ":edited*") {
		t.Errorf("shown %s", got)
	}
	// From behind its place, what came between is not known: the next one counts.
	late := s.restarted(int(snapshotEvery) + 1)
	if late.r.State().Title != "" {
		t.Error("a snapshot is adopted although what came behind its place was not read")
	}
	for len(s.x.published) == 0 {
		s.say(ada, "on")
	}
	if s.x.published[0].ID == fmt.Sprintf("snapshot-%d", snapshotEvery-1) {
		t.Error("the same snapshot again")
	}
	s.came()
	if late := s.restarted(int(snapshotEvery) + 100); late.settings() != s.settings() {
		t.Error("the second snapshot is not adopted")
	}
}

// Two daemons make the same snapshot, and to a third it is one; an empty room
// makes none.
func TestSnapshotsOfTwoDaemons(t *testing.T) {
	a, b := newScript(t), newScript(t)
	var recs []chat.Record
	lock := chat.RecordOf(&chat.Lock{By: host}, "lock", now)
	lock.Offset = 3
	recs = append(recs, message(0, "ada", "m0", "hi"), message(1, "ada", "m1", "hi"), message(2, "ada", "m2", "hi"), lock)
	for i := int64(4); i < 1500; i++ {
		recs = append(recs, message(i, "ada", fmt.Sprint("m", i), "hi"))
	}
	for i := range recs { // in steps of one and of 100
		a.h.Deliver(recs[i : i+1])
	}
	for part := range slices.Chunk(recs, 100) {
		b.h.Deliver(part)
	}
	if len(a.x.published) != 1 || len(b.x.published) != 1 || a.x.published[0].ID != b.x.published[0].ID || string(a.x.published[0].Body) != string(b.x.published[0].Body) {
		t.Errorf("two snapshots: %+v, %+v", a.x.published, b.x.published)
	}
	empty := newScript(t)
	for range 2500 {
		empty.say(ada, "hi")
	}
	if n := len(empty.x.published); n != 0 {
		t.Errorf("%d snapshots of nothing", n)
	}
}

// Reactions do not push what was said out of sight.
func TestReactionsLeaveRoomForTalk(t *testing.T) {
	s := newScript(t)
	for range 500 {
		at := s.say(ada, "hi")
		for i := range 10 {
			s.do(&chat.Reaction{From: chat.Person{ID: fmt.Sprint(i), Name: "N"}, To: at, Emoji: "👍"})
		}
	}
	entries := s.r.View(context.Background(), Viewer{}, 100).Entries
	if len(entries) != 300 {
		t.Errorf("%d entries for 100 messages: at most three for each", len(entries))
	}
	if n := s.r.window.messages; n != 500 {
		t.Errorf("%d of 500 messages are in the window", n)
	}
	// Scrolling up finds each message once.
	before, all := s.next, 0
	for {
		older, more, err := s.r.Older(t.Context(), Viewer{}, before, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range older {
			if e.Deed == nil {
				all++
			}
		}
		if !more {
			break
		}
		before = older[0].Offset
	}
	if all != 500 {
		t.Errorf("scrolling up finds %d messages", all)
	}
}

// A phone that was away while the host hid, undid and cleared is told so.
func TestResumeAcrossHides(t *testing.T) {
	s := newScript(t)
	s.say(ada, "a")
	s.say(bob, "b")
	p := Place{Epoch: "e", Offset: 1, Ref: "m1"}
	s.do(&chat.Hide{By: host, To: 0})
	s.do(&chat.Hide{By: host, To: 1})
	s.do(&chat.Hide{By: host, To: 1, Undo: true})
	s.do(&chat.Edit{From: ada, To: 0, Text: "not seen"})
	resumed := func(s *script) string {
		v := s.r.Resume(t.Context(), Viewer{}, p, 10)
		if !v.Resumed {
			t.Fatalf("not resumed: %+v", v)
		}
		var missed []*Entry
		if v.CatchUp {
			if err := s.r.Missed(t.Context(), v, func(e []*Entry) error { missed = append(missed, e...); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		return show(append(missed, v.Entries...))
	}
	if got := resumed(s); got != "2:hide 3:hide 4:hide(1:b)" {
		t.Errorf("resumed: %s", got)
	}
	s.do(&chat.Clear{By: host})
	s.say(ada, "c")
	if got := resumed(s); got != "6:clear 7:c" {
		t.Errorf("resumed across a clear: %s", got)
	}
	late := s.restarted(8) // all of it is missed from the log
	late.r.state, late.r.read = stateOf(s.r.state.kept), 7
	if got := resumed(late); got != "6:clear 7:c" {
		t.Errorf("missed across a clear: %s", got)
	}
	s.do(&chat.Clear{By: host, Undo: true})
	if got := resumed(s); got != "2:hide 3:hide 4:hide(1:b) 6:clear 7:c 8:clear" {
		t.Errorf("resumed when the clear was undone: %s", got)
	}
	if _, more, err := s.r.Older(t.Context(), Viewer{}, 1, 10); more || err != nil {
		t.Errorf("older than the oldest: %v, %v", more, err)
	}
}

// Two rooms on one log see each other's deeds; one erases it, and both begin
// anew, with the settings and without what was said.
func TestErase(t *testing.T) {
	s := newScript(t)
	s.say(ada, "secret")
	s.do(&chat.Title{By: host, Title: "rabbits"})
	s.do(&chat.Mute{By: host, Who: bob})
	s.do(&chat.Pin{By: host, Text: "secret, too"})
	s.do(&chat.Hide{By: host, To: 0})
	erased := make(chan chat.Record, 1)
	s.x.erase = func(first chat.Record) error { erased <- first; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.r.Run(ctx) }()
	if err := s.r.Do(&chat.Erase{By: host}, "erase", true); err != nil {
		t.Fatal(err)
	}
	first := <-erased
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if strings.Contains(string(first.Body), "secret") {
		t.Errorf("what was said goes into the new log: %s", first.Body)
	}
	s.h.State(fanout.Away, "")
	s.h.Reset("f", nil)
	first.Offset = 0
	s.h.Deliver([]chat.Record{first})
	s.h.State(fanout.Up, "")
	if got := s.shown(Viewer{}); got != "" {
		t.Errorf("shown %s", got)
	}
	if _, known, err := s.r.Say(context.Background(), chat.Message{From: ada, Text: "secret"}, "m0", false); !known || err != nil || len(s.x.published) > 0 {
		t.Errorf("a phone says again what was erased: known is %v, %v, published %+v", known, err, s.x.published)
	}
	if _, known, err := s.r.Say(context.Background(), chat.Message{From: ada, Text: "new"}, "new", false); known || err != nil {
		t.Errorf("something new: known is %v, %v", known, err)
	}
	state, hosts := s.r.State(), s.r.Host()
	if !state.Erased || state.Title != "rabbits" || state.Pin != nil || !s.r.Muted("bob") {
		t.Errorf("the state is %+v", state)
	}
	if len(hosts.Deeds) != 1 || hosts.Deeds[0].Verb != "erase" || hosts.Deeds[0].Ref != "erase" {
		t.Errorf("the deeds are %+v", hosts.Deeds)
	}
}
