package rabbitmq

import (
	"fmt"
	"strings"
	"testing"

	"warren/chatd/chat"
)

// What is kept counts for its own log, and a log's beginning for the one that the
// erasure has made.
func TestPlacesOf(t *testing.T) {
	for _, test := range []struct{ kept, epoch, want string }{
		{"a5 a7 b3 a9", "a", "5 7 9"},
		{"a5 a-1", "a", "5"},              // it was not erased after all
		{"a5 a-1", "b", "-1"},             // and now it is
		{"a5 a-1 b3 b8", "b", "-1 3 8"},   // and has gone on
		{"a5 a-1 a6 b3", "b", "-1 3"},     // the others did not know yet
		{"a5 a-1 c2 b3", "b", "3"},        // of a log between
		{"a5 a-1 a6 a7", "a", "5 6 7"},    //
		{"a5 a-1 b3 b-1", "b", "-1 3"},    // a second time, not yet
		{"a5 a-1 b3 b-1 c2", "c", "-1 2"}, // and now
		{"a5 a-1 b3 b-1 b4", "d", "-1"},   //
		{"z-1 a5 a7", "b", ""},            // somebody deleted it by hand
		{"", "a", ""},
	} {
		var all []kept
		for _, s := range strings.Fields(test.kept) {
			var offset int64
			fmt.Sscan(s[1:], &offset)
			all = append(all, kept{Record: chat.Record{Offset: offset}, epoch: s[:1]})
		}
		var got []string
		for _, k := range placesOf(all, test.epoch) {
			got = append(got, fmt.Sprint(k.Offset))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s in %s: %q, not %q", test.kept, test.epoch, got, test.want)
		}
	}
}

// Of what is to be kept while the exchange is away the newest alone is held.
func TestKeepHoldsTheNewest(t *testing.T) {
	x := open(t, "amqp://localhost:1/", Options{})
	for i := range 5 {
		x.Keep(chat.Record{ID: fmt.Sprint(i), Type: chat.TypeSnapshot, Body: make([]byte, chat.MaxSnapshot)})
	}
	x.Keep(chat.Record{ID: "too large", Type: chat.TypeSnapshot, Body: make([]byte, chat.MaxSnapshot+1)})
	if rec := <-x.keeping; rec.ID != "4" || len(x.keeping) > 0 {
		t.Errorf("%s waits, and %d more", rec.ID, len(x.keeping))
	}
}
