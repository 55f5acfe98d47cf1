package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"warren/chatd/chat"
	"warren/chatd/fanout/rabbitmq"
	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/uptime"
)

// joinHost is join, from a browser that has shown the code.
func (s *testServer) joinHost(t *testing.T, hello map[string]any) (*client, serverFrame) {
	t.Helper()
	return s.joinWith(t, http.Header{"Cookie": {"host=" + s.gateway.hostKey.proof()}}, hello)
}

// rule sends a host's verb, and waits until the host sees that it has been done.
func (c *client) rule(verb string, fields map[string]any) serverFrame {
	c.t.Helper()
	ref := c.do("host", fields, map[string]any{"verb": verb})
	for {
		f := c.next("host", "refused")
		if f.Type == "refused" && f.Ref == ref {
			c.t.Fatalf("%s is refused: %s: %s", verb, f.Why, f.Text)
		}
		for _, d := range f.Deeds {
			if d.Ref == ref && d.Verb == verb {
				return f
			}
		}
	}
}

// do sends a frame of a type with a new ref, which it returns.
func (c *client) do(kind string, fields ...map[string]any) (ref string) {
	c.t.Helper()
	ref = uuid.NewString()
	f := map[string]any{"type": kind, "ref": ref}
	for _, more := range fields {
		for k, v := range more {
			f[k] = v
		}
	}
	c.send(f)
	return ref
}

// refused does what must be refused, and returns the answer.
func (c *client) refused(kind string, fields map[string]any) serverFrame {
	c.t.Helper()
	ref := c.do(kind, fields)
	for {
		f := c.next("refused", "log")
		if f.Type == "refused" && f.Ref == ref {
			return f
		}
		for _, r := range f.Records {
			if r.Ref == ref {
				c.t.Fatalf("%s %v is in the log: %+v", kind, fields, r)
			}
		}
	}
}

// said says something and returns its record.
func (c *client) said(text string) record {
	c.t.Helper()
	return c.await(c.do("say", map[string]any{"text": text}))
}

// await reads until the record with that ref has come.
func (c *client) await(ref string) record {
	c.t.Helper()
	for {
		f := c.next("log", "refused")
		if f.Type == "refused" && f.Ref == ref {
			c.t.Fatalf("refused: %s: %s", f.Why, f.Text)
		}
		for _, r := range f.Records {
			if r.Ref == ref {
				return r
			}
		}
	}
}

// untilRoom reads until the room is as wanted.
func (c *client) untilRoom(wanted func(roomState) bool) {
	c.t.Helper()
	for !wanted(c.next("room").roomState) {
	}
}

// to is a field that says which message is meant.
func to(r record) map[string]any { return map[string]any{"to": r.Offset} }

func TestReactions(t *testing.T) {
	s := serve(t, unlimited)
	ada, _ := s.join(t, map[string]any{"name": "Ada"})
	bob, w := s.join(t, map[string]any{"name": "Bob"})
	hi := ada.said("hi")
	ref := bob.do("react", to(hi), map[string]any{"emoji": "👍"})
	if r := ada.await(ref); r.Type != "reaction" || r.To == nil || *r.To != hi.Offset || r.Emoji != "👍" || r.From != w.You || r.Undo {
		t.Errorf("the reaction is %+v", r)
	}
	ref = bob.do("react", to(hi), map[string]any{"emoji": "👍", "undo": true})
	if r := ada.await(ref); !r.Undo || r.Offset <= hi.Offset {
		t.Errorf("taken off, it is %+v", r)
	}
	late, _ := s.join(t, nil)
	if all := late.records(3); all[0].Type != "" || all[1].Type != "reaction" || !all[2].Undo {
		t.Errorf("a newcomer gets %+v", all)
	}
	for _, c := range []struct {
		fields map[string]any
		why    string
	}{
		{map[string]any{"to": hi.Offset, "emoji": "a"}, "bad_emoji"},
		{map[string]any{"to": hi.Offset, "emoji": ""}, "bad_emoji"},
		{map[string]any{"to": hi.Offset, "emoji": "👍👍"}, "bad_emoji"},
		{map[string]any{"to": 100_000, "emoji": "👍"}, "no_such"},
		{map[string]any{"emoji": "👍"}, "bad_value"},
	} {
		if f := bob.refused("react", c.fields); f.Why != c.why || f.Text == "" {
			t.Errorf("%v: %+v", c.fields, f)
		}
	}
}

