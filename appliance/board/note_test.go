package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"warren/appliance/board/why"
	"warren/appliance/update/bootfile"
	"warren/internal/status"
)

// pen is a boot partition that remembers when it was written.
type pen struct {
	at      []time.Duration
	now     time.Duration
	last    string
	refuses error
}

func (p *pen) write(content []byte) error {
	p.at = append(p.at, p.now)
	if p.refuses == nil {
		p.last = string(content)
	}
	return p.refuses
}

func up(phones int) []status.Section {
	return []status.Section{{Title: "Wi-Fi", Text: []string{fmt.Sprintf("It is up. Phones on it: %d.", phones)}}}
}

func failed(why string) []status.Section {
	return []status.Section{{Title: "Wi-Fi", Wrong: true, Text: []string{"It has failed: " + why}}}
}

// play has a card tell something new at some seconds, for some time.
func play(n *note, p *pen, until time.Duration, told map[int][]status.Section) {
	var now []status.Section
	for s := 0; time.Duration(s)*time.Second <= until; s++ {
		if all, ok := told[s]; ok {
			now = all
		}
		p.now = time.Duration(s) * time.Second
		n.look(p.now, now)
	}
}

func TestNote(t *testing.T) {
	for name, test := range map[string]struct {
		told map[int][]status.Section
		at   []time.Duration
		last string
	}{
		"well":                  {map[int][]status.Section{0: up(0)}, []time.Duration{settle}, "NOTHING WAS WRONG"},
		"guests come":           {map[int][]status.Section{0: up(0), 100: up(3), 200: up(10)}, []time.Duration{settle}, "NOTHING WAS WRONG"},
		"a fault at once":       {map[int][]status.Section{0: up(0), 5: failed("no radio")}, []time.Duration{settle}, "SOMETHING WAS WRONG"},
		"a fault, and then not": {map[int][]status.Section{5: failed("no radio"), 26: up(0)}, []time.Duration{settle, settle + noteEvery}, "NOTHING WAS WRONG"},
		"for a moment":          {map[int][]status.Section{0: up(0), 30: failed("x"), 50: up(1)}, []time.Duration{settle}, "NOTHING WAS WRONG"},
		"another fault later":   {map[int][]status.Section{0: up(0), 300: failed("x"), 310: failed("y")}, []time.Duration{settle, 300 * time.Second, 360 * time.Second}, "It has failed: y"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pen{}
			n := &note{write: p.write, log: slog.New(slog.DiscardHandler), version: "v1"}
			play(n, p, 10*time.Minute, test.told)
			if fmt.Sprint(p.at) != fmt.Sprint(test.at) || !strings.Contains(p.last, test.last) || len(p.last) != why.Bytes {
				t.Errorf("written at %v, want %v; it is %s", p.at, test.at, p.last)
			}
		})
	}
}

// A card whose state is another each second is written once a minute, and one whose
// daemon is started again and again no more often.
func TestNoteIsBounded(t *testing.T) {
	p := &pen{}
	n := &note{write: p.write, log: slog.New(slog.DiscardHandler)}
	for s := range 3600 {
		p.now = time.Duration(s+1) * time.Second
		if s%7 == 0 {
			again := &note{write: p.write, log: n.log}
			again.begin(n.at)
			n = again
		}
		n.look(p.now, failed(strings.Repeat("x", s%50)))
	}
	if len(p.at) > 60 {
		t.Errorf("written %d times in an hour", len(p.at))
	}
}

func TestNoteRefused(t *testing.T) {
	var said bytes.Buffer
	p := &pen{refuses: errors.New("the card is broken")}
	n := &note{write: p.write, log: slog.New(slog.NewTextHandler(&said, nil))}
	play(n, p, 10*time.Minute, map[int][]status.Section{0: failed("x")})
	if len(p.at) != 10 && len(p.at) != 11 || strings.Count(said.String(), "the card is broken") != 1 {
		t.Errorf("tried %d times: %s", len(p.at), &said)
	}
	p.refuses, p.now = nil, time.Hour
	if n.look(p.now, failed("x")); !strings.Contains(p.last, "It has failed: x") {
		t.Errorf("a card that takes it again holds %q", p.last)
	}
	*p, *n = pen{refuses: fmt.Errorf("WHY.TXT: %w", bootfile.ErrMissing)}, note{write: p.write, log: n.log}
	play(n, p, time.Hour, map[int][]status.Section{0: failed("x"), 200: failed("y")})
	if len(p.at) != 1 || !strings.Contains(said.String(), "this card has no WHY.TXT") {
		t.Errorf("on a card without the file: tried at %v: %s", p.at, &said)
	}
}
