package chat

import "testing"

// Two records are one if type, sender and id are the same, whatever else is in them and
// whichever version wrote them.
func TestKey(t *testing.T) {
	m := Message{From: Person{ID: "ada", Name: "Ada"}, Text: "hi"}
	renamed, other := m, m
	renamed.From.Name = "Countess"
	other.From.ID = "bob"
	rec := m.Record("1", Stamp{})
	older := rec
	older.Sender = ""
	hide := RecordOf(&Hide{By: Person{ID: "ada", Name: "Ada"}, To: 1}, "1", Stamp{})
	olderHide := hide
	olderHide.Sender = ""
	for name, same := range map[string][2]Record{
		"a new name":                  {rec, renamed.Record("1", Stamp{})},
		"an older version's message":  {rec, older},
		"an older version's hide":     {hide, olderHide},
		"a text said twice by an app": {{ID: "1", App: "cron", Body: []byte("a")}, {ID: "1", App: "cron", Body: []byte("b")}},
	} {
		if same[0].Key() != same[1].Key() {
			t.Errorf("%s: %v and %v", name, same[0].Key(), same[1].Key())
		}
	}
	for name, two := range map[string][2]Record{
		"two people":               {rec, other.Record("1", Stamp{})},
		"two messages":             {rec, m.Record("2", Stamp{})},
		"a message and a hide":     {rec, hide},
		"an app named as a person": {rec, {Type: TypeMessage, ContentType: ContentText, App: "ada", ID: "1"}},
		"two apps":                 {{ID: "1", App: "a"}, {ID: "1", App: "b"}},
	} {
		if two[0].Key() == two[1].Key() {
			t.Errorf("%s: both are %v", name, two[0].Key())
		}
	}
}
