package chat

import (
	"bytes"
	"strings"
	"testing"
)

// Whatever a phone says under whatever name: what is published is a record that
// every reader takes, and that says the same to each of them.
func FuzzRecord(f *testing.F) {
	f.Add("Ada", "hi", "ref-1", int64(7))
	f.Add("<\u2028>", strings.Repeat("\u0001<", 100), "x", int64(-1))
	f.Add("👩\u200d👩\u200d👧", "\ufeffa\u202eb\x00\r\n\ufffd", "", int64(0))
	f.Fuzz(func(t *testing.T, name, text, ref string, replyTo int64) {
		name, nameErr := CleanName(name)
		text, textErr := CleanText(text)
		if nameErr != nil || textErr != nil || !ValidID(ref) {
			return
		}
		m := Message{From: Person{ID: ref, Name: name}, Text: text, ReplyTo: &replyTo}
		r := m.Record(ref, Stamp{})
		if len(r.Body) > MaxBody {
			t.Fatalf("a body of %d bytes", len(r.Body))
		}
		got, err := MessageOf(r)
		if err != nil || got.From != m.From || got.Text != text || got.ReplyTo == nil || *got.ReplyTo != replyTo {
			t.Fatalf("%+v becomes %+v, %v", m, got, err)
		}
		if again := got.Record(ref, Stamp{}); !bytes.Equal(again.Body, r.Body) {
			t.Fatalf("%q becomes %q", r.Body, again.Body)
		}
	})
}

// FuzzPersonID: an id is good wherever ids go, the same each time, another one
// for another secret, and does not show the secret.
func FuzzPersonID(f *testing.F) {
	f.Add("0123456789abcdef", "0123456789abcdeg")
	f.Add(strings.Repeat("~", 64), strings.Repeat("~", 65))
	f.Add("with a space in it", "\x7f0123456789abcdef")
	f.Fuzz(func(t *testing.T, secret, other string) {
		id, err := PersonID(secret)
		if (err == nil) != (id != "") || err == nil && (!ValidID(id) || len(id) != 16 || strings.Contains(id, secret)) {
			t.Fatalf("PersonID(%q) = %q, %v", secret, id, err)
		}
		if err != nil && len(secret) >= 8 && strings.Contains(err.Error(), secret) {
			t.Fatalf("the error shows the secret: %v", err)
		}
		otherID, err := PersonID(other)
		if err == nil && (id == otherID) != (secret == other) {
			t.Fatalf("%q is %q, %q is %q", secret, id, other, otherID)
		}
	})
}

// FuzzStamp: between two times that can have been read, the difference is right
// and turned around the same with the other sign.
func FuzzStamp(f *testing.F) {
	f.Add("boot", int64(0), "boot", maxUpMS)
	f.Add("boot", int64(-1), "b", int64(1))
	f.Add("", int64(1), "<b>", maxUpMS+1)
	f.Fuzz(func(t *testing.T, bootA string, upA int64, bootB string, upB int64) {
		a, b := Stamp{bootA, upA}, Stamp{bootB, upB}
		if !a.Possible() || !b.Possible() {
			return
		}
		d, ok := a.Before(b)
		back, _ := b.Before(a)
		if ok != (bootA == bootB) || ok && (d.Milliseconds() != upB-upA || back != -d) {
			t.Fatalf("from %v to %v it is %v, %v; and back %v", a, b, d, ok, back)
		}
	})
}
