package main

import "testing"

// A log in the making: each record is published a second after the one before.
type scribe struct{ log []Record }

func (s *scribe) add(kind, who, ref string, b Body) *Record {
	switch kind {
	case message, reaction, edit, del:
		b.From.ID = who
	default:
		b.By.ID = who
	}
	n := len(s.log)
	s.log = append(s.log, Record{Offset: int64(n), ID: ref, Type: kind, Boot: "boot", UpMS: int64(1000 * n), Body: b})
	return &s.log[n]
}

func (s *scribe) says(who, ref string) *Record {
	return s.add(message, who, ref, Body{Text: "zounds, said " + who})
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name  string
		write func(s *scribe)
		want  string // of the last record
	}{
		{"a message", func(s *scribe) { s.says("ada", "1") }, "for all"},
		{"a repeat", func(s *scribe) { s.says("ada", "1"); s.says("ada", "1") }, "nothing"},
		{"the same id of somebody else", func(s *scribe) { s.says("ada", "1"); s.says("bob", "1") }, "for all"},
		{"the same id for another type", func(s *scribe) { s.says("ada", "1"); s.add(reaction, "ada", "1", Body{}) }, "for all"},
		{"a repeat behind the horizon", func(s *scribe) { s.says("ada", "1"); s.says("ada", "1").Offset = horizon + 1 }, "for all"},
		{"a repeat of what was refused", func(s *scribe) {
			s.add("lock", "hal", "1", Body{})
			s.says("ada", "1")
			s.add("lock", "hal", "2", Body{Undo: true})
			s.says("ada", "1")
		}, "nothing"},
		{"no id", func(s *scribe) { s.says("ada", ""); s.says("ada", "") }, "for all"},
		{"behind a mute", func(s *scribe) { s.add("mute", "hal", "1", Body{Who: Person{ID: "ada"}}); s.says("ada", "1") }, "for its sender alone, who is muted"},
		{"marked as a muted person's", func(s *scribe) { s.says("ada", "1").Body.Shadow = true }, "for its sender alone, who is muted"},
		{"behind a mute of somebody else", func(s *scribe) { s.add("mute", "hal", "1", Body{Who: Person{ID: "bob"}}); s.says("ada", "1") }, "for all"},
		{"behind the end of a mute", func(s *scribe) {
			s.add("mute", "hal", "1", Body{Who: Person{ID: "ada"}})
			s.add("mute", "hal", "2", Body{Who: Person{ID: "ada"}, Undo: true})
			s.says("ada", "1")
		}, "for all"},
		{"behind a lock", func(s *scribe) { s.add("lock", "hal", "1", Body{}); s.says("ada", "1") }, "refused, locked"},
		{"a bot's, behind a lock", func(s *scribe) { s.add("lock", "hal", "1", Body{}); s.says("", "1") }, "for all"},
		{"a host's, behind a lock", func(s *scribe) { s.add("lock", "hal", "1", Body{}); s.says("hal", "1") }, "for all"},
		{"marked as a host's, behind a lock", func(s *scribe) { s.add("lock", "hal", "1", Body{}); s.says("ada", "1").Body.Host = true }, "for all"},
		{"a reaction behind a lock", func(s *scribe) {
			s.says("bob", "1")
			s.add("lock", "hal", "1", Body{})
			s.add(reaction, "ada", "1", Body{Emoji: "👍"})
		}, "for all"},
		{"a reaction to what is yet to come", func(s *scribe) { s.add(reaction, "ada", "1", Body{To: 9}) }, "nothing"},
		{"a reaction while the chat is off", func(s *scribe) { s.add("off", "hal", "1", Body{}); s.add(reaction, "ada", "1", Body{}) }, "refused, off"},
		{"an unwanted word", func(s *scribe) { s.add("words", "hal", "1", Body{Words: []string{"zounds"}}); s.says("", "1") }, "refused, words"},
		{"too early in slow mode", func(s *scribe) {
			s.add("slow", "hal", "1", Body{Seconds: 10})
			s.says("ada", "1")
			s.says("ada", "2").UpMS = 9_900
		}, "refused, slow_down"},
		{"in time in slow mode", func(s *scribe) {
			s.add("slow", "hal", "1", Body{Seconds: 10})
			s.says("ada", "1")
			s.says("ada", "2").UpMS = 10_000
		}, "for all"},
		{"behind a kick", func(s *scribe) { s.add("kick", "hal", "1", Body{Who: Person{ID: "ada"}}); s.says("ada", "1") }, "refused, kicked"},
		{"ten minutes behind a kick", func(s *scribe) {
			s.add("kick", "hal", "1", Body{Who: Person{ID: "ada"}})
			s.says("ada", "1").UpMS = 600_000
		}, "for all"},
		{"ten minutes by a clock of another boot", func(s *scribe) {
			s.add("kick", "hal", "1", Body{Who: Person{ID: "ada"}})
			later := s.says("ada", "1")
			later.Boot, later.UpMS = "another", 600_000
		}, "refused, kicked"},
		{"a boot that comes after a silence of another's is not behind it", func(s *scribe) {
			s.says("bob", "1").Boot = "another"
			s.says("cid", "1").UpMS = 700_000
			s.add("kick", "hal", "1", Body{Who: Person{ID: "ada"}}).UpMS = 700_000
			s.says("bob", "2").Boot = "another"
			later := s.says("ada", "1")
			later.Boot, later.UpMS = "another", 3000+600_000
		}, "for all"},
		{"an edit", func(s *scribe) { s.says("ada", "1"); s.add(edit, "ada", "2", Body{Text: "!"}) }, "for all"},
		{"an edit of another's", func(s *scribe) { s.says("ada", "1"); s.add(edit, "bob", "2", Body{Text: "!"}) }, "refused, not_yours"},
		{"an edit of nothing", func(s *scribe) { s.says("ada", "1"); s.add(edit, "ada", "2", Body{To: 1, Text: "!"}) }, "refused, no_such"},
		{"an edit after ten minutes", func(s *scribe) { s.says("ada", "1"); s.add(edit, "ada", "2", Body{Text: "!"}).UpMS = 600_001 }, "refused, too_late"},
		{"an edit of what is hidden", func(s *scribe) {
			s.says("ada", "1")
			s.add(hide, "hal", "1", Body{})
			s.add(edit, "ada", "2", Body{Text: "!"})
		}, "refused, no_such"},
		{"a deletion of what is hidden", func(s *scribe) {
			s.says("ada", "1")
			s.add(hide, "hal", "1", Body{})
			s.add(del, "ada", "2", Body{})
		}, "for all"},
		{"a deletion of what is deleted", func(s *scribe) {
			s.says("ada", "1")
			s.add(del, "ada", "2", Body{})
			s.add(del, "ada", "3", Body{})
		}, "refused, no_such"},
		{"an edit of what was cleared", func(s *scribe) {
			s.says("ada", "1")
			s.add(wipe, "hal", "1", Body{})
			s.add(edit, "ada", "2", Body{Text: "!"})
		}, "refused, no_such"},
		{"an edit of what was cleared, and is not any more", func(s *scribe) {
			s.says("ada", "1")
			s.add(wipe, "hal", "1", Body{})
			s.add(wipe, "hal", "2", Body{Undo: true})
			s.add(edit, "ada", "2", Body{Text: "!"})
		}, "for all"},
		{"an edit of what only its sender sees", func(s *scribe) {
			s.says("ada", "1").Body.Shadow = true
			s.add(edit, "ada", "2", Body{Text: "!"})
		}, "for its sender alone, who is muted"},
		{"an edit by who is muted since", func(s *scribe) {
			s.says("ada", "1")
			s.add("mute", "hal", "1", Body{Who: Person{ID: "ada"}})
			s.add(edit, "ada", "2", Body{Text: "!"})
		}, "for its sender alone, who is muted"},
		{"a deletion by who is muted since", func(s *scribe) {
			s.says("ada", "1")
			s.add("mute", "hal", "1", Body{Who: Person{ID: "ada"}})
			s.add(del, "ada", "2", Body{})
		}, "for all"},
		{"a hide of what is yet to come", func(s *scribe) { s.add(hide, "hal", "1", Body{To: 9}) }, "nothing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &scribe{}
			test.write(s)
			j := Judge(s.log)
			if got := j.Records[len(j.Records)-1].verdict(); got != test.want {
				t.Errorf("it is %s, not %s", got, test.want)
			}
		})
	}
}

