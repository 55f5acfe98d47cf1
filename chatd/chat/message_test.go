package chat

import (
	"errors"
	"strings"
	"testing"
)

func TestMessageGoesThroughARecord(t *testing.T) {
	reply := int64(7)
	m := Message{From: Person{ID: "abc", Name: "Ada"}, Text: "<b>hi</b>\n", ReplyTo: &reply}
	r := m.Record("ref-1", Stamp{"boot", 42})
	if r.ID != "ref-1" || r.Type != TypeMessage || r.ContentType != ContentJSON || r.Stamp.UpMS != 42 {
		t.Errorf("record is %+v", r)
	}
	got, err := MessageOf(r)
	if err != nil || got.From != m.From || got.Text != "<b>hi</b>" || *got.ReplyTo != 7 {
		t.Errorf("message is %+v, %v", got, err)
	}
}

// The largest text with the worst escaping still is a record that is read.
func TestLargestMessageFits(t *testing.T) {
	m := Message{From: Person{ID: strings.Repeat("a", MaxIDBytes), Name: strings.Repeat("<", MaxNameGraphemes)}, Text: strings.Repeat("<", MaxTextGraphemes)}
	r := m.Record(strings.Repeat("x", MaxIDBytes), Stamp{})
	if got, err := MessageOf(r); err != nil || got.Text != m.Text {
		t.Errorf("a body of %d bytes: %v", len(r.Body), err)
	}
}

func TestForeignRecords(t *testing.T) {
	for _, test := range []struct {
		r          Record
		name, text string
	}{
		{Record{ContentType: "text/plain", App: "dice", Body: []byte("six")}, "dice", "six"},
		{Record{ContentType: "text/plain; charset=utf-8", Body: []byte("hi")}, "AMQP", "hi"},
		{Record{Body: []byte("no content type")}, "AMQP", "no content type"},
		{Record{App: strings.Repeat("x", 999), Body: []byte("hi")}, "AMQP", "hi"},
		{Record{App: "\u202eevil", Body: []byte("<script>\r\n")}, "evil", "<script>"},
		{Record{Type: TypeMessage, ContentType: ContentJSON, Body: []byte(`{"from":{"name":" Bob\u200b"},"text":"x "}`)}, "Bob", "x"},
	} {
		m, err := MessageOf(test.r)
		if err != nil || m.From.Name != test.name || m.Text != test.text || m.From.ID != "" {
			t.Errorf("%+v: %+v, %v", test.r, m, err)
		}
	}
	for _, r := range []Record{
		{ContentType: "image/png", Type: TypeMessage, Body: []byte("x")},
		{ContentType: ContentJSON, Type: TypeMessage, Body: []byte("{")},
		{ContentType: ContentJSON, Type: TypeMessage, Body: []byte(`{"from":{"name":""},"text":"x"}`)},
		{ContentType: ContentJSON, Type: TypeMessage, Body: []byte(`{"from":{"id":"<a>","name":"Bob"},"text":"x"}`)},
		{ContentType: ContentJSON, Type: TypeMessage, Body: []byte(`{"from":{"name":"Bob"},"text":""}`)},
		{Body: []byte("\xff")},
		{Body: []byte(strings.Repeat("x", MaxBody+1))},
	} {
		if m, err := MessageOf(r); err == nil || errors.Is(err, ErrUnknownType) {
			t.Errorf("%.60v: %.60v, %v", r, m, err)
		}
	}
	if _, err := MessageOf(Record{Type: "hologram", ContentType: ContentJSON, Body: []byte("{}")}); !errors.Is(err, ErrUnknownType) {
		t.Errorf("unknown type: %v", err)
	}
}

// Whatever is in the log, what is shown keeps the rules.
func FuzzMessageOf(f *testing.F) {
	f.Add("message", "application/json", "", []byte(`{"from":{"id":"a","name":"Ada"},"text":"hi","reply_to":3}`))
	f.Add("", "text/plain", "dice", []byte("six"))
	f.Fuzz(func(t *testing.T, typ, contentType, app string, body []byte) {
		m, err := MessageOf(Record{Type: typ, ContentType: contentType, App: app, Body: body})
		if err != nil {
			return
		}
		if name, err := CleanName(m.From.Name); err != nil || name != m.From.Name {
			t.Fatalf("name %q: %v", m.From.Name, err)
		}
		if text, err := CleanText(m.Text); err != nil || text != m.Text {
			t.Fatalf("text %q: %v", m.Text, err)
		}
		if m.From.ID != "" && !ValidID(m.From.ID) {
			t.Fatalf("id %q", m.From.ID)
		}
	})
}

func TestStamp(t *testing.T) {
	a, b := Stamp{"x", 1000}, Stamp{"x", 4000}
	if d, ok := a.Before(b); !ok || d.Seconds() != 3 {
		t.Errorf("%v, %v", d, ok)
	}
	if _, ok := a.Before(Stamp{"y", 4000}); ok {
		t.Error("two boots have no common time")
	}
	if _, ok := (Stamp{}).Before(Stamp{}); ok {
		t.Error("two unknown stamps have no common time")
	}
}
