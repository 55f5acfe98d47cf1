package gateway

import (
	"net/http"
	"strings"
	"testing"

	"warren/chatd/fanout"
)

// What was accepted, and stands behind a lock in the log, is shown to nobody: its
// sender is told so at each of its doors, and others are told nothing.
func TestAcceptedAndRefusedByTheLog(t *testing.T) {
	first, second, l := serveLate(t)
	host, _ := first.joinHost(t, nil)
	device, _ := newDevice(t)
	eve, _ := second.join(t, map[string]any{"device": device, "name": "Eve"})
	tab, _ := second.join(t, map[string]any{"device": device, "name": "Eve"})
	plain := second.dial(t, "?device="+device)
	page := readerOf(t, second, device)
	bob, _ := second.join(t, map[string]any{"name": "Bob"})
	ada, _ := first.join(t, map[string]any{"name": "Ada"})
	hi := eve.said("hi")
	if got := plain.text(); !strings.HasSuffix(got, ": hi") {
		t.Fatalf("got %q", got)
	}

	l.hold()
	host.rule("lock", nil)
	said := eve.do("say", map[string]any{"text": "behind the lock"})
	edited := eve.do("edit", to(hi), map[string]any{"text": "behind the lock"})
	answer := make(chan string)
	go func() {
		status, html := page.post("Eve", "behind the lock, without a script")
		answer <- http.StatusText(status) + html
	}()
	second.await(t, "all three in the log", func() bool {
		recs, _ := l.Read(t.Context(), hi.Offset+1, 1<<40, 100)
		return len(recs) == 4
	})
	l.release()
	for name, c := range map[string]*client{"who said it": eve, "the other tab": tab} {
		for _, ref := range []string{said, edited} {
			if f := c.refusedAs(ref); f.Why != "locked" || f.Text == "" {
				t.Errorf("%s is told %+v", name, f)
			}
		}
	}
	if got := plain.text(); got != "* Only hosts may write now." {
		t.Errorf("the plain protocol says %q", got)
	}
	if got := <-answer; !strings.HasPrefix(got, "Bad Request") || !strings.Contains(got, "Only the host may write now.") {
		t.Errorf("the page without JavaScript is %s", got)
	}
	eve.say(said, "behind the lock")
	if f := eve.refusedAs(said); f.Why != "locked" {
		t.Errorf("said again it is answered with %+v", f)
	}
	host.rule("lock", map[string]any{"undo": true})
	for locked := true; locked; locked = eve.next("room").Locked {
	}
	eve.say(said, "behind the lock")
	if f := eve.refusedAs(said); f.Why != "locked" {
		t.Errorf("said again after the lock it is answered with %+v", f)
	}
	end := eve.said("the end")
	bob.await(end.Ref)
	ada.await(end.Ref)
	for name, c := range map[string]*client{"a guest": bob, "a guest of the other daemon": ada} {
		if text := c.seen.String(); strings.Contains(text, "behind") || strings.Contains(text, "refused") {
			t.Errorf("%s is told %s", name, text)
		}
	}
}

// refusedAs reads until what was sent under ref is refused.
func (c *client) refusedAs(ref string) serverFrame {
	c.t.Helper()
	for {
		if f := c.next("refused"); f.Ref == ref {
			return f
		}
	}
}

// A kick that another daemon was told before a guest came in here, and that is read while the
// guest's place in the log is looked for, sends them out.
func TestKickBetweenHelloAndFollow(t *testing.T) {
	for name, away := range map[string]bool{"reached": false, "away": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second, l := serveLate(t)
			host, _ := first.joinHost(t, nil)
			device, id := newDevice(t)
			ada, w := first.join(t, map[string]any{"name": "Ada"})
			ada.talk(1)
			if away {
				l.away(t, second)
			}
			l.hold()
			seen := ada.talk(1)[0]
			eve := second.dial(t, "", Subprotocol)
			hello := resume(w.Epoch, seen)
			hello["type"], hello["device"], hello["name"] = "hello", device, "Eve"
			if away {
				eve.send(hello)
				eve.next("welcome")
				host.rule("kick", map[string]any{"who": id, "name": "Eve"})
			} else {
				host.rule("kick", map[string]any{"who": id, "name": "Eve"})
				eve.send(hello)
				end := seen.Offset + 2
				second.await(t, "a mark in the log: she is waiting", func() bool {
					marks, _ := l.Read(t.Context(), end, end+1, 1)
					return len(marks) > 0
				})
			}
			l.release()
			if away {
				l.calls <- func(h fanout.Handler) { h.State(fanout.Up, "") }
			}
			if code, last := eve.closed(); code != 4201 {
				t.Errorf("she is closed with %d after %s", code, last)
			}
		})
	}
}

