package room

import (
	"encoding/json"
	"slices"
	"testing"

	"warren/chatd/chat"
)

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
	if err := s.r.Do(&chat.Hide{By: host, To: 0}, "hide", true); err != nil {
		t.Fatal(err)
	}
	s.came()
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
	if again := s.restarted(); again.settings() != s.settings() {
		t.Errorf("after a restart the state is %s, not %s", again.settings(), s.settings())
	}
	for range 60 {
		s.do(&chat.Lock{By: host})
	}
	if n := len(s.r.Host().Deeds); n != chat.MaxDone {
		t.Errorf("%d deeds are kept", n)
	}
}