func TestEditAndDelete(t *testing.T) {
	s := serve(t, unlimited)
	ada, _ := s.join(t, map[string]any{"name": "Ada"})
	bob, _ := s.join(t, nil)
	typo, regret := ada.said("helo"), ada.said("a secret")
	bob.await(regret.Ref)
	for _, kind := range []string{"edit", "delete"} {
		if f := bob.refused(kind, map[string]any{"to": typo.Offset, "text": "mine"}); f.Why != "not_yours" {
			t.Errorf("%s of another's: %+v", kind, f)
		}
		if f := bob.refused(kind, map[string]any{"to": 100_000, "text": "mine"}); f.Why != "no_such" {
			t.Errorf("%s of nothing: %+v", kind, f)
		}
	}
	for text, why := range map[string]string{"": "empty", strings.Repeat("x", chat.MaxTextBytes+1): "too_long"} {
		if f := ada.refused("edit", map[string]any{"to": typo.Offset, "text": text}); f.Why != why {
			t.Errorf("an edit to %.10q: %+v", text, f)
		}
	}
	ref := ada.do("edit", to(typo), map[string]any{"text": "hello"})
	if r := bob.await(ref); r.Type != "edit" || *r.To != typo.Offset || r.Text != "hello" {
		t.Errorf("the edit is %+v", r)
	}
	ref = ada.do("delete", to(regret))
	if r := bob.await(ref); r.Type != "delete" || *r.To != regret.Offset {
		t.Errorf("the deletion is %+v", r)
	}
	late, _ := s.join(t, nil)
	all := late.records(4)
	if m := all[0]; m.Text != "hello" || !m.Edited || m.Offset != typo.Offset || m.Type != "" {
		t.Errorf("a newcomer gets the edited message as %+v", m)
	}
	if m := all[1]; m.Text != "" || m.Gone != "deleted" || m.Offset != regret.Offset {
		t.Errorf("a newcomer gets the deleted message as %+v", m)
	}
	if strings.Contains(late.seen.String(), "a secret") {
		t.Errorf("a newcomer is sent what was deleted: %s", &late.seen)
	}
}

// A message may have a picture that is here, and no text then.
func TestMessageWithPicture(t *testing.T) {
	s := serve(t, unlimited)
	ada, w := s.join(t, nil)
	if !w.Room.NoPictures {
		t.Errorf("a room without a store says %+v", w.Room)
	}
	some := map[string]any{"picture": map[string]any{"id": strings.Repeat("a", 64), "w": 10, "h": 10}}
	if f := ada.refused("say", some); f.Why != "no_pictures" {
		t.Errorf("a picture where there can be none: %+v", f)
	}
}