// A muted person speaks by no name: the new one is seen by that person only, at every
// door; and a name with a word that the host does not want is nobody's.
func TestNamesOfTheMuted(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, map[string]any{"name": "Hana"})
	device, id := newDevice(t)
	eve, _ := s.join(t, map[string]any{"device": device, "name": "Eve"})
	ada, _ := s.join(t, map[string]any{"name": "Ada"})
	ada.presenceWith("Eve")
	host.rule("mute", map[string]any{"who": id, "name": "Eve"})
	const shout = "Hana is a fool"
	eve.send(map[string]any{"type": "name", "name": shout})
	if f := eve.next("you"); f.You.Name != shout {
		t.Errorf("the muted one is told %+v", f)
	}
	eve.presenceWith(shout)
	eve.send(map[string]any{"type": "typing"})
	eve.said("hello")
	page := readerOf(t, s, device)
	if _, html := page.post(shout, "without a script"); !strings.Contains(html, shout) || !strings.Contains(html, "without a script") {
		t.Errorf("the muted one's page is %s", html)
	}
	tab, _ := s.join(t, map[string]any{"device": device, "name": shout})
	tab.presenceWith(shout)

	late, _ := s.join(t, map[string]any{"name": "Late"})
	late.presenceWith("Eve")
	end := ada.said("the end")
	late.await(end.Ref)
	ada.presenceWith("Late")
	plain := s.dial(t, "?history=100&name=Pat")
	if got := plain.text(); got != "Ada: the end" {
		t.Errorf("the plain protocol says %q", got)
	}
	html := newReader(t, s)
	others := map[string]string{"who was here": ada.seen.String(), "a newcomer": late.seen.String(), "the page without JavaScript": html.read(html.Get(html.url))}
	for name, text := range others {
		if strings.Contains(text, shout) || strings.Contains(text, `"typing"`) {
			t.Errorf("%s is told %s", name, text)
		}
	}
	host.rule("mute", map[string]any{"who": id, "name": "Eve", "undo": true})
	ada.presenceWith(shout)
}

func TestUnwantedNames(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, map[string]any{"name": "Hana"})
	ada, a := s.join(t, map[string]any{"name": "Ada Carrot"})
	ada.presenceWith("Ada Carrot")
	host.rule("words", map[string]any{"words": []string{"carrot"}})
	// Who is here already is shown under the name that the room suggests.
	for f := host.next("presence"); ; f = host.next("presence") {
		shown := ""
		for _, p := range f.People {
			if p.ID == a.You.ID {
				shown = p.Name
			}
		}
		if !strings.Contains(shown, "Carrot") {
			break
		}
	}
	bob, w := s.join(t, map[string]any{"name": "Carrot"})
	if f := bob.next("refused"); f.Why != "bad_name" || strings.Contains(f.Text, "arrot") || w.You.Name == "Carrot" || w.You.Name == "" {
		t.Errorf("as %+v comes in who is told %+v", w.You, f)
	}
	bob.send(map[string]any{"type": "name", "name": "саrrоt"}) // with Cyrillic letters
	if f := bob.next("refused", "you"); f.Why != "bad_name" {
		t.Errorf("a new name is answered with %+v", f)
	}
	if r := bob.said("hi"); r.From != w.You {
		t.Errorf("he speaks as %+v", r.From)
	}
	if r := ada.said("hi"); strings.Contains(r.From.Name, "Carrot") {
		t.Errorf("she speaks as %+v", r.From)
	}
	page := newReader(t, s)
	if status, html := page.post("carrot", "kept text"); status != http.StatusBadRequest || !strings.Contains(html, "That cannot be a name.") || !strings.Contains(html, "kept text") {
		t.Errorf("a post is answered with %d and %s", status, html)
	}
	plain := s.dial(t, "?name=Carrot")
	if got := plain.text(); !strings.HasPrefix(got, notice) || strings.Contains(got, "arrot") {
		t.Errorf("the plain protocol says %q", got)
	}
	if c, w := s.joinHost(t, map[string]any{"name": "Carrot Cake"}); w.You.Name != "Carrot Cake" {
		c.t.Errorf("a host has the name %q", w.You.Name)
	}
}