func TestJudgeText(t *testing.T) {
	s := &scribe{}
	s.says("ada", "1")
	s.add(edit, "ada", "2", Body{Text: "one"})
	s.add("mute", "hal", "1", Body{Who: Person{ID: "ada"}})
	s.add(edit, "ada", "3", Body{Text: "secret"})
	s.add(hide, "hal", "2", Body{})
	s.add(hide, "hal", "3", Body{Undo: true})
	s.add(del, "ada", "4", Body{})
	want := []version{{text: "zounds, said ada"}, {text: "one", edited: true}, {gone: "hidden"}, {text: "one", edited: true}, {gone: "deleted"}}
	got := Judge(s.log).Records[0].versions
	if len(got) != len(want) {
		t.Fatalf("%d versions, not %d: %v", len(got), len(want), got)
	}
	for i, v := range got {
		if v.gone != want[i].gone || v.gone == "" && (v.text != want[i].text || v.edited != want[i].edited) {
			t.Errorf("version %d is %v, not %v", i, v, want[i])
		}
	}
}

func TestJudgeClearsForGood(t *testing.T) {
	s := &scribe{}
	for range maxClears + 2 {
		s.add(wipe, "hal", "", Body{})
	}
	for range maxClears + 2 {
		s.add(wipe, "hal", "", Body{Undo: true})
	}
	floors := Judge(s.log).floors
	if got := floors[len(floors)-1].offset; got != 1 {
		t.Errorf("of %d clears, all undone, what is before %d is not shown: the second is for good, and no other", maxClears+2, got)
	}
}

func TestJudgeClears(t *testing.T) {
	s := &scribe{}
	first := s.add(wipe, "hal", "1", Body{}).Offset
	second := s.add(wipe, "hal", "2", Body{}).Offset
	s.add(wipe, "hal", "3", Body{Undo: true, Of: &first})
	s.add(wipe, "hal", "4", Body{Undo: true})
	var got []int64
	for _, f := range Judge(s.log).floors {
		got = append(got, f.offset)
	}
	if want := []int64{0, first, second, second, 0}; len(got) != len(want) || got[2] != want[2] || got[3] != want[3] || got[4] != want[4] {
		t.Errorf("the floors are %v, not %v", got, want)
	}
}
