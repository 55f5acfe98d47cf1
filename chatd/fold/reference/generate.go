package reference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"warren/chatd/chat"
)

// Generator makes logs that a room could find: what guests, hosts, old versions, other
// AMQP clients and hands put into it. A seed makes the same log always. Each seed
// leaves out some kinds of records, so that others meet more often.
type Generator struct {
	*rand.Rand
	Bounds
	log []chat.Record

	said    []said // messages, as they were put there
	offset  int64  // of the next record
	ups     []chat.Stamp
	kinds   []func()
	slow    int
	clears  []int64
	kicks   []said // person is who was kicked
	started int
}

type said struct {
	offset int64
	person string
	rec    chat.Record
}

// Guests and Hosts are the ids of those who say and do most in logs, and Texts what is said.
var (
	Guests = []string{"g0", "g1", "g2", "g3", "g4"}
	Hosts  = []string{"h0", "h1"}
	names  = []string{"Ada", "Zoë", "Spam", "sp@m", "x\u200by", "Ha ha", "AMQP", "🦊", "Kraut"}
	Texts  = []string{"hello", "spam", "a spaaam!", "<b>bold</b>", "two\nlines", "Krаut", "ha, ha", "👍", "…", "same", "1l1"}
	words  = [][]string{nil, nil, {"spam"}, {"kraut", "ha ha"}, {"!!"}, {"lil", "same"}}
	emoji  = []string{"👍", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣"}
)

// NewGenerator returns the generator of a seed's log.
func NewGenerator(b Bounds, seed uint64) *Generator {
	g := &Generator{Rand: rand.New(rand.NewPCG(seed, 13)), Bounds: b}
	g.boot()
	for _, kind := range []struct {
		weight int
		put    func()
	}{{12, g.say}, {6, g.edit}, {4, g.remove}, {4, g.react}, {3, g.text}, {2, g.flood}, {3, g.hide}, {1, g.clear}, {3, g.mute}, {1, g.kick}, {2, g.setSlow}, {1, g.lock},
		{1, g.off}, {2, g.setWords}, {1, g.pin}, {1, g.title}, {1, g.pictures}, {2, g.clock}, {1, g.erase}, {3, g.repeat}, {2, g.byHand}, {1, g.junk}, {1, g.epoch},
		{1, g.snapshot}, {1, g.boot}, {1, g.leap}, {2, g.wait}, {2, g.toTheMillisecond}} {
		if kind.weight > 10 || !g.often(3) {
			g.kinds = append(g.kinds, slices.Repeat([]func(){kind.put}, kind.weight)...)
		}
	}
	return g
}

// Next returns what comes next, if anything, at or after an offset. What it returned before of
// that offset and later ones is lost.
func (g *Generator) Next(offset int64) []chat.Record {
	g.offset = offset
	g.said = slices.DeleteFunc(g.said, func(s said) bool { return s.offset >= offset })
	g.kicks = slices.DeleteFunc(g.kicks, func(s said) bool { return s.offset >= offset })
	g.clears = slices.DeleteFunc(g.clears, func(o int64) bool { return o >= offset })
	n := len(g.log)
	pick(g, g.kinds)()
	return slices.Clone(g.log[n:])
}

// Generate returns the log of a seed, of at most so many records; at times, with a snapshot that
// what is before it has come to, near the limits of what is remembered.
func Generate(b Bounds, seed uint64, most int) (start *chat.Snapshot, log []chat.Record) {
	g := NewGenerator(b, seed)
	if g.often(8) {
		g.offset = pick(g, []int64{1, 7, g.Horizon, 1_000_000})
	}
	if g.often(80) {
		start = g.begin()
		g.clear()
		g.clear()
		for i := range 8 { // those who spoke longest ago speak again, when others have
			g.sayAs(chat.Person{ID: []string{fmt.Sprint("new-", i), fmt.Sprint("s", i-4)}[i/4], Name: "Guest"})
		}
	}
	if g.often(4) {
		g.erase()
	}
	for n := 5 + g.IntN(most-4); len(g.log) < n; {
		pick(g, g.kinds)()
	}
	return start, g.log[:min(len(g.log), most)]
}

// begin makes a snapshot after which it goes on.
func (g *Generator) begin() *chat.Snapshot {
	g.offset = 1_000_000
	s := &chat.Snapshot{Upto: g.offset - 1, State: *g.state(), Memory: &chat.Memory{Time: 1 << 30}}
	s.State.Slow, s.State.Locked, s.State.Off = 5, false, false
	for i := range chat.MaxHidden - g.Int64N(3) {
		s.State.Hidden = append(s.State.Hidden, 5000+2*i)
	}
	for i := range chat.MaxClears - g.Int64N(3) {
		s.State.Clears = append(s.State.Clears, 100+i)
	}
	for i := range int64(g.MaxSpoken) - g.Int64N(3) {
		s.Memory.Spoken = append(s.Memory.Spoken, chat.Moment{ID: fmt.Sprint("s", i), At: 1<<30 - 1000 + i})
	}
	for i := range g.MaxBoots - g.IntN(3) {
		s.Memory.Boots = append(s.Memory.Boots, chat.Moment{ID: fmt.Sprint("boot-", i), At: g.Int64N(1 << 30)})
	}
	s.State.Clean()
	return s
}

func pick[T any](g *Generator, all []T) T { return all[g.IntN(len(all))] }

// often is true in one of n cases.
func (g *Generator) often(n int) bool { return g.IntN(n) == 0 }

func (g *Generator) put(rec chat.Record) {
	rec.Offset = g.offset
	g.log = append(g.log, rec)
	g.offset++
	if g.often(10) {
		g.offset += g.Int64N(4)
	}
	for i := range g.ups {
		g.ups[i].UpMS += g.Int64N(900)
	}
}

// leap makes a gap that reaches from something earlier to its horizon.
func (g *Generator) leap() {
	from := g.offset - 1
	if len(g.said) > 0 {
		from = pick(g, last(g.said, 8)).offset
	}
	g.offset = max(g.offset, from+pick(g, []int64{g.Horizon / 2, g.Horizon - 1, g.Horizon, g.Horizon, g.Horizon + 1, 3 * g.Horizon}))
}

// wait lets time pass: just less or more than what depends on it.
func (g *Generator) wait() {
	ms := pick(g, []int64{1000, 3000, 10_000, int64(g.slow) * 1000, chat.KickTime.Milliseconds(), chat.EditTime.Milliseconds()})
	ms = max(0, ms+pick(g, []int64{0, 0, 1, -1, -500, -1000, -2000, 3000}))
	if g.often(2) {
		pick(g, []func(){func() { g.ups[g.IntN(len(g.ups))].UpMS += ms }, g.epoch})()
	}
	for i := range g.ups {
		g.ups[i].UpMS += ms
	}
}

// boot starts a machine again, or another one beside it; at times so many that the
// first are forgotten.
func (g *Generator) boot() {
	n := 1
	if g.often(40) {
		n = g.MaxBoots + 1
	}
	for range n {
		g.started++
		s := chat.Stamp{Boot: fmt.Sprint("boot-", g.started), UpMS: pick(g, []int64{0, 5000, 40_000, 100_000_000})}
		if len(g.ups) == 0 || g.often(3) {
			g.ups = append(g.ups, s)
		} else {
			g.ups[g.IntN(len(g.ups))] = s
		}
		if n > 1 {
			g.put(chat.Record{Type: chat.TypeEpoch, ContentType: chat.ContentJSON, Stamp: s, Body: []byte("{}")})
		}
	}
}

func (g *Generator) stamp() chat.Stamp {
	s := pick(g, g.ups)
	switch g.IntN(60) {
	case 0, 1, 2, 3:
		return chat.Stamp{}
	case 4:
		return chat.Stamp{Boot: "no id of a boot", UpMS: s.UpMS}
	case 5:
		return chat.Stamp{Boot: s.Boot, UpMS: -1 - g.Int64N(1000)}
	case 6:
		return chat.Stamp{Boot: s.Boot, UpMS: math.MaxInt64 - g.Int64N(3)}
	case 7:
		return chat.Stamp{Boot: s.Boot, UpMS: max(0, s.UpMS-g.Int64N(1_000_000))}
	case 8:
		if g.often(20) {
			return chat.Stamp{Boot: s.Boot, UpMS: math.MaxInt64/1_000_000 - g.Int64N(3)}
		}
		return chat.Stamp{UpMS: 5}
	}
	return s
}

func (g *Generator) id() string {
	switch g.IntN(30) {
	case 0:
		return ""
	case 1:
		return "ä b" + strings.Repeat("x", g.IntN(60))
	case 2:
		return fmt.Sprint("few-", g.IntN(4))
	}
	return fmt.Sprint("r", len(g.log))
}

func (g *Generator) person() chat.Person {
	if g.often(5) {
		return g.aHost()
	}
	return chat.Person{ID: pick(g, Guests), Name: pick(g, names)}
}

func (g *Generator) aHost() chat.Person { return chat.Person{ID: pick(g, Hosts), Name: pick(g, names)} }

// isHost is what a daemon writes of whom it knows; an older one writes nothing.
func (g *Generator) isHost(p chat.Person) bool {
	return strings.HasPrefix(p.ID, "h") && !g.often(4) || g.often(50)
}

func (g *Generator) say() { g.sayAs(g.person()) }

func (g *Generator) sayAs(p chat.Person) {
	m := chat.Message{From: p, Text: pick(g, Texts), Host: g.isHost(p), Shadow: g.often(25)}
	if g.often(60) {
		m.Text = strings.Repeat("<", 1+g.IntN(chat.MaxTextGraphemes))
	}
	if g.often(6) {
		to := g.to("")
		m.ReplyTo = &to
	}
	if g.often(8) {
		m.Picture = &chat.Picture{ID: strings.Repeat(pick(g, []string{"ab", "01"}), 32), W: 1, H: 2}
		m.Text = pick(g, []string{"", "look"})
	}
	g.saidNow(p.ID, m.Record(g.id(), g.stamp()))
}

func (g *Generator) saidNow(person string, rec chat.Record) {
	g.said = append(g.said, said{g.offset, person, rec})
	g.put(rec)
}

// flood is one who says much, at times in slow mode, and many who say one thing each.
func (g *Generator) flood() {
	p := g.person()
	for range 2 + g.IntN(8) {
		if g.often(3) {
			p = chat.Person{ID: fmt.Sprint("s", g.IntN(30)), Name: "Guest"}
		}
		g.sayAs(p)
	}
}

func (g *Generator) text() {
	g.saidNow("", chat.Record{ID: g.id(), Type: pick(g, []string{"", "", chat.TypeMessage, "edit", "snapshot", "anything"}), App: pick(g, []string{"", "bot", "spam", "bad\x00\xff"}),
		ContentType: pick(g, []string{"", chat.ContentText, "text/plain; charset=utf-8"}), Stamp: g.stamp(), Body: []byte(pick(g, Texts))})
}

// to returns the offset of what is done something to: mostly one's own last words, if
// by says whose.
func (g *Generator) to(by string) int64 {
	switch g.IntN(25) {
	case 0:
		return g.offset + g.Int64N(4)
	case 1:
		return g.Int64N(g.offset + 1)
	case 2:
		return max(0, g.offset-pick(g, []int64{g.Horizon - 1, g.Horizon, g.Horizon + 1}))
	case 3:
		if len(g.log) > 0 {
			return pick(g, g.log).Offset
		}
	}
	mine := g.said
	if by != "" && !g.often(6) {
		mine = nil
		for _, s := range g.said {
			if s.person == by {
				mine = append(mine, s)
			}
		}
	}
	if len(mine) == 0 {
		return 0
	}
	if g.often(4) {
		return pick(g, mine).offset
	}
	return pick(g, last(mine, 3)).offset
}

func (g *Generator) do(d chat.Deed) { g.put(chat.RecordOf(d, g.id(), g.stamp())) }

func (g *Generator) react() {
	p := g.person()
	g.do(&chat.Reaction{From: p, To: g.to(""), Emoji: pick(g, emoji), Undo: g.often(3), Shadow: g.often(20), Host: g.isHost(p)})
}

func (g *Generator) edit() {
	p := g.person()
	g.do(&chat.Edit{From: p, To: g.to(p.ID), Text: pick(g, Texts) + " again", Shadow: g.often(8), Host: g.isHost(p)})
}

func (g *Generator) remove() {
	p := g.person()
	g.do(&chat.Delete{From: p, To: g.to(p.ID), Shadow: g.often(8)})
}

// repeat puts something there again: all of it, or another thing of the same id, or the
// id of somebody else; now, or where it is about to be forgotten.
func (g *Generator) repeat() {
	if len(g.log) == 0 {
		return
	}
	rec := pick(g, last(g.log, 30))
	if g.often(3) && rec.Offset < g.offset {
		g.offset = max(g.offset, rec.Offset+g.Horizon+g.Int64N(2))
	}
	switch g.IntN(4) {
	case 0:
		rec.Stamp = g.stamp()
	case 1:
		p := g.person()
		rec = chat.Message{From: p, Text: "same id"}.Record(rec.ID, g.stamp())
	case 2:
		rec.App += "bot"
	}
	person := ""
	if m, err := chat.MessageOf(rec); err == nil {
		person = m.From.ID
	}
	g.saidNow(person, rec)
}

// byHand writes what no daemon does, and what can be read all the same, or nearly.
func (g *Generator) byHand() {
	body := strings.ReplaceAll(pick(g, []string{
		`{"from":{"id":"","name":"Hand"},"text":"spam","host":true}`,
		`{"from":{"name":"spam"},"text":"hello"}`,
		`{"from":{"id":"","name":"Hand"},"text":"x","shadow":true}`,
		`{"FROM":{"ID":"g1","Name":"  Hand  made "},"Text":"  spaces  ","more":[1]}`,
		`{"from":{"id":"g1","name":"A"},"from":{"id":"g2","name":"B"},"text":"twice\r\n"}`,
		`{"from":{"id":"g1","name":"Hand"},"text":"x","reply_to":-3}`,
		`{"from":{"id":"g1","name":"Hand"},"to":TO,"text":"x","emoji":"👍","host":false}`,
		`{"from":{"id":"g1","name":"Hand"},"to":-1,"text":"x","emoji":"👍"}`,
		`{"by":{"id":"g3","name":"Hand"},"to":TO,"who":{"id":"g1","name":"\u0000"},"seconds":1e1,"words":["!!","spam"]}`,
		`{"by":{"id":"g3","name":"Hand"},"who":{"id":"h1","name":"No host"},"boot":"boot-1","began":1700000000000}`,
		`{"by":{"id":"g3","name":"Hand"},"undo":true,"of":0,"off":true,"state":{"kicked":[{"id":"g1"},5],"slow":9999,"deeds":7}}`,
		`{"by":{"id":"","name":"Hand"},"undo":true}`,
		`null`,
	}), "TO", fmt.Sprint(g.to("g1")))
	kind := pick(g, []string{chat.TypeMessage, chat.TypeReaction, chat.TypeEdit, chat.TypeDelete, chat.TypeHide, chat.TypeClear, chat.TypeMute, chat.TypeKick,
		chat.TypeSlow, chat.TypeLock, chat.TypeOff, chat.TypeWords, chat.TypePin, chat.TypeTitle, chat.TypePictures, chat.TypeErase, chat.TypeClock, "later"})
	if strings.Contains(body, "from") && g.often(2) {
		kind = chat.TypeMessage
	}
	g.saidNow("g1", chat.Record{ID: g.id(), Type: kind, ContentType: chat.ContentJSON, App: pick(g, []string{"", "hand"}), Stamp: g.stamp(), Body: []byte(body)})
}

// junk cannot be read; its time counts.
func (g *Generator) junk() {
	g.put(chat.Record{ID: g.id(), Type: pick(g, []string{chat.TypeMessage, chat.TypeHide, chat.TypeEpoch, "later", ""}), ContentType: pick(g, []string{chat.ContentJSON, "image/png"}),
		Stamp: g.stamp(), Body: []byte(pick(g, []string{"", "{", "\xff", strings.Repeat("x", chat.MaxBody+1)}))})
}

func (g *Generator) epoch() {
	g.put(chat.Record{ID: g.id(), Type: chat.TypeEpoch, ContentType: pick(g, []string{chat.ContentJSON, chat.ContentText}), Stamp: g.stamp(), Body: []byte(`{}`)})
}

// snapshot is somebody's who knows something else: to a room that knows, it is nothing.
// Where a log does not begin at 0 it would be taken over.
func (g *Generator) snapshot() {
	if g.log == nil || g.log[0].Offset == 0 {
		g.do(&chat.Snapshot{Upto: g.offset - 1, State: *g.state()})
	}
}
