package room

import (
	"strings"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

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
		return func(s *script) error { _, _, err := s.r.Say(s.t.Context(), m, "r", Made{}, host); return err }
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
		"a message, sent out":    {setUp(&chat.Kick{By: host, Who: bob}), say(hi, false), "kicked"},
		"a reaction, sent out":   {setUp(&chat.Kick{By: host, Who: bob}), do(&chat.Reaction{From: bob, To: 0, Emoji: "❤️"}, false), "kicked"},
		"an edit, sent out":      {setUp(&chat.Kick{By: host, Who: ada}), do(&chat.Edit{From: ada, To: 0, Text: "x"}, false), "kicked"},
		"a deletion, sent out":   {setUp(&chat.Kick{By: host, Who: ada}), do(&chat.Delete{From: ada, To: 0}, false), "kicked"},
		"a host who is sent out": {setUp(&chat.Kick{By: host, Who: bob}), say(hi, true), none},
		"an edit of a deed":      {setUp(&chat.Hide{By: host, To: 0}), do(&chat.Edit{From: host, To: 1, Text: "x"}, true), "no_such"},
		"react to what a muted one said": {setUp(&chat.Mute{By: host, Who: bob}), func(s *script) error {
			s.say(bob, "hi")
			return s.r.Do(&chat.Reaction{From: ada, To: s.next - 1, Emoji: "❤️"}, "r", false)
		}, none}, // who is told that there is no such message knows that one is muted
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
