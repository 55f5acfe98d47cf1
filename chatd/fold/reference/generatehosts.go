package reference

import (
	"fmt"
	"strings"

	"warren/chatd/chat"
)

// What hosts do in a generated log.

func (g *Generator) hide() {
	g.do(&chat.Hide{By: g.aHost(), To: g.to(""), Undo: g.often(3), Text: pick(g, []string{"", strings.Repeat("long ", 100)})})
}

func (g *Generator) clear() {
	c := &chat.Clear{By: g.aHost(), Undo: g.often(2)}
	if len(g.clears) > 0 && g.often(2) {
		of := pick(g, g.clears)
		c.Of = &of
	}
	if !c.Undo {
		g.clears = append(g.clears, g.offset)
	}
	g.do(c)
	for c.Undo && g.often(3) { // two Hosts undo the same
		g.do(c)
	}
}

// mute is followed, at times, by what the muted one does.
func (g *Generator) mute() {
	who := g.person()
	g.do(&chat.Mute{By: g.aHost(), Who: who, Undo: g.often(2)})
	if g.often(2) {
		g.sayAs(who)
		at := g.said[len(g.said)-1].offset
		g.do(&chat.Edit{From: who, To: at, Text: "alone"})
		if g.often(2) {
			g.do(&chat.Delete{From: who, To: at})
		}
	}
}

func (g *Generator) kick() { g.kickNow(g.stamp()) }

func (g *Generator) kickNow(at chat.Stamp) {
	who := g.person()
	rec := chat.RecordOf(&chat.Kick{By: g.aHost(), Who: who}, g.id(), at)
	g.kicks = append(g.kicks, said{g.offset, who.ID, rec})
	g.put(rec)
}

// toTheMillisecond does what time allows or not, at the last moment or the first.
func (g *Generator) toTheMillisecond() {
	after := func(s said, ms int64) chat.Stamp {
		at := s.rec.Stamp
		at.UpMS += ms + pick(g, []int64{-1, 0, 0, 1})
		for i := range g.ups {
			if g.ups[i].Boot == at.Boot && at.Possible() {
				g.ups[i].UpMS = max(g.ups[i].UpMS, at.UpMS)
			}
		}
		return at
	}
	switch k := g.IntN(4); {
	case k == 0 && len(g.kicks) > 0:
		g.kickNow(after(pick(g, g.kicks), chat.KickTime.Milliseconds()))
	case k == 1 && len(g.kicks) > 0:
		kick := last(g.kicks, 1)[0]
		rec := chat.Message{From: chat.Person{ID: kick.person, Name: "Back"}, Text: "back"}.Record(g.id(), after(kick, chat.KickTime.Milliseconds()))
		g.saidNow(kick.person, rec)
	case k >= 2 && len(g.said) > 0:
		s := pick(g, last(g.said, 3))
		if !chat.ValidID(s.person) {
			return
		}
		from := chat.Person{ID: s.person, Name: "Late"}
		if at := after(s, chat.EditTime.Milliseconds()); k == 2 {
			g.put(chat.RecordOf(&chat.Edit{From: from, To: s.offset, Text: "late", Host: g.often(2)}, g.id(), at))
		} else {
			g.put(chat.RecordOf(&chat.Delete{From: from, To: s.offset}, g.id(), at))
		}
	}
}

func (g *Generator) lock() { g.do(&chat.Lock{By: g.aHost(), Undo: !g.often(4)}) }
func (g *Generator) pin()  { g.do(&chat.Pin{By: g.aHost(), Text: pick(g, append(Texts, ""))}) }

func (g *Generator) setSlow() {
	g.slow = pick(g, []int{0, 1, 2, 3, 10, 3600})
	g.do(&chat.Slow{By: g.aHost(), Seconds: g.slow})
}

func (g *Generator) off() {
	g.do(&chat.Off{By: g.aHost(), Notice: pick(g, append(Texts, "")), Undo: !g.often(4)})
}

func (g *Generator) setWords() { g.do(&chat.Words{By: g.aHost(), Words: pick(g, words)}) }

func (g *Generator) title() {
	g.do(&chat.Title{By: g.aHost(), Title: pick(g, []string{"", "The room", "a  b"})})
}

func (g *Generator) pictures() { g.do(&chat.Pictures{By: g.aHost(), Off: g.often(3)}) }

func (g *Generator) clock() {
	c := &chat.Clock{Boot: fmt.Sprint("boot-", g.IntN(4)), Began: 1_700_000_000_000 + g.Int64N(3)}
	if h := g.aHost(); g.often(3) {
		c.By = &h
	}
	g.do(c)
}

// erase has a state that is near its limits at times.
func (g *Generator) erase() {
	e := &chat.Erase{By: g.aHost()}
	if !g.often(4) {
		e.State = g.state()
	}
	g.do(e)
}

func (g *Generator) state() *chat.State {
	s := &chat.State{Title: pick(g, []string{"", "Another"}), Locked: g.often(6), Off: g.often(6), NoPictures: g.often(6), Words: pick(g, words),
		Slow: pick(g, []int{0, 0, 5}), Floor: g.Int64N(3), Hidden: []int64{3, 1, 3}, Clears: []int64{2}}
	if g.often(3) {
		s.Kicked = []chat.Moment{{ID: pick(g, Guests), At: -g.Int64N(700_000)}, {ID: pick(g, Guests), At: g.Int64N(1000)}}
		s.Muted = []chat.Person{g.person()}
		s.Pin = &chat.Pinned{Text: "pinned", By: g.aHost(), Offset: 5}
		s.Deeds = []chat.Done{{Offset: 3, Verb: chat.TypeLock, By: g.aHost()}}
	}
	if g.often(50) {
		for i := range chat.MaxMuted {
			s.Muted = append(s.Muted, chat.Person{ID: fmt.Sprint("muted-", i), Name: "Muted"})
			s.Kicked = append(s.Kicked, chat.Moment{ID: fmt.Sprint("kicked-", i), At: -1})
		}
		for i := range chat.MaxClocks {
			s.Clocks = append(s.Clocks, chat.BootClock{Boot: fmt.Sprint("old-", i), Began: 1_700_000_000_000})
		}
		for range chat.MaxDone {
			s.Deeds = append(s.Deeds, chat.Done{Verb: chat.TypeLock, By: g.aHost()})
		}
	}
	return s
}
