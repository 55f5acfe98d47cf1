package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"warren/chatd/chat"
	"warren/chatd/fanout"
	"warren/chatd/fold"
)

// scripted is an exchange that does what a test tells it to: the room's side of
// the contract, with failures on demand.
type scripted struct {
	mu        sync.Mutex
	published []chat.Record
	kept      []chat.Record
	full      bool
	log       []chat.Record // what Read finds
	readErr   error
	reading   func() // called before each Read
	whispers  [][]byte
	erase     func(first func() (rec, kept chat.Record)) error
}

var _ fanout.Exchange = (*scripted)(nil)

func (s *scripted) Publish(r chat.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return fanout.ErrFull
	}
	s.published = append(s.published, r)
	return nil
}

func (s *scripted) Run(ctx context.Context, _ int, _ fanout.Handler) error {
	<-ctx.Done()
	return ctx.Err()
}

func (s *scripted) Read(_ context.Context, from, before int64, n int) (out []chat.Record, err error) {
	if s.reading != nil {
		s.reading()
	}
	i, _ := slices.BinarySearchFunc(s.log, from, func(r chat.Record, o int64) int { return int(r.Offset - o) })
	for _, r := range s.log[i:] {
		if r.Offset >= before || len(out) == n {
			break
		}
		out = append(out, r)
	}
	return out, s.readErr
}

func (s *scripted) Keep(rec chat.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, rec)
}

func (s *scripted) Erase(_ context.Context, first func() (rec, kept chat.Record)) error {
	return s.erase(first)
}

func (s *scripted) Whisper(b []byte) { s.whispers = append(s.whispers, b) }

func (s *scripted) Ask(context.Context, string) ([]byte, error) { return nil, fanout.ErrNone }

// script is a log that a test writes line by line, read by a room.
type script struct {
	t    *testing.T
	r    *Room
	h    handler
	x    *scripted
	next int64
	up   int64 // the clock of what is written
}

var (
	ada  = chat.Person{ID: "ada", Name: "Ada"}
	bob  = chat.Person{ID: "bob", Name: "Bob"}
	host = chat.Person{ID: "host", Name: "Host"}
)

func unread(t *testing.T) *script {
	r, h, x, _ := newRoom(t)
	s := &script{t: t, r: r, h: h, x: x, up: now.UpMS}
	r.clock = func() chat.Stamp { return chat.Stamp{Boot: "b", UpMS: s.up} }
	return s
}

// newScript is a room that has read an empty log.
func newScript(t *testing.T) *script {
	s := unread(t)
	s.h.Reset("e", nil)
	s.h.State(fanout.Up, "")
	return s
}

// write puts a record at the end of the log.
func (s *script) write(rec chat.Record) chat.Record {
	rec.Offset = s.next
	s.next++
	if rec.Stamp == (chat.Stamp{}) {
		rec.Stamp = chat.Stamp{Boot: "b", UpMS: s.up}
	}
	s.x.log = append(s.x.log, rec)
	return rec
}

// put puts a record at the end of the log, and delivers it.
func (s *script) put(rec chat.Record) int64 {
	rec = s.write(rec)
	s.h.Deliver([]chat.Record{rec})
	return rec.Offset
}

func (s *script) say(from chat.Person, text string) int64 {
	return s.put(chat.Message{From: from, Text: text}.Record(fmt.Sprint("m", s.next), chat.Stamp{}))
}

func (s *script) do(d chat.Deed) int64 {
	return s.put(chat.RecordOf(d, fmt.Sprint("d", s.next), chat.Stamp{}))
}

// says is what the room answers to somebody who says something; it is not in the log yet.
func (s *script) says(from chat.Person, text, ref string) error {
	_, _, err := s.r.Say(s.t.Context(), chat.Message{From: from, Text: text}, ref, Made{}, false)
	return err
}

