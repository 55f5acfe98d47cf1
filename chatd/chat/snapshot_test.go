package chat

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// read reads a snapshot with the state, and the memory if there is one, in JSON.
func read(t *testing.T, state, memory string) *Snapshot {
	t.Helper()
	if memory != "" {
		memory = `,"memory":` + memory
	}
	d, err := DeedOf(Record{Type: TypeSnapshot, ContentType: ContentJSON, Body: []byte(`{"upto":7,"state":` + state + memory + `}`)})
	if err != nil {
		t.Fatalf("%s: %v", state, err)
	}
	return d.(*Snapshot)
}

// One element that is bad, or a newer version's, takes nothing else with it: whoever
// was muted is muted, and what was hidden is hidden.
func TestOneBadElementTakesNothingElse(t *testing.T) {
	const good = `"locked":true,"muted":[{"id":"eve","name":"Eve"}],"words":["carrot"],"hidden":[1,2]`
	long := strings.Repeat("x", 501)
	for name, bad := range map[string]string{
		"a deed to an AMQP client": `"deeds":[{"offset":5,"ref":"r","verb":"hide","by":{"id":"host","name":"Host"},"who":{"id":"","name":"Bot"}}]`,
		"a deed without a doer":    `"deeds":[{"offset":5,"ref":"r","verb":"hide","by":{"id":"","name":"Bot"}}]`,
		"a deed of another kind":   `"deeds":[{"offset":5,"ref":"r","verb":"dance","by":{"id":"host","name":"Host"}},7,"x"]`,
		"a ref that is none":       `"deeds":[{"offset":5,"ref":"mute:eve","verb":"mute","by":{"id":"host","name":"Host"}}]`,
		"no ref":                   `"deeds":[{"offset":5,"ref":"","verb":"mute","by":{"id":"host","name":"Host"}}]`,
		"another type":             `"title":7`,
		"a title that is none":     `"title":"\n"`,
		"a notice too long":        `"notice":"` + long + `"`,
		"a pin without a text":     `"pin":{"text":"","by":{"id":"host","name":"Host"}}`,
		"a pin of nobody":          `"pin":{"text":"x"}`,
		"a pin that is a list":     `"pin":[]`,
		"no pause":                 `"slow":-1`,
		"a clock of no boot":       `"clocks":[{"boot":"","began":1}]`,
		"a kick of nobody":         `"kicked":[{"id":"","at":1},{"id":"bob","at":"x"}]`,
		"a clear before the log":   `"clears":[-1]`,
		"what nobody knows yet":    `"hologram":{"on":true}`,
		"null":                     `"deeds":null,"pin":null`,
	} {
		s := read(t, "{"+bad+","+good+"}", "").State
		if !s.Locked || len(s.Muted) != 1 || !slices.Equal(s.Words, []string{"carrot"}) || !slices.Equal(s.Hidden, []int64{1, 2}) {
			t.Errorf("%s: what is left is %+v", name, s)
		}
		if s.Pin != nil || s.Title != "" || s.Slow != 0 || len(s.Clocks)+len(s.Kicked)+len(s.Clears) != 0 {
			t.Errorf("%s: it is taken: %+v", name, s)
		}
		if n := s.Clean(); n != 0 {
			t.Errorf("%s: cleaned again, %d more are dropped", name, n)
		}
	}
}