// Each verb is done for a host, and for nobody else; all hosts see it.
func TestHostVerbs(t *testing.T) {
	s := serveHost(t, unlimited)
	host, w := s.joinHost(t, map[string]any{"name": "Hana"})
	if !w.Host {
		t.Errorf("the welcome of a host is %+v", w)
	}
	if f := host.next("host"); len(f.Deeds)+len(f.Muted)+len(f.Words) != 0 {
		t.Errorf("a new room has %+v", f)
	}
	other, _ := s.joinHost(t, map[string]any{"name": "Hugo"})
	ada, guest := s.join(t, map[string]any{"name": "Ada"})
	bob, _ := s.join(t, map[string]any{"name": "Bob"})
	if guest.Host || guest.Room.Title != "rabbit" {
		t.Errorf("the welcome of a guest is %+v", guest)
	}
	bad := bob.said("something bad")

	for _, v := range []struct {
		verb   string
		fields map[string]any
		room   func(roomState) bool // as guests are told; nil: they are told otherwise
	}{
		{"pin", map[string]any{"text": "Fire drill at ten"}, func(r roomState) bool {
			return r.Pin != nil && r.Pin.Text == "Fire drill at ten" && r.Pin.By == w.You
		}},
		{"title", map[string]any{"text": "Burrow"}, func(r roomState) bool { return r.Title == "Burrow" }},
		{"title", map[string]any{"text": ""}, func(r roomState) bool { return r.Title == "rabbit" }},
		{"slow", map[string]any{"seconds": 30}, func(r roomState) bool { return r.Slow == 30 }},
		{"slow", map[string]any{"seconds": 0}, func(r roomState) bool { return r.Slow == 0 }},
		{"lock", nil, func(r roomState) bool { return r.Locked }},
		{"lock", map[string]any{"undo": true}, func(r roomState) bool { return !r.Locked }},
		{"off", map[string]any{"text": "Back tomorrow"}, func(r roomState) bool { return r.Off && r.Notice == "Back tomorrow" }},
		{"off", map[string]any{"undo": true}, func(r roomState) bool { return !r.Off }},
		{"clock", map[string]any{"at": 1_800_000_000_000}, func(r roomState) bool { return len(r.Clocks) == 1 }},
		{"words", map[string]any{"words": []string{"carrot", "turnip"}}, nil},
		{"hide", to(bad), nil},
		{"mute", map[string]any{"who": guest.You.ID, "name": guest.You.Name}, nil},
		{"mute", map[string]any{"who": guest.You.ID, "name": guest.You.Name, "undo": true}, nil},
		{"clear", nil, nil},
		{"clear", map[string]any{"undo": true}, nil},
	} {
		fields := map[string]any{"verb": v.verb}
		for k, f := range v.fields {
			fields[k] = f
		}
		if f := ada.refused("host", fields); f.Why != "not_host" {
			t.Errorf("%s by a guest: %+v", v.verb, f)
		}
		done := host.rule(v.verb, v.fields)
		last := done.Deeds[len(done.Deeds)-1]
		if last.By != w.You || last.Stamp.Boot == "" {
			t.Errorf("%s: the deed is %+v", v.verb, last)
		}
		for { // the other host sees it, too
			f := other.next("host")
			if n := len(f.Deeds); n > 0 && f.Deeds[n-1].Ref == last.Ref {
				break
			}
		}
		if v.room != nil {
			ada.untilRoom(v.room)
		}
	}

	// What has been done is told to who comes later.
	_, late := s.join(t, nil)
	if late.Room.Pin == nil || late.Room.Pin.Text != "Fire drill at ten" || late.Host {
		t.Errorf("a newcomer's room is %+v", late.Room)
	}
	third, _ := s.joinHost(t, nil)
	f := third.next("host")
	if len(f.Deeds) != 16 || len(f.Words) != 2 || len(f.Muted) != 0 {
		t.Errorf("another host is told %+v", f)
	}
	for _, d := range f.Deeds {
		if d.Verb == "hide" && (d.Text != "something bad" || d.To == nil || *d.To != bad.Offset) {
			t.Errorf("what was hidden is %+v", d)
		}
	}
	for _, c := range []*client{ada, bob} {
		if strings.Contains(c.seen.String(), `"type":"host"`) || strings.Contains(c.seen.String(), "turnip") {
			t.Errorf("a guest was told what hosts know: %s", &c.seen)
		}
	}
}

func TestHostVerbsThatCannotBe(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	for _, fields := range []map[string]any{
		{"verb": ""}, {"verb": "dance"}, {"verb": "hide"}, {"verb": "slow"}, {"verb": "slow", "seconds": 3601}, {"verb": "slow", "seconds": -1},
		{"verb": "words"}, {"verb": "words", "words": []string{""}}, {"verb": "words", "words": []string{strings.Repeat("x", 61)}},
		{"verb": "mute"}, {"verb": "mute", "who": "not an id"}, {"verb": "kick"}, {"verb": "clock"}, {"verb": "clock", "at": 5},
		{"verb": "pin", "text": strings.Repeat("x", 501)}, {"verb": "title", "text": strings.Repeat("x", 25)},
	} {
		if f := host.refused("host", fields); f.Why != "bad_value" || f.Text == "" {
			t.Errorf("%v: %+v", fields, f)
		}
	}
	if f := host.refused("host", map[string]any{"verb": "hide", "to": 100_000}); f.Why != "no_such" {
		t.Errorf("hide nothing: %+v", f)
	}
}

