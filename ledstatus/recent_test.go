package main

import (
	"fmt"
	"testing"

	"warren/chatd/chat"
)

func TestRecent(t *testing.T) {
	var r recent
	said := func(person, app, id string) bool {
		return r.first(chat.Record{Sender: person, App: app, ID: id})
	}
	for _, c := range []struct {
		person, app, id string
		first           bool
	}{
		{"ada", "", "1", true},
		{"ada", "", "1", false},
		{"bob", "", "1", true}, // his own first, by the same id
		{"", "sensor", "1", true},
		{"", "sensor", "1", false},
		{"", "clock", "1", true},
		{"", "sensor", "", true}, // has no ids
		{"", "sensor", "", true},
	} {
		if got := said(c.person, c.app, c.id); got != c.first {
			t.Errorf("%+v: first is %v", c, got)
		}
	}
	for i := range 3 * maxRecent {
		id := fmt.Sprint("m", i)
		if !said("ada", "", id) {
			t.Fatalf("%s is known", id)
		}
	}
	if len(r.known) != maxRecent {
		t.Errorf("%d ids are remembered", len(r.known))
	}
	if said("ada", "", fmt.Sprint("m", 2*maxRecent)) || !said("ada", "", fmt.Sprint("m", 2*maxRecent-1)) {
		t.Error("not the last ones are remembered")
	}
}