// In a list, only what is bad is left out; and who is muted under a bad name is muted.
func TestListsAreReadElementByElement(t *testing.T) {
	s := read(t, `{"muted":[{"id":"a","name":"Ada"},7,{"id":"b","name":"\u202e"},{"id":"","name":"x"},null],
		"words":["one","",3,"two"],"hidden":[5,"x",3,-1,3],"clears":[9,4],
		"deeds":[{"ref":"r","verb":"lock","by":{"id":"h","name":"H"}},[],{"ref":"bad ref","verb":"off","by":{"id":"h","name":"H"},"who":{"name":"Bot"}}]}`, "").State
	want := State{
		Muted: []Person{{"a", "Ada"}, {"b", SuggestName("b")}}, Words: []string{"one", "two"}, Hidden: []int64{3, 5}, Clears: []int64{4, 9},
		Deeds: []Done{{Ref: "r", Verb: TypeLock, By: Person{"h", "H"}}, {Verb: TypeOff, By: Person{"h", "H"}}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("read is %+v, not %+v", s, want)
	}
}

// Lists that are longer than they may be lose their oldest; but what was hidden stays so.
func TestLongListsOfAState(t *testing.T) {
	var s State
	for i := range MaxHidden + 5 {
		id := fmt.Sprint("p", i)
		s.Hidden = append(s.Hidden, int64(2*i))
		s.Muted = append(s.Muted, Person{id, "N"})
		s.Kicked = append(s.Kicked, Moment{id, 1})
		s.Words = append(s.Words, id)
		s.Clears = append(s.Clears, int64(i))
		s.Deeds = append(s.Deeds, Done{Ref: id, Verb: TypeLock, By: aHost})
		s.Clocks = append(s.Clocks, BootClock{id, 1_800_000_000_000, false})
	}
	s.Clean()
	for what, n := range map[string][2]int{
		"hidden": {len(s.Hidden), MaxHidden}, "muted": {len(s.Muted), MaxMuted}, "kicked": {len(s.Kicked), MaxKicked}, "words": {len(s.Words), MaxWords},
		"clears": {len(s.Clears), MaxClears}, "deeds": {len(s.Deeds), MaxDone}, "clocks": {len(s.Clocks), MaxClocks},
	} {
		if n[0] != n[1] {
			t.Errorf("%d %s are kept, not %d", n[0], what, n[1])
		}
	}
	if s.Floor != 9 || s.Hidden[0] != 10 {
		t.Errorf("shown is what stands from %d on, hidden are %d and others: what had no place is shown", s.Floor, s.Hidden[0])
	}
	if last := fmt.Sprint("p", MaxHidden+4); s.Muted[MaxMuted-1].ID != last {
		t.Errorf("the last who was muted is %v", s.Muted[MaxMuted-1])
	}
}

// What a fold remembers is left out as leniently, and is missing in snapshots of
// older versions.
func TestMemoryOfASnapshot(t *testing.T) {
	for memory, want := range map[string]*Memory{
		``:   nil,
		`7`:  nil,
		`{}`: {},
		`{"time":5,"boots":[{"id":"b","at":1},3],"spoken":"x","recent":"AQI="}`: {Time: 5, Boots: []Moment{{"b", 1}}, Recent: []byte{1, 2}},
		`{"time":"x","recent":"?"}`: {},
	} {
		if s := read(t, `{"locked":true}`, memory); !s.State.Locked || !reflect.DeepEqual(s.Memory, want) {
			t.Errorf("%s is read as %+v, %+v", memory, s.State, s.Memory)
		}
	}
	if d, err := DeedOf(Record{Type: TypeSnapshot, ContentType: ContentJSON, Body: []byte(`[]`)}); err == nil {
		t.Errorf("a list is read as %+v", d)
	}
}

// A letter that HTML knows takes one byte in the log, not six: few texts would push
// all others out.
func TestBodiesAreNoLongerThanTheyMustBe(t *testing.T) {
	text := strings.Repeat("<>&", 100)
	for _, rec := range []Record{Message{From: guest, Text: text}.Record("r", Stamp{}), RecordOf(&Edit{From: guest, Text: text}, "r", Stamp{})} {
		if n := len(rec.Body); n > len(text)+100 || !json.Valid(rec.Body) {
			t.Errorf("%s: %d bytes for a text of %d", rec.Type, n, len(text))
		}
	}
}

// Whatever a host's record has for an id, and whoever it is done to, what is told of it can be
// read again.
func TestWhatWasDoneCanBeReadAgain(t *testing.T) {
	for _, ref := range []string{"r", "", "mute:eve", strings.Repeat("x", 40)} {
		for _, who := range []*Person{nil, &guest, {Name: "Bot"}, {ID: "x y", Name: "Z"}} {
			d := &Hide{By: aHost, To: 1, Who: who}
			if err := CheckDeed(d); err != nil {
				t.Fatal(err)
			}
			done, ok := DoneOf(d, 1, ref, Stamp{})
			if !ok || done.Ref != "" && (done.Ref != ref || !ValidID(ref)) || done.check() != nil || done.Who != nil && !ValidID(done.Who.ID) {
				t.Errorf("%q, %v: %+v", ref, who, done)
			}
		}
	}
}