// What a host has hidden is in no byte that anybody is sent who comes later,
// by whichever way; and comes back when it is undone.
func TestHidden(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	ada, w := s.join(t, nil)
	first := ada.said("before")
	bad := ada.said("an ugly word")
	for i := range 30 {
		ada.said(fmt.Sprint("after ", i))
	}
	host.rule("hide", to(bad))
	hide := ada.nextOf("hide")
	if *hide.To != bad.Offset || hide.Undo {
		t.Errorf("who is here is told %+v", hide)
	}

	newcomer, welcome := s.join(t, nil)
	if all := newcomer.untilHead(welcome.Head); all[1].Gone != "hidden" || all[1].Text != "" {
		t.Errorf("a newcomer gets %+v", all[1])
	}
	newcomer.send(map[string]any{"type": "older", "before": bad.Offset + 1, "count": 10})
	newcomer.next("older")
	resumed, welcome := s.join(t, map[string]any{"since": first.Offset, "epoch": w.Epoch})
	resumed.untilHead(welcome.Head)
	plain := s.dial(t, "?history=200")
	for text := ""; !strings.HasSuffix(text, ": after 29"); {
		if text = plain.text(); strings.Contains(text, "ugly") {
			t.Errorf("the plain protocol shows %q", text)
		}
	}
	for name, c := range map[string]*client{"a newcomer": newcomer, "one who resumes": resumed} {
		if strings.Contains(c.seen.String(), "ugly") {
			t.Errorf("%s is sent what is hidden: %s", name, &c.seen)
		}
	}
	page := newReader(t, s)
	if html := page.read(page.Get(page.url)); strings.Contains(html, "ugly") || !strings.Contains(html, "The host has hidden this.") {
		t.Errorf("the page without JavaScript is %s", html)
	}

	host.rule("hide", map[string]any{"to": bad.Offset, "undo": true})
	if back := newcomer.nextOf("hide"); !back.Undo || back.Record == nil || back.Record.Text != "an ugly word" || back.Record.Offset != bad.Offset {
		t.Errorf("it comes back as %+v", back)
	}
}

// nextOf returns the next record of that type.
func (c *client) nextOf(kind string) record {
	c.t.Helper()
	for {
		for _, r := range c.next("log").Records {
			if r.Type == kind {
				return r
			}
		}
	}
}

// untilHead returns the history up to the head of a welcome.
func (c *client) untilHead(head int64) (all []record) {
	c.t.Helper()
	for len(all) == 0 || all[len(all)-1].Offset < head {
		all = append(all, c.next("log").Records...)
	}
	return all
}

// Nothing of before is sent after a clear, until it is undone.
func TestClear(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	ada, _ := s.join(t, nil)
	old := ada.said("long ago")
	host.rule("clear", nil)
	clear := ada.nextOf("clear")
	fresh := ada.said("a fresh start")
	late, w := s.join(t, nil)
	for _, r := range late.untilHead(w.Head) {
		if r.Offset <= old.Offset {
			t.Errorf("a newcomer gets %+v", r)
		}
	}
	late.send(map[string]any{"type": "older", "before": fresh.Offset, "count": 10})
	if f := late.next("older"); f.More || len(f.Records) > 0 && f.Records[0].Offset < clear.Offset {
		t.Errorf("older are %+v", f)
	}
	if strings.Contains(late.seen.String(), "long ago") {
		t.Errorf("what was cleared was sent: %s", &late.seen)
	}
	host.rule("clear", map[string]any{"undo": true})
	if r := late.nextOf("clear"); !r.Undo {
		t.Errorf("who is here is told %+v", r)
	}
	back, w := s.join(t, nil)
	if all := back.untilHead(w.Head); all[0].Text != "long ago" {
		t.Errorf("after the undoing a newcomer gets %+v", all)
	}
}

