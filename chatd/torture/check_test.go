package main

import (
	"fmt"
	"slices"
	"testing"
)

// logOf returns a log of messages of one sender each letter: "aab" is two of a's
// and one of b's. Offsets have gaps, as real ones.
func logOf(letters string) []Message {
	count := make(map[rune]int)
	var log []Message
	for i, l := range letters {
		ref := fmt.Sprint(count[l])
		count[l]++
		log = append(log, Message{Offset: int64(10 + 3*i), Sender: string(l), Ref: ref, Text: string(l) + ref})
	}
	return log
}

// room is what a run recorded when nothing went wrong: a and b talk, c reads.
func room(log []Message) []History {
	var phones []History
	for _, name := range []string{"a", "b", "c"} {
		p := History{Phone: name, Sender: name, Stayed: true}
		for _, m := range log {
			if m.Sender == name {
				p.Events = append(p.Events, Event{Said, Message{Ref: m.Ref, Text: m.Text}})
			}
		}
		for _, m := range log {
			p.Events = append(p.Events, Event{Shown, m})
			if m.Sender == name {
				p.Events = append(p.Events, Event{Ticked, Message{Ref: m.Ref}})
			}
		}
		phones = append(phones, p)
	}
	return phones
}

// reader is the phone that only reads: all its events are of kind Shown, one
// for each message of the log.
const reader = 2

func TestCheck(t *testing.T) {
	log := logOf("abaabbab")
	without := func(log []Message, i int) []Message { return slices.Delete(slices.Clone(log), i, i+1) }
	tests := []struct {
		name string
		// spoil changes what was recorded and returns the log that is read at the end.
		spoil func(phones []History) []Message
		want  []FaultKind
	}{
		{"all is well", func([]History) []Message { return log }, nil},
		{"ticked, shown and lost at the end", func([]History) []Message { return without(log, 7) }, []FaultKind{Lost}},
		{"ticked and lost, and no phone noticed", func(p []History) []Message {
			for i := range p {
				p[i].Events = slices.DeleteFunc(p[i].Events, func(e Event) bool { return e.Kind == Shown && e.Message == log[3] })
			}
			return without(log, 3)
		}, []FaultKind{Lost}},
		{"never ticked", func(p []History) []Message {
			p[0].Events = append(p[0].Events, Event{Said, Message{Ref: "9", Text: "?"}})
			return log
		}, []FaultKind{Stuck}},
		{"shown twice", func(p []History) []Message {
			p[reader].Events = append(p[reader].Events, Event{Shown, log[7]})
			return log
		}, []FaultKind{Twice}},
		{"shown twice, at another offset", func(p []History) []Message {
			again := log[6]
			again.Offset = 99
			p[reader].Events = append(p[reader].Events, Event{Shown, again})
			return log
		}, []FaultKind{Twice}},
		{"twice in the log", func(p []History) []Message {
			again := log[0]
			again.Offset = 99
			return append(slices.Clone(log), again)
		}, []FaultKind{Twice}},
		{"swapped on a phone", func(p []History) []Message {
			e := p[reader].Events
			e[3], e[4] = e[4], e[3]
			return log
		}, []FaultKind{Silent, Swapped}},
		{"shown at another offset", func(p []History) []Message {
			p[reader].Events[3].Message.Offset++
			return log
		}, []FaultKind{Swapped}},
		{"against the sender's order", func(p []History) []Message {
			e := p[0].Events // the first four are what a said
			e[0], e[1] = e[1], e[0]
			return log
		}, []FaultKind{Swapped}},
		{"offsets that fall", func(p []History) []Message {
			for i := range p {
				for j, e := range p[i].Events {
					if e.Kind == Shown && e.Message == log[4] {
						p[i].Events[j].Message.Offset = 1
					}
				}
			}
			falls := slices.Clone(log)
			falls[4].Offset = 1
			return falls
		}, []FaultKind{Swapped}},
		{"a gap that nobody told of", func(p []History) []Message {
			p[reader].Events = slices.Delete(p[reader].Events, 2, 5)
			return log
		}, []FaultKind{Silent}},
		{"a gap that was told of", func(p []History) []Message {
			p[reader].Events = slices.Replace(p[reader].Events, 2, 5, Event{Kind: Gap})
			return log
		}, []FaultKind{Needless}},
		{"recent history again after a gap", func(p []History) []Message {
			p[reader].Events = slices.Insert(p[reader].Events, 5, Event{Kind: Gap}, Event{Shown, log[3]}, Event{Shown, log[4]})
			return log
		}, []FaultKind{Needless}},
		{"a gap before anything was shown", func(p []History) []Message {
			p[reader].Events = slices.Replace(p[reader].Events, 0, 2, Event{Kind: Gap})
			return log
		}, nil},
		{"a gap that nobody told of, after one that was told of", func(p []History) []Message {
			p[reader].Events = slices.Replace(p[reader].Events, 1, 2, Event{Kind: Gap})
			p[reader].Events = slices.Delete(p[reader].Events, 4, 5)
			return log
		}, []FaultKind{Needless, Silent}},
		{"shown again in a page that was read for a resume", func(p []History) []Message {
			p[reader].Events = slices.Insert(p[reader].Events, 4, p[reader].Events[2:4]...)
			return log
		}, []FaultKind{Twice, Twice}},
		{"a resume that leaves out the one record between two pages", func(p []History) []Message {
			p[reader].Events = slices.Delete(p[reader].Events, 4, 5)
			return log
		}, []FaultKind{Silent}},
		{"ticked, and never shown to anybody", func(p []History) []Message {
			p[0].Events = append(p[0].Events, Event{Said, Message{Ref: "9", Text: "?"}}, Event{Ticked, Message{Ref: "9"}})
			return log
		}, []FaultKind{Lost}},
		{"a phone that came late", func(p []History) []Message {
			p[reader].Events = p[reader].Events[4:]
			return log
		}, nil},
		{"a phone that never caught up", func(p []History) []Message {
			p[reader].Events = p[reader].Events[:6]
			return log
		}, []FaultKind{Behind}},
		{"a phone that left", func(p []History) []Message {
			p[reader].Events = p[reader].Events[:6]
			p[reader].Stayed = false
			return log
		}, nil},
		{"another text", func(p []History) []Message {
			p[reader].Events[2].Message.Text = "something else"
			return log
		}, []FaultKind{Invented}},
		{"said by nobody", func(p []History) []Message {
			p[0].Events = p[0].Events[1:]
			return log
		}, []FaultKind{Invented}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			phones := room(log)
			full := test.spoil(phones)
			faults := Check(phones, full)
			var got []FaultKind
			for _, f := range faults {
				got = append(got, f.Kind)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found %v, not %v", faults, test.want)
			}
		})
	}
}

func TestReadersThatDisagree(t *testing.T) {
	log := logOf("abaab")
	other := slices.Clone(log)
	other[1], other[2] = other[2], other[1]
	for name, second := range map[string][]Message{"order": other, "length": log[:3]} {
		faults := Check(room(log), log, second)
		if len(faults) != 1 || faults[0].Kind != Swapped {
			t.Errorf("%s: found %v, not that the order differs", name, faults)
		}
	}
	if faults := Check(room(log), log, slices.Clone(log)); faults != nil {
		t.Errorf("two equal logs: found %v", faults)
	}
}
