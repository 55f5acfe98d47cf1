package room

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// takeAll folds frames, and returns what may be shown, and whether the room is to
// be read anew.
func takeAll(t *testing.T, frames ...string) (texts []string, r Room, anew bool) {
	t.Helper()
	f := newFold()
	for _, js := range frames {
		var m frame
		if err := json.Unmarshal([]byte(js), &m); err != nil {
			t.Fatalf("%s: %v", js, err)
		}
		anew = f.take(&m) || anew
	}
	r = f.now()
	for _, m := range r.Messages {
		texts = append(texts, m.Text)
	}
	return texts, r, anew
}

const (
	welcome = `{"type":"welcome","head":2,"broker":"up","title":"rabbit","room":{"title":"Hall","pin":{"text":"Pizza at eight"}}}`
	history = `{"type":"log","records":[{"offset":1,"from":{"id":"a","name":"Ada"},"text":"one"},{"offset":2,"from":{"id":"b","name":"Bob"},"text":"two","picture":{"id":"x"}}]}`
)

func log(records string) string { return `{"type":"log","records":[` + records + `]}` }

// The screen shows what the room allows, and no more.
func TestFold(t *testing.T) {
	for name, test := range map[string]struct {
		record string
		want   []string
		anew   bool
	}{
		"nothing":                      {`{"type":"of tomorrow","offset":3}`, []string{"one", "two"}, false},
		"a message":                    {`{"offset":3,"from":{"id":"a"},"text":"three"}`, []string{"one", "two", "three"}, false},
		"an edit":                      {`{"type":"edit","offset":3,"from":{"id":"a"},"to":1,"text":"uno"}`, []string{"uno", "two"}, false},
		"somebody else's edit":         {`{"type":"edit","offset":3,"from":{"id":"b"},"to":1,"text":"uno"}`, []string{"one", "two"}, false},
		"a deletion":                   {`{"type":"delete","offset":3,"from":{"id":"a"},"to":1}`, []string{"two"}, false},
		"somebody else's deletion":     {`{"type":"delete","offset":3,"from":{"id":"b"},"to":1}`, []string{"one", "two"}, false},
		"a hide":                       {`{"type":"hide","offset":3,"to":1}`, []string{"two"}, false},
		"a hide of what is not here":   {`{"type":"hide","offset":3,"to":0}`, []string{"one", "two"}, false},
		"a hide that is undone":        {`{"type":"hide","offset":3,"to":1},{"type":"hide","offset":4,"to":1,"undo":true}`, []string{"one", "two"}, false},
		"with the message in it":       {`{"type":"hide","offset":3,"to":1},{"type":"hide","offset":4,"to":1,"undo":true,"record":{"offset":1,"from":{"id":"a"},"text":"uno"}}`, []string{"uno", "two"}, false},
		"hidden when it came":          {`{"offset":3,"gone":"hidden","from":{"id":"a"}}`, []string{"one", "two"}, false},
		"and shown again":              {`{"offset":3,"gone":"hidden","from":{"id":"a"}},{"type":"hide","offset":4,"to":3,"undo":true}`, []string{"one", "two"}, true},
		"edited while it is hidden":    {`{"type":"hide","offset":3,"to":1},{"type":"edit","offset":4,"from":{"id":"a"},"to":1,"text":"uno"}`, []string{"two"}, false},
		"a clear":                      {`{"type":"clear","offset":3},{"offset":4,"from":{"id":"a"},"text":"four"}`, []string{"four"}, false},
		"a clear that is undone":       {`{"type":"clear","offset":3},{"type":"clear","offset":4,"undo":true}`, []string{"one", "two"}, true},
		"an undo without a clear":      {`{"type":"clear","offset":3,"undo":true}`, []string{"one", "two"}, false},
		"a reaction":                   {`{"type":"reaction","offset":3,"to":1,"emoji":"👍"}`, []string{"one", "two"}, false},
		"a message that says too much": {fmt.Sprintf(`{"offset":3,"text":%q}`, strings.Repeat("ä", maxText)), []string{"one", "two", strings.Repeat("ä", maxText/2)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			texts, _, anew := takeAll(t, welcome, history, log(test.record))
			if !slices.Equal(texts, test.want) || anew != test.anew {
				t.Errorf("it shows %q, anew %v; want %q, %v", texts, anew, test.want, test.anew)
			}
		})
	}
}

// What the history says of itself is in its messages already: a room whose host
// has put something back is not read again and again.
func TestHistoryIsNotReadAnew(t *testing.T) {
	texts, _, anew := takeAll(t, `{"type":"welcome","head":6,"broker":"up"}`, log(
		`{"offset":1,"text":"one"},{"type":"hide","offset":2,"to":1},{"type":"hide","offset":3,"to":1,"undo":true},`+
			`{"type":"clear","offset":4},{"type":"clear","offset":5,"undo":true},{"offset":6,"text":"six"}`))
	if anew || !slices.Equal(texts, []string{"one", "six"}) {
		t.Errorf("it shows %q, anew %v", texts, anew)
	}
}

func TestRoom(t *testing.T) {
	_, r, _ := takeAll(t, welcome, history, `{"type":"presence","count":12}`, `{"type":"broker","state":"away"}`)
	if !r.Connected || r.Title != "Hall" || r.Pin != "Pizza at eight" || r.Count != 12 || r.Broker != "away" || !r.Messages[1].Picture {
		t.Errorf("%+v", r)
	}
	_, r, _ = takeAll(t, welcome, `{"type":"room","title":"Hall","off":true,"notice":"Back at nine"}`)
	if r.Pin != "" || !r.Off || r.Notice != "Back at nine" || r.Count != -1 {
		t.Errorf("%+v", r)
	}
}

// Memory is bounded, however much is said.
func TestKeepsTheNewest(t *testing.T) {
	f := newFold()
	for i := range 10 * History {
		f.take(&frame{Type: "log", Records: []record{{Offset: int64(2 * i), Text: fmt.Sprint(i)}, {Type: "clear", Offset: int64(2*i + 1)}, {Type: "clear", Undo: true, Offset: int64(2*i + 1)}}})
		f.take(&frame{Type: "log", Records: []record{{Type: "clear", Offset: -1}}})
	}
	if n := len(f.known); n != History || len(f.clears) > maxClears || f.known[n-1].Text != fmt.Sprint(10*History-1) {
		t.Errorf("%d messages and %d clears are kept", n, len(f.clears))
	}
}

// Whatever a server says, the screen does not fall over it.
func FuzzFold(f *testing.F) {
	for _, s := range []string{welcome, history, log(`{"type":"hide","to":1,"undo":true,"record":null}`), `{"type":"log","records":[null]}`, `{"room":null}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, js string) {
		fold := newFold()
		for _, js := range []string{welcome, history, js, js} {
			var m frame
			if json.Unmarshal([]byte(js), &m) == nil {
				fold.take(&m)
			}
		}
		if r := fold.now(); len(r.Messages) > History {
			t.Errorf("%d messages", len(r.Messages))
		}
	})
}