// A muted one sees all as if nothing were, on all devices that share the secret
// and after coming again; nobody else sees anything of it.
func TestMuted(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	device := uuid.NewString()
	eve, w := s.join(t, map[string]any{"name": "Eve", "device": device})
	ada, _ := s.join(t, nil)
	hi := ada.said("hi")
	eve.await(hi.Ref)
	host.rule("mute", map[string]any{"who": w.You.ID, "name": "Eve"})

	mine := eve.said("mutter")
	if reaction := eve.await(eve.do("react", to(hi), map[string]any{"emoji": "🤬"})); reaction.Type != "reaction" {
		t.Errorf("the muted one's reaction is %+v", reaction)
	}
	if edit := eve.await(eve.do("edit", to(mine), map[string]any{"text": "mutter louder"})); edit.Type != "edit" {
		t.Errorf("the muted one's edit is %+v", edit)
	}
	eve.send(map[string]any{"type": "typing"})
	// The page without JavaScript is not told either: its own message has come.
	page := newReader(t, s)
	page.read(page.Get(page.url))
	jar, _ := cookiejar.New(nil)
	address, _ := url.Parse(page.url)
	jar.SetCookies(address, []*http.Cookie{{Name: deviceCookie, Value: device}})
	page.Jar = jar
	form := url.Values{"ref": {"basic-1"}, "name": {"Eve"}, "text": {"mutter without a script"}}
	if html := page.read(page.PostForm(page.url, form)); !strings.Contains(html, "mutter without a script") || strings.Contains(html, "waits") {
		t.Errorf("the muted one's page is %s", html)
	}
	end := ada.said("the end")

	for _, hello := range []map[string]any{
		{"device": device},
		{"device": device, "since": hi.Offset, "epoch": w.Epoch},
	} {
		again, welcome := s.join(t, hello)
		if welcome.Head != end.Offset {
			t.Errorf("head is %d, must be %d", welcome.Head, end.Offset)
		}
		again.untilHead(welcome.Head)
		for _, text := range []string{"mutter louder", "🤬", "mutter without a script"} {
			if !strings.Contains(again.seen.String(), text) {
				t.Errorf("with %v the muted one does not see %q any more: %s", hello, text, &again.seen)
			}
		}
		again.send(map[string]any{"type": "older", "before": end.Offset, "count": 10})
		if f := again.next("older"); len(f.Records) < 3 {
			t.Errorf("older for the muted one are %+v", f.Records)
		}
	}
	late, welcome := s.join(t, nil)
	late.untilHead(welcome.Head)
	late.send(map[string]any{"type": "older", "before": end.Offset, "count": 10})
	late.next("older")
	resumed, welcome := s.join(t, map[string]any{"since": hi.Offset, "epoch": w.Epoch})
	resumed.untilHead(welcome.Head)
	wall, welcome := s.join(t, map[string]any{"wall": true})
	wall.untilHead(welcome.Head)
	for name, c := range map[string]*client{"who was here": ada, "a newcomer": late, "who resumes": resumed, "the wall": wall} {
		if text := c.seen.String(); strings.Contains(text, "mutter") || strings.Contains(text, "🤬") || strings.Contains(text, `"typing"`) {
			t.Errorf("%s is sent what a muted one says: %s", name, text)
		}
	}
	plain := s.dial(t, "?history=200")
	if got := plain.text() + plain.text(); strings.Contains(got, "mutter") {
		t.Errorf("the plain protocol shows %q", got)
	}
	if strings.Contains(eve.seen.String(), "muted") || strings.Contains(eve.seen.String(), "shadow") {
		t.Errorf("the muted one is told: %s", &eve.seen)
	}
	host.rule("mute", map[string]any{"who": w.You.ID, "name": "Eve", "undo": true})
	open := eve.said("good again")
	if got := ada.await(open.Ref); got.Text != "good again" {
		t.Errorf("after the undoing comes %+v", got)
	}
}