// until waits until something holds of the room. Ok is called with r.mu held.
func (s *script) until(what string, ok func() bool) {
	s.t.Helper()
	for late := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s.r.mu.Lock()
		done := ok()
		s.r.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(late) {
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// came delivers what the room has published.
func (s *script) came() {
	s.x.mu.Lock()
	recs := s.x.published
	s.x.published = nil
	s.x.mu.Unlock()
	for _, rec := range recs {
		s.put(rec)
	}
}

// another is another daemon that has not read the log yet.
func (s *script) another() *script {
	o := unread(s.t)
	o.x.log, o.next, o.up = slices.Clone(s.x.log), s.next, s.up
	return o
}

// begin has it read the log behind a kept record, nil: from its first record on; and
// then all that is older.
func (s *script) begin(kept *chat.Record) *script {
	s.t.Helper()
	from := int64(0)
	if !s.h.Reset("e", kept) {
		s.t.Fatalf("%s cannot be read", kept.Body)
	}
	if kept != nil {
		from = kept.Offset + 1
	}
	i, _ := slices.BinarySearchFunc(s.x.log, from, func(r chat.Record, o int64) int { return int(r.Offset - o) })
	if i < len(s.x.log) {
		s.h.Deliver(s.x.log[i:])
	}
	s.h.State(fanout.Up, "")
	if err := s.r.fillOnce(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return s
}

// restarted is another daemon that has read all of the log.
func (s *script) restarted() *script { return s.another().begin(nil) }

// behind is another daemon that begins behind the snapshot of a record.
func (s *script) behind(offset int64) *script {
	kept := snapshotAt(s.x.log, offset)
	return s.another().begin(&kept)
}

// snapshotAt is what is kept of a log at a record of it.
func snapshotAt(log []chat.Record, offset int64) chat.Record {
	f := fold.New()
	for _, rec := range log {
		if f.Add(rec); rec.Offset == offset {
			s := f.Snapshot(offset)
			kept := chat.RecordOf(&s, rec.ID, rec.Stamp)
			kept.Offset = offset
			return kept
		}
	}
	panic("there is no such record")
}

// keptAt is a kept record for a place in a log in which hosts have done nothing.
func keptAt(offset int64) *chat.Record {
	kept := chat.RecordOf(&chat.Snapshot{Upto: offset}, fmt.Sprint("kept-", offset), now)
	kept.Offset = offset
	return &kept
}

// shown is what somebody who comes in sees: "offset:text", with "*" if it was
// edited, or "-deleted" or "-hidden"; deeds by their kind.
func (s *script) shown(as Viewer) string {
	return show(s.r.View(context.Background(), as, maxWindow).Entries)
}

func show(entries []*Entry) string {
	var all []string
	for _, e := range entries {
		switch {
		case e.Deed != nil:
			text := fmt.Sprintf("%d:%s", e.Offset, e.Deed.Kind())
			if e.Again != nil {
				text += "(" + show([]*Entry{e.Again}) + ")"
			}
			all = append(all, text)
		case e.Gone != "":
			all = append(all, fmt.Sprintf("%d-%s%s", e.Offset, e.Gone, e.Message.Text))
		case e.Edited:
			all = append(all, fmt.Sprintf("%d:%s*", e.Offset, e.Message.Text))
		default:
			all = append(all, fmt.Sprintf("%d:%s", e.Offset, e.Message.Text))
		}
	}
	return strings.Join(all, " ")
}

// walked is the transcript.
func (s *script) walked() string {
	s.t.Helper()
	var all []*Entry
	if err := s.r.Walk(s.t.Context(), func(e *Entry) error { all = append(all, e); return nil }); err != nil {
		s.t.Error(err)
	}
	return show(all)
}

// settings is all of the state as JSON.
func (s *script) settings() string {
	js, err := json.Marshal(map[string]any{"state": s.r.State(), "host": s.r.Host(), "all": s.r.fold.State()})
	if err != nil {
		s.t.Fatal(err)
	}
	return string(js)
}

// told is what a session of somebody was told after an event of what was said, and of
// what was refused: "ref: why".
func told(tail *Event, as Viewer) string {
	var all []string
	for e := tail.Next(); e != nil; e = e.Next() {
		switch {
		case !e.For(as.Person, as.Host):
		case e.Refused != nil:
			all = append(all, e.Refused.Ref+": "+e.Refused.Why)
		case e.Kick != "":
			all = append(all, "kick "+e.Kick)
		case e.Entries != nil:
			all = append(all, show(e.Entries))
		}
	}
	return strings.Join(all, " ")
}

// why is the reason of a refusal.
func why(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		if r.Text == "" || !strings.HasSuffix(r.Text, ".") {
			return "no sentence: " + r.Text
		}
		return r.Why
	}
	return fmt.Sprint(err)
}
