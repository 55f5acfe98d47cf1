package room

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"warren/chatd/chat"
	"warren/chatd/fanout"
)

// FuzzDeliver has a log of anything, in which people repeat themselves, and which
// is read afresh in between: what the room shows is in order, once, and readable,
// and all sessions are told the same.
//
// Each line is a record: the first byte says what else happens and how far the
// offset goes on, the second who says it, the third under which id.
func FuzzDeliver(f *testing.F) {
	f.Add("0aahello\n1baagain\n0aahello\nRaaafter\n9aahello")
	f.Add("0aaoops\n0#O{\"from\":{\"id\":\"a\",\"name\":\"A\"},\"to\":1,\"text\":\"b\"}\n0#Q{\"by\":{\"id\":\"h\",\"name\":\"H\"},\"to\":1}\nRaa")
	f.Add("0#R{\"by\":{\"id\":\"h\",\"name\":\"H\"}}\n0ab{}\n0#W{\"upto\":1,\"state\":{\"hidden\":[2],\"muted\":[{\"id\":\"a\",\"name\":\"A\"}]}}")
	f.Add("0 a\xff\n0c {\"from\":{\"name\":\"Bob\"},\"text\":\"x\"}\nNaz\nAaa\nFaaalarm\nUaa")
	f.Fuzz(func(t *testing.T, script string) {
		r, h, _, _ := newRoom(t)
		h.Reset("epoch", nil)
		h.State(fanout.Up, "")
		tail, state := r.Tail(), fanout.Up
		offset := int64(-1)
		type said struct{ sender, ref string }
		shown := map[said]int64{}
		for line := range strings.Lines(script) {
			line = strings.TrimSuffix(line, "\n")
			if len(line) < 3 {
				continue
			}
			switch line[0] {
			case 'R': // the same log, read afresh from its end
				if state != fanout.Away {
					h.State(fanout.Away, "")
				}
				h.Reset("epoch", nil)
				h.State(fanout.Up, "")
				tail, state = r.Tail(), fanout.Up
				clear(shown)
				continue
			case 'A', 'F', 'U':
				now := map[byte]fanout.State{'A': fanout.Away, 'F': fanout.Full, 'U': fanout.Up}[line[0]]
				if now != state {
					h.State(now, line[3:])
				}
				state = now
				continue
			}
			offset += 1 + int64(line[0]%16)
			rec := message(offset, string(line[1]), strings.TrimSpace(string(line[2])), line[3:])
			switch line[1] {
			case ' ': // any AMQP client
				rec = chat.Record{Offset: offset, ID: string(line[2]), Body: []byte(line[3:])}
			case '#': // a deed
				kinds := []string{chat.TypeReaction, chat.TypeEdit, chat.TypeDelete, chat.TypeHide, chat.TypeClear, chat.TypeMute, chat.TypeKick,
					chat.TypeWords, chat.TypeErase, chat.TypeSnapshot, chat.TypeOff}
				rec = chat.Record{Offset: offset, Type: kinds[int(line[2])%len(kinds)], ContentType: chat.ContentJSON, ID: fmt.Sprint(offset), Stamp: now, Body: []byte(line[3:])}
			case '!':
				rec = chat.Record{Offset: offset, Type: chat.TypeEpoch, ContentType: chat.ContentJSON, ID: string(line[2]), Body: []byte(line[3:])}
			}
			h.Deliver([]chat.Record{rec})
		}
		last := int64(-1)
		for e := tail.Next(); e != nil; e = e.Next() {
			for _, entry := range e.Entries {
				if entry.Offset <= last {
					t.Fatalf("%d is told after %d", entry.Offset, last)
				}
				if entry.Audience != e.Audience || entry.Audience.nobody {
					t.Fatalf("%d is for %+v, its event for %+v", entry.Offset, entry.Audience, e.Audience)
				}
				last = entry.Offset
				if entry.Deed != nil {
					continue
				}
				k := said{entry.Message.From.ID, entry.Ref}
				if first, twice := shown[k]; twice && k.ref != "" {
					t.Fatalf("%+v is told at %d and at %d", k, first, last)
				}
				shown[k] = last
			}
		}
		last = -1
		held := r.View(context.Background(), Viewer{}, maxWindow).Entries
		for _, e := range held {
			text, err := chat.CleanText(e.Message.Text)
			if e.Offset <= last || e.Audience != (Audience{}) || (e.Gone != "") != (e.Deed == nil && e.Message.Text == "") {
				t.Fatalf("%d after %d, for %+v: %q is %q", e.Offset, last, e.Audience, e.Message.Text, e.Gone)
			}
			last = e.Offset
			if e.Deed != nil || e.Gone != "" {
				continue
			}
			if err != nil || text != e.Message.Text {
				t.Fatalf("%d after %d: %q, %v", e.Offset, last, e.Message.Text, err)
			}
		}
	})
}

// FuzzWhispered has anything said on the exchange for presence, twice over by
// several daemons: who is here stays bounded, clean, and fits a phone's page.
func FuzzWhispered(f *testing.F) {
	f.Add(`{"node":"a","presence":{"count":2,"people":[{"id":"x","name":"Ada"},{"id":"x","name":"\u202e"}]}}`, `{"node":"b","typing":{"id":"x","name":"Ada"}}`)
	f.Add(`{"node":"a","presence":{"count":9223372036854775807}}`, `{"node":"b","presence":{"count":9223372036854775807}}`)
	f.Add(`{"node":"a","presence":{"count":-9223372036854775808,"people":null}}`, `{"presence":null}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		r, h, _, _ := newRoom(t)
		h.Reset("e", nil)
		h.State(fanout.Up, "")
		tail := r.Tail()
		r.Enter(chat.Person{ID: "me", Name: "Me"})
		for _, body := range []string{a, b, a} {
			h.Whispered([]byte(body))
		}
		clean := func(p chat.Person) bool {
			name, err := chat.CleanName(p.Name)
			return err == nil && name == p.Name && chat.ValidID(p.ID)
		}
		p := r.Presence()
		if p.Count < 1 || p.Count < len(p.People) || len(p.People) > MaxPeople {
			t.Fatalf("%d people are here, of whom %d are named", p.Count, len(p.People))
		}
		if unclean := slices.ContainsFunc(p.People, func(q chat.Person) bool { return !clean(q) }); unclean {
			t.Fatalf("here are %+v", p.People)
		}
		if js, err := json.Marshal(p); err != nil || len(js) > MaxPeople*(2*chat.MaxNameBytes+chat.MaxIDBytes+100) {
			t.Fatalf("%d bytes, %v", len(js), err)
		}
		for e := tail.Next(); e != nil; e = e.Next() {
			if e.Typing == nil || !clean(*e.Typing) {
				t.Fatalf("told: %+v", e)
			}
		}
	})
}