func TestKick(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	device := uuid.NewString()
	eve, w := s.join(t, map[string]any{"name": "Eve", "device": device})
	tab, _ := s.join(t, map[string]any{"name": "Eve", "device": device})
	plain := s.dial(t, "?device="+device)
	plain.WriteMessage(1, []byte("me, too"))
	plain.text()
	ada, _ := s.join(t, nil)
	host.rule("kick", map[string]any{"who": w.You.ID, "name": "Eve"})
	for name, c := range map[string]*client{"the page": eve, "another tab": tab, "the plain protocol": plain} {
		if code, last := c.closed(); code != 4201 || !strings.Contains(last, "sent you out") {
			t.Errorf("%s is closed with %d after %s", name, code, last)
		}
	}
	again := s.dial(t, "", Subprotocol)
	again.send(map[string]any{"type": "hello", "device": device})
	if code, _ := again.closed(); code != 4201 {
		t.Errorf("who comes back is closed with %d", code)
	}
	if code, _ := s.dial(t, "?device="+device).closed(); code != 4201 {
		t.Errorf("who comes back by the plain protocol is closed with %d", code)
	}
	r, _ := http.NewRequest("GET", s.url+"/basic", nil)
	r.AddCookie(&http.Cookie{Name: deviceCookie, Value: device})
	if resp, err := http.DefaultTransport.RoundTrip(r); err != nil || resp.StatusCode != 403 {
		t.Errorf("who comes back to the page without JavaScript gets %v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
	ada.said("the others go on")
}

func TestClosedRoom(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	ada, _ := s.join(t, nil)
	mine := ada.said("mine")
	page := newReader(t, s)
	for _, v := range []struct{ verb, why, shown string }{{"lock", "locked", "Only the host may write now."}, {"off", "off", "Back tomorrow"}} {
		host.rule(v.verb, map[string]any{"text": "Back tomorrow"})
		for kind, fields := range map[string]map[string]any{"say": {"text": "but"}, "edit": {"to": mine.Offset, "text": "but"}} {
			if f := ada.refused(kind, fields); f.Why != v.why || f.Text == "" {
				t.Errorf("%s with %s: %+v", kind, v.verb, f)
			}
		}
		reaction := map[string]any{"to": mine.Offset, "emoji": "👍"}
		if v.verb == "lock" { // who may not write may still applaud
			ada.await(ada.do("react", reaction))
		} else if f := ada.refused("react", reaction); f.Why != v.why {
			t.Errorf("a reaction with %s: %+v", v.verb, f)
		}
		plain := s.dial(t, "")
		plain.WriteMessage(1, []byte("but"))
		if got := plain.text(); !strings.HasPrefix(got, notice) {
			t.Errorf("with %s the plain protocol says %q", v.verb, got)
		}
		if html := page.read(page.Get(page.url)); !strings.Contains(html, v.shown) || strings.Contains(html, "<textarea") {
			t.Errorf("with %s the page without JavaScript is %s", v.verb, html)
		}
		host.said("the host may write")
		host.rule(v.verb, map[string]any{"undo": true})
	}
	ada.said("and now all may")
}

func TestSlowMode(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	device := uuid.NewString()
	ada, _ := s.join(t, map[string]any{"device": device})
	host.rule("slow", map[string]any{"seconds": 3600})
	ada.said("one")
	if f := ada.refused("say", map[string]any{"text": "two"}); f.Why != "slow_down" || f.RetryMS < 3_000_000 || f.RetryMS > 3_600_000 {
		t.Errorf("the second is answered with %+v", f)
	}
	tab, _ := s.join(t, map[string]any{"device": device})
	if f := tab.refused("say", map[string]any{"text": "two"}); f.Why != "slow_down" {
		t.Errorf("in another tab it is %+v", f)
	}
	for range 3 {
		host.said("hosts are exempt")
	}
	bob, _ := s.join(t, nil)
	bob.said("so is nobody's first")
	host.rule("slow", map[string]any{"seconds": 0})
	ada.said("two")
}

func TestWords(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	ada, _ := s.join(t, nil)
	mine := ada.said("a cart")
	host.rule("words", map[string]any{"words": []string{"carrot"}})
	for _, text := range []string{"carrot", "A CARROT!", "саrrоt"} { // the last with Cyrillic letters
		for kind, fields := range map[string]map[string]any{"say": {"text": text}, "edit": {"text": text, "to": mine.Offset}} {
			if f := ada.refused(kind, fields); f.Why != "words" || strings.Contains(strings.ToLower(f.Text), "carrot") {
				t.Errorf("%s %q: %+v", kind, text, f)
			}
		}
	}
	ada.said("carrots are another word")
	host.rule("words", map[string]any{"words": []string{}})
	ada.said("carrot")
}

// A wall is nobody: not counted, and with nothing to say.
func TestWall(t *testing.T) {
	s := serveHost(t, unlimited)
	wall, w := s.joinHost(t, map[string]any{"wall": true, "device": ""})
	if w.You.ID != "" || w.Host {
		t.Errorf("the wall's welcome is %+v", w)
	}
	if p := wall.next("presence"); p.Count != 0 {
		t.Errorf("the wall is counted: %+v", p)
	}
	for _, kind := range []string{"say", "react", "name", "typing", "host"} {
		if f := wall.refused(kind, map[string]any{"text": "hi", "name": "Wall", "verb": "lock"}); f.Why != "wall" {
			t.Errorf("%s: %+v", kind, f)
		}
	}
	ada, _ := s.join(t, nil)
	hi := ada.said("hi")
	if got := wall.await(hi.Ref); got.Text != "hi" {
		t.Errorf("the wall shows %+v", got)
	}
	wall.send(map[string]any{"type": "ping"})
	wall.next("pong")
}

// Two chatd with one log and one code are one room: what a host does at one
// holds at the other.
func TestHostOfTwoDaemons(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	broker := node.ForTest(t).URL()
	open := func() *testServer {
		x, err := rabbitmq.New(broker, rabbitmq.Options{Stamp: uptime.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		s := serveHostOn(t, x, testCode, unlimited)
		s.await(t, "a log that is read: who comes before is told to resume", s.room.Up)
		return s
	}
	here, there := open(), open()
	host, _ := here.joinHost(t, nil)
	cookie := http.Header{"Cookie": {"host=" + here.gateway.hostKey.proof()}}
	other, w := there.joinWith(t, cookie, nil)
	if !w.Host {
		t.Fatal("the other chatd does not know the host")
	}
	ada, _ := there.join(t, nil)
	done := host.rule("lock", nil)
	for {
		f := other.next("host")
		if n := len(f.Deeds); n > 0 && f.Deeds[n-1].Ref == done.Deeds[len(done.Deeds)-1].Ref {
			break
		}
	}
	ada.untilRoom(func(r roomState) bool { return r.Locked })
	if f := ada.refused("say", map[string]any{"text": "but"}); f.Why != "locked" {
		t.Errorf("a guest at the other is answered %+v", f)
	}
}

// Erased is erased: the log begins anew, and what was said is not sent again.
func TestErase(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, nil)
	ada, w := s.join(t, nil)
	ada.said("to be forgotten")
	host.do("host", map[string]any{"verb": "erase"})
	if code, _ := ada.closed(); code != 4002 {
		t.Errorf("who was here is closed with %d", code)
	}
	again, welcome := s.join(t, map[string]any{"since": 0, "epoch": w.Epoch})
	if welcome.Epoch == w.Epoch || welcome.Resumed || !welcome.Gap {
		t.Errorf("who comes back gets %+v", welcome)
	}
	if !welcome.Room.Erased {
		again.untilRoom(func(r roomState) bool { return r.Erased })
	}
	again.said("a new beginning")
	if strings.Contains(again.seen.String(), "forgotten") {
		t.Errorf("what was erased was sent: %s", &again.seen)
	}
}

// Reactions and the like cost what messages cost.
func TestDeedsAreLimitedAsMessages(t *testing.T) {
	s := serve(t, Limits{MessageRate: 1})
	ada, _ := s.join(t, nil)
	hi := ada.said("hi")
	for i := 0; ; i++ {
		ref := ada.do("react", to(hi), map[string]any{"emoji": "👍", "undo": i%2 == 1})
		f := ada.next("log", "refused")
		if f.Type == "refused" && f.Ref == ref {
			if f.Why != "slow_down" || f.RetryMS == 0 || i < messageBurst-2 {
				t.Errorf("reaction %d: %+v", i, f)
			}
			return
		}
		if i > 3*messageBurst {
			t.Fatal("reactions are not limited")
		}
	}
}
