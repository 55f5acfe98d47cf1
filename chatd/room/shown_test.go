package room

import (
	"fmt"
	"regexp"
	"testing"

	"warren/chatd/chat"
)

// What is shown of a log, to whoever comes in: the same at the daemon that saw it grow, at
// one that has read all of it, at one that began behind a snapshot, wherever that
// was, and in the transcript.
func TestWhatIsShown(t *testing.T) {
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
		}, "0:when?* 1:edit"}, // the log's time goes on where it was
		"an edit of what comes later": {func(s *script) { s.do(&chat.Edit{From: ada, To: 1, Text: "magic"}); s.say(ada, "hello") }, "1:hello"},
		"an edit of a deed":           {func(s *script) { s.do(&chat.Clear{By: ada}); s.do(&chat.Edit{From: ada, To: 0, Text: "x"}) }, "0:clear"},
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
		"a clear that two hosts undo": {func(s *script) {
			s.say(ada, "a")
			s.do(&chat.Clear{By: host})
			s.say(ada, "b")
			last := s.do(&chat.Clear{By: host})
			s.do(&chat.Clear{By: host, Undo: true, Of: &last})
			s.do(&chat.Clear{By: bob, Undo: true, Of: &last})
		}, "1:clear 2:b 3:clear 4:clear 5:clear"},
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
			s.want(test.want)
		})
	}
}

// want checks what is shown of the log, and that every daemon shows the same.
func (s *script) want(want string) {
	s.t.Helper()
	if got := s.shown(Viewer{}); got != want {
		s.t.Errorf("shown is %s, not %s", got, want)
	}
	others := map[string]*script{"live": s, "after a restart": s.restarted()}
	for _, rec := range s.x.log {
		others[fmt.Sprint("begun behind ", rec.Offset)] = s.behind(rec.Offset)
	}
	again := regexp.MustCompile(`\(.*?\)`) // a message that is hidden no more is told of from memory alone
	want = again.ReplaceAllString(want, "")
	for where, other := range others {
		older, _, err := other.r.Older(s.t.Context(), Viewer{}, s.next, 100)
		if err != nil {
			s.t.Error(err)
		}
		for what, got := range map[string]string{"shown is": other.shown(Viewer{}), "the transcript holds": other.walked(), "scrolling up shows": show(older)} {
			if got := again.ReplaceAllString(got, ""); got != want {
				s.t.Errorf("%s, %s %s, not %s", where, what, got, want)
			}
		}
		if a, b := s.settings(), other.settings(); a != b {
			s.t.Errorf("the state is %s, %s it is %s", a, where, b)
		}
	}
}
