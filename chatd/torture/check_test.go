package main

import (
	"slices"
	"testing"
)

// kinds are those of faults, each once, sorted.
func kindsOf(faults []Fault) (kinds []FaultKind) {
	for _, f := range faults {
		kinds = append(kinds, f.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(s *story)
		want  []FaultKind
	}{
		{"all is well", func(s *story) {}, nil},

		// What is said gets there, once, in order.
		{"ticked, shown and lost at the end", func(s *story) { s.log = s.log[:bobSaysMore] }, []FaultKind{Lost}},
		{"ticked, and never shown to anybody", func(s *story) {
			own := Item{Type: message, Ref: "99", Text: "?"}
			s.put("ada", adaSaysMore, Event{Kind: Said, Item: own}, Event{Kind: Ticked, Item: own})
		}, []FaultKind{Lost}},
		{"never answered", func(s *story) {
			s.put("ada", adaSaysMore, Event{Kind: Said, Item: Item{Type: message, Ref: "99", Text: "?"}})
		}, []FaultKind{Stuck}},
		{"refused for now, and never answered", func(s *story) {
			own := Item{Type: message, Ref: "99", Text: "?"}
			s.put("ada", adaSaysMore, Event{Kind: Said, Item: own}, Event{Kind: Refused, Item: own, Again: true})
		}, []FaultKind{Stuck}},
		{"refused when it was said, and not in the log", func(s *story) {
			own := Item{Type: message, Ref: "99", Text: "?"}
			s.put("ada", adaSaysMore, Event{Kind: Said, Item: own}, Event{Kind: Refused, Item: own})
		}, nil},
		{"a host's deed that never was done", func(s *story) {
			s.put("hal", adaSaysMore, Event{Kind: Said, Item: Item{Type: "lock", Ref: "99"}})
		}, []FaultKind{Stuck}},
		{"an edit that others have overtaken, without a tick", func(s *story) { s.drop("ada", Ticked, adaEdits, adaEdits) }, nil},
		{"against the sender's order", func(s *story) {
			s.log[adaSaysMore].ID, s.log[adaRepeats].ID = "3", "3"
			s.log[adaGoesOn].ID = "6"
			for i := range s.phones {
				for j, e := range s.phones[i].Events {
					swap := map[string]string{"3": "6", "6": "3"}
					if e.Item.Type == message && e.Item.Sender == "ada" && e.Kind == Shown && swap[e.Item.Ref] != "" {
						s.phones[i].Events[j].Item.Ref = swap[e.Item.Ref]
					}
				}
			}
			said, later := s.event("ada", Said, adaGoesOn), s.event("ada", Said, adaSaysMore)
			said.Item.Text, later.Item.Text = later.Item.Text, said.Item.Text
			s.views = nil
		}, []FaultKind{Swapped}},
		{"another text in the log", func(s *story) { s.log[bobSaysMore].Body.Text = "something else" }, []FaultKind{Differs, Invented, Stale}},
		{"said by nobody", func(s *story) { s.drop("ada", Said, adaSaysMore, adaSaysMore) }, []FaultKind{Invented}},
		{"a bot's, and it has not said it", func(s *story) { s.phone("bot").Events = nil }, []FaultKind{Invented}},
		{"repeated too far away", func(s *story) {
			again := s.log[adaSaysMore]
			again.Offset += horizon + 10
			s.log = append(s.log, again)
		}, []FaultKind{Behind, Differs, Twice}},

		// Every phone is shown a run of what it may see.
		{"shown twice", func(s *story) { s.put("eve", bobSaysMore, s.shownOf(bobSaysMore)) }, []FaultKind{Twice}},
		{"a repeat that is shown", func(s *story) { s.put("eve", bobSaysMore, s.shownOf(adaRepeats)) }, []FaultKind{Twice}},
		{"swapped on a phone", func(s *story) {
			e := s.phone("eve").Events
			i, j := s.find("eve", Shown, adaSaysMore), s.find("eve", Shown, bobSaysMore)
			e[i], e[j] = e[j], e[i]
		}, []FaultKind{Swapped, Silent}},
		{"shown at another offset", func(s *story) { s.event("eve", Shown, bobSays).Item.Offset = offset(adaSays) - 1 }, []FaultKind{Silent}},
		{"shown, and not in the log", func(s *story) {
			e := s.shownOf(bobSaysMore)
			e.Item.Offset, e.Item.Ref = offset(adaRepeats)+1, "99"
			s.put("eve", bobSaysMore, e)
		}, []FaultKind{Lost}},
		{"a gap that nobody told of", func(s *story) { s.drop("eve", Shown, botSays, botSays) }, []FaultKind{Silent}},
		{"a reaction that is not shown", func(s *story) { s.drop("eve", Shown, bobReacts, bobReacts) }, []FaultKind{Silent}},
		{"an edit that is not shown", func(s *story) { s.drop("eve", Shown, adaEdits, adaEdits) }, []FaultKind{Silent}},
		{"a deletion that is not shown", func(s *story) { s.drop("eve", Shown, adaDeletes, adaDeletes) }, []FaultKind{Silent}},
		{"a hide that is not shown", func(s *story) { s.drop("eve", Shown, halHides, halHides) }, []FaultKind{Silent}},
		{"a clear that is not shown", func(s *story) { s.drop("eve", Shown, halUnclears, halUnclears) }, []FaultKind{Silent}},
		{"a muted person's own that is not shown to that person", func(s *story) { s.drop("bob", Shown, bobIsMuted, bobIsMuted) }, []FaultKind{Silent}},
		{"away from before a clear to after it", func(s *story) {
			s.drop("eve", Shown, botSays, bobGoesOn)
			e := s.event("eve", Shown, halClears)
			s.phone("eve").Events = slices.Insert(s.phone("eve").Events, s.find("eve", Shown, halClears), Event{Kind: Called, At: e.At - 2}, Event{Kind: Welcomed, At: e.At - 1, Up: true, Head: offset(halClears)})
		}, nil},
		{"what was cleared later is missing before", func(s *story) {
			s.drop("eve", Shown, bobSays, bobSays)
		}, []FaultKind{Silent}},
		{"a gap that was told of", func(s *story) {
			s.drop("eve", Shown, botSays, adaDeletes)
			s.put("eve", halHides, Event{Kind: Gap})
		}, []FaultKind{Needless}},
		{"a gap before anything was shown", func(s *story) {
			p := s.phone("eve")
			p.Events = slices.Replace(p.Events, 2, s.find("eve", Shown, botSays), Event{Kind: Gap})
		}, nil},
		{"a phone that came late", func(s *story) {
			p := s.phone("eve")
			p.Events = slices.Delete(p.Events, 2, s.find("eve", Shown, botSays))
		}, nil},
		{"a phone that never caught up", func(s *story) { s.drop("eve", Shown, bobSaysMore, bobSaysMore) }, []FaultKind{Behind}},
		{"a phone that left", func(s *story) {
			s.drop("eve", Shown, bobSaysMore, bobSaysMore)
			s.phone("eve").Stayed = false
		}, nil},
		{"another text", func(s *story) { s.event("eve", Shown, bobSays).Item.Text = "something else" }, []FaultKind{Stale}},
		{"another sender", func(s *story) { s.event("eve", Shown, bobSays).Item.Sender = "ada" }, []FaultKind{Invented}},
		{"another emoji", func(s *story) { s.event("eve", Shown, bobReacts).Item.Text = "👎" }, []FaultKind{Invented}},

		// What is behind a mute, a lock or a kick is shown to nobody else.
		{"a muted person's, shown to another", func(s *story) { s.put("eve", bobReacts, s.shownOf(bobIsMuted)) }, []FaultKind{Leaked}},
		{"a muted person's, shown to a host", func(s *story) { s.put("hal", bobReacts, s.shownOf(bobIsMuted)) }, []FaultKind{Leaked}},
		{"what is behind a lock", func(s *story) { s.put("eve", adaGoesOn, s.shownOf(adaIsLocked)) }, []FaultKind{Leaked}},
		{"what is behind a lock, shown to its sender", func(s *story) { s.put("ada", adaGoesOn, s.shownOf(adaIsLocked)) }, []FaultKind{Leaked}},
		{"what is behind a kick", func(s *story) { s.put("eve", bobGoesOn, s.shownOf(impIsOut)) }, []FaultKind{Leaked}},
		{"a muted person's, on a page", func(s *story) {
			s.phones = append(s.phones, History{Phone: "yan", Sender: "yan", Events: []Event{{Kind: Glimpsed, Item: Item{Text: "what an evening"}}}})
		}, []FaultKind{Leaked}},
		{"for all, on a page", func(s *story) {
			s.phones = append(s.phones, History{Phone: "yan", Sender: "yan", Events: []Event{{Kind: Glimpsed, Item: Item{Text: "well, well"}}}})
		}, nil},
		{"on a page, and not in the log", func(s *story) {
			s.phones = append(s.phones, History{Phone: "yan", Sender: "yan", Events: []Event{{Kind: Glimpsed, Item: Item{Text: "?"}}}})
		}, []FaultKind{Lost}},
		{"hidden, and shown whole to who comes later", func(s *story) {
			p := s.phone("eve")
			i := s.find("eve", Shown, bobIsRude)
			p.Events = slices.Insert(p.Events, i, Event{Kind: Welcomed, At: at(halHides) + 1, Up: true, Head: offset(halHides)})
		}, []FaultKind{Stale}},
		{"hidden, and shown so to who comes later", func(s *story) {
			e := s.event("eve", Shown, bobIsRude)
			e.At, e.Item.Text, e.Item.Gone = at(halHides)+1, "", "hidden"
		}, nil},
		{"shown as hidden before the host has thought of it", func(s *story) {
			e := s.event("eve", Shown, bobIsRude)
			e.At, e.Item.Text, e.Item.Gone = at(halHides)-1, "", "hidden"
		}, []FaultKind{Stale}},
		{"deleted, and shown whole to who comes later", func(s *story) {
			p := s.phone("eve")
			p.Events = slices.Insert(p.Events, s.find("eve", Shown, adaGoesOn), Event{Kind: Welcomed, At: at(halKicks), Up: true, Head: offset(adaDeletes)})
		}, []FaultKind{Stale}},
		{"edited, and shown with the text before to who comes later", func(s *story) {
			p := s.phone("eve")
			p.Events[1].Head = offset(bobReacts)
		}, []FaultKind{Stale}},
		{"cleared, and shown to who comes then", func(s *story) {
			p, i := s.phone("eve"), s.find("eve", Shown, botSays)
			p.Events = slices.Insert(p.Events, i, Event{Kind: Welcomed, At: at(halClears) + 1, Up: true, Head: offset(halClears)})
			p.Events[i+1].At = at(halClears) + 2
		}, []FaultKind{Stale}},

		// Who is refused is told.
		{"refused by the log, and not told", func(s *story) { s.drop("ada", Refused, adaIsLocked, adaIsLocked) }, []FaultKind{Untold}},
		{"refused by the log, and ticked", func(s *story) { s.event("ada", Refused, adaIsLocked).Kind = Ticked }, []FaultKind{Untold}},
		{"refused by the log, told for now", func(s *story) { s.event("ada", Refused, adaIsLocked).Again = true }, []FaultKind{Untold}},

		// Hosts are told what the log comes to.
		{"a mute that was forgotten", func(s *story) { s.event("hal", Hosting, halMutesBob).Host.Muted = nil }, []FaultKind{Misruled}},
		{"words that were forgotten", func(s *story) { s.event("hal", Hosting, halLocks).Host.Words = []string{"rude"} }, []FaultKind{Misruled}},
		{"deeds that were forgotten", func(s *story) {
			e := s.event("hal", Hosting, halHides)
			e.Host = &HostView{Deeds: e.Host.Deeds[1:]}
		}, []FaultKind{Misruled}},
		{"a start that knows of no deeds", func(s *story) {
			s.put("hal", bobSaysMore, Event{Kind: Called, At: at(adaRepeats)}, Event{Kind: Welcomed, At: at(adaRepeats), Up: true, Head: offset(bobSaysMore)}, Event{Kind: Hosting, At: at(adaRepeats), Up: true, Host: &HostView{}})
		}, []FaultKind{Misruled}},
		{"a start that does not know the log yet", func(s *story) {
			s.put("hal", bobSaysMore, Event{Kind: Called, At: at(adaRepeats)}, Event{Kind: Welcomed, At: at(adaRepeats), Head: offset(bobSaysMore)}, Event{Kind: Hosting, At: at(adaRepeats), Host: &HostView{}})
		}, nil},

		// Who was sent out stays out.
		{"let in before the time", func(s *story) {
			p := s.phone("imp")
			p.Events = append(p.Events, Event{Kind: Called, At: at(30)}, Event{Kind: Welcomed, At: at(30) + 1, Up: true, Head: offset(bobSaysMore)})
		}, []FaultKind{LetIn}},
		{"let in by a chatd that cannot know yet", func(s *story) {
			p := s.phone("imp")
			p.Events = append(p.Events, Event{Kind: Called, At: at(30), Door: 1}, Event{Kind: Welcomed, At: at(30) + 1, Up: true, Door: 1, Head: offset(halClears)})
			p.Stayed = false
		}, nil},
		{"welcomed by a chatd that does not know the log yet, and shown nothing", func(s *story) {
			p := s.phone("imp")
			p.Events = append(p.Events, Event{Kind: Called, At: at(30)}, Event{Kind: Welcomed, At: at(30) + 1, Head: -1})
		}, nil},
		{"let in when the time is over", func(s *story) {
			p := s.phone("imp")
			p.Events = append(p.Events, Event{Kind: Called, At: at(700)}, Event{Kind: Welcomed, At: at(700) + 1, Up: true, Head: offset(bobSaysMore)})
		}, nil},

		// Who comes in is shown what the log comes to, at every chatd.
		{"a newcomer is not shown one", func(s *story) { v := s.view("new"); v.Items = v.Items[1:] }, []FaultKind{Differs}},
		{"a newcomer is shown another order", func(s *story) { v := s.view("new"); v.Items[0], v.Items[1] = v.Items[1], v.Items[0] }, []FaultKind{Swapped}},
		{"a newcomer is shown what is hidden", func(s *story) {
			i := s.view("new").item(bobIsRude)
			i.Text, i.Gone = "something rude", ""
		}, []FaultKind{Differs}},
		{"a newcomer is shown the name of whom is hidden", func(s *story) { s.view("new").item(bobIsRude).Name = "BOB" }, []FaultKind{Differs}},
		{"a newcomer is shown the text before the edit", func(s *story) { s.view("new").item(adaSays).Text = "hello" }, []FaultKind{Differs}},
		{"a newcomer is shown a muted person's", func(s *story) {
			v := s.view("new")
			v.Items = slices.Insert(v.Items, 4, s.shownOf(bobIsMuted).Item)
		}, []FaultKind{Leaked}},
		{"a newcomer is not shown a reaction", func(s *story) {
			v := s.view("new")
			v.Items = slices.DeleteFunc(v.Items, func(i Item) bool { return i.Type == reaction })
		}, []FaultKind{Differs}},
		{"a newcomer is told that the room is locked", func(s *story) { s.view("new").Room.Locked = true }, []FaultKind{Differs}},
		{"the muted are not shown their own", func(s *story) {
			v := s.view("bob")
			v.Items = slices.DeleteFunc(v.Items, func(i Item) bool { return i.Offset == offset(bobIsMuted) })
		}, []FaultKind{Differs}},
		{"a host who comes in knows of no deeds", func(s *story) { s.view("hal").Host = &HostView{} }, []FaultKind{Differs}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStory()
			test.spoil(s)
			faults := Check(s.phones, s.views, s.log)
			if got := kindsOf(faults); !slices.Equal(got, test.want) {
				t.Errorf("found %v, not %v", faults, test.want)
			}
		})
	}
}
