package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// ruler is a host at work, without a page.
type ruler struct {
	t    testing.TB
	conn *websocket.Conn
	n    int
}

// ruler opens a host's session.
func (r *room) ruler() *ruler {
	r.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm("http://"+r.chatd.Addr+"/host", url.Values{"code": {hostCode}})
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	if len(resp.Cookies()) == 0 {
		r.t.Fatalf("the host's door says %s", resp.Status)
	}
	header := http.Header{"Cookie": {resp.Cookies()[0].Name + "=" + resp.Cookies()[0].Value}}
	dialer := websocket.Dialer{Subprotocols: []string{"warren.v1"}}
	conn, _, err := dialer.Dial("ws://"+r.chatd.Addr+"/websocket", header)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	h := &ruler{t: r.t, conn: conn}
	h.write(map[string]any{"type": "hello", "device": "the-device-of-the-host", "name": "Gail", "history": 0})
	go func() { // what comes is read, so that the room need not wait
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	return h
}

// does does something that only hosts can.
func (h *ruler) does(verb string, fields map[string]any) {
	h.t.Helper()
	frame := map[string]any{"type": "host", "ref": fmt.Sprintf("host-%s-%d", verb, h.n), "verb": verb}
	h.n++
	for key, value := range fields {
		frame[key] = value
	}
	h.write(frame)
}

func (h *ruler) write(frame any) {
	h.t.Helper()
	if err := h.conn.WriteJSON(frame); err != nil {
		h.t.Fatal(err)
	}
}

type fields = map[string]any

// offsetOf is where a message that a guest sees stands.
func (p *Phone) offsetOf(text string) (offset int64) {
	p.t.Helper()
	fmt.Sscanf(p.At(text), `#log > [data-offset="%d"]`, &offset)
	return offset
}

// TestHiddenAndCleared has a host who hides a message, clears the room, and takes it back.
func TestHiddenAndCleared(t *testing.T) {
	room := onRabbitMQ(t, "-host-code", hostCode)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Large)
	guests := []*Phone{ada, bob}
	host := room.ruler()
	bob.Say("good")
	bob.Say("bad")
	ada.React("bad", "😮")
	bob.SeesChips("bad", "😮 1")
	const hidden = "The host has hidden this message."
	host.does("hide", fields{"to": ada.offsetOf("bad")})
	for _, p := range guests {
		p.SeesExactly("good", hidden)
		if See[bool](p, `document.body.innerHTML.includes('>bad<')`) {
			t.Errorf("%s's page still holds what was hidden", p.Guest)
		}
	}
	late := room.enter("Cleo", Small)
	late.SeesExactly("good", hidden)
	// A name may be what was not wanted.
	for _, p := range []*Phone{ada, late} {
		p.Until("nobody's name at what is hidden", fmt.Sprintf(`((m) => m.querySelector('.who').innerText.startsWith('somebody') && !m.outerHTML.includes('Bob'))(%s)`, found(hidden)))
		p.fits()
	}
	ada.canBeRead("with a hidden message")
	ada.Shot("talk-hidden-phone")
	if n := See[int](ada, `fetch('/basic').then((page) => page.text()).then((page) => page.split('<bdi>Bob').length - 1)`); n != 1 {
		t.Errorf("/basic has Bob's name %d times, for the one message that can be seen", n)
	}
	host.does("hide", fields{"to": ada.offsetOf(hidden), "undo": true})
	for _, p := range append(guests, late) {
		p.SeesExactly("good", "bad")
		if p != bob {
			p.Until("the name again, once for both", fmt.Sprintf(`%s.querySelector('.who bdi').textContent === 'Bob' && document.querySelectorAll('#log .first').length === 1`, found("bad")))
		}
		p.SeesChips("bad", "😮 1")
	}

	// Somebody is away while it is cleared.
	dan, link := room.linked("Dan", Small)
	dan.SeesExactly("good", "bad")
	link.Cut()
	dan.SeesStatus("You are offline")
	host.does("clear", nil)
	bob.Until("an empty room, and why", `document.querySelector('#empty').checkVisibility() && document.querySelector('#empty').textContent.includes('cleared')`)
	bob.Shot("talk-cleared-laptop")
	ada.SeesExactly()
	bob.Say("fresh")
	for _, p := range append(guests, late) {
		p.SeesExactly("fresh")
	}
	link.Mend()
	dan.SeesExactly("fresh")
	ada.Reload()
	ada.waitIn()
	ada.SeesExactly("fresh")
	ada.SeesSent()

	host.does("clear", fields{"undo": true})
	for _, p := range append(guests, late, dan) {
		p.SeesExactly("good", "bad", "fresh")
		p.Until("no word of a clearing", `!document.querySelector('.divider.gap')`)
	}
	ada.Reload()
	ada.waitIn()
	ada.SeesExactly("good", "bad", "fresh")
	room.enter("Eve", Small).SeesExactly("good", "bad", "fresh")
}

// TestPinAndTitle has a host who announces something, and gives the room a name.
func TestPinAndTitle(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-host-code", hostCode)
	ada := room.enter("Ada", Small)
	ada.Say("hello")
	ada.SeesSent()
	host := room.ruler()
	host.does("title", fields{"text": "Burrow 7"})
	ada.Until("the title", `document.querySelector('h1').textContent === 'Burrow 7' && document.title === 'Burrow 7'`)
	host.does("pin", fields{"text": "Coffee at ten, in the hall. Slides: http://example.com/"})
	shown := `document.querySelector('#pin p').checkVisibility() && document.querySelector('#pin p').textContent`
	ada.Until("the announcement", shown+`.startsWith('Coffee at ten') && document.querySelector('#pin a').href === 'http://example.com/'`)
	for _, scheme := range []string{"light", "dark"} {
		ada.Prefer("prefers-color-scheme", scheme)
		ada.canBeRead(scheme + ", with an announcement")
		ada.lookIsRight(scheme + ", with an announcement")
		ada.Shot("talk-pin-phone-" + scheme)
	}
	// Folded away, it stays so.
	ada.Tap("#pin summary")
	ada.Until("it folded away", `!document.querySelector('#pin p').checkVisibility() && document.querySelector('#pin').checkVisibility()`)
	ada.Shot("talk-pin-folded-phone")
	ada.Reload()
	ada.waitIn()
	ada.Until("it folded away, still", `!document.querySelector('#pin p').checkVisibility() && document.querySelector('#pin').checkVisibility()`)
	bob := room.enter("Bob", Large)
	bob.Until("the announcement", shown+`.startsWith('Coffee at ten')`)
	bob.Shot("talk-pin-laptop")
	host.does("pin", fields{"text": "Coffee at eleven"})
	ada.Until("another one, in full", shown+` === 'Coffee at eleven'`)
	host.does("pin", fields{"text": ""})
	host.does("title", fields{"text": ""})
	ada.Until("none, and the title as it was", `!document.querySelector('#pin').checkVisibility() && document.querySelector('h1').textContent === 'rabbit'`)
}

// TestSlowMode has a host who slows people down.
func TestSlowMode(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-host-code", hostCode)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	room.ruler().does("slow", fields{"seconds": 3})
	ada.Until("that she can write every 3 seconds", `document.querySelector('#text').placeholder === 'One message every 3 s'`)
	ada.Shot("talk-slow-empty-phone")
	ada.Say("the first")
	bob.Sees("the first")
	ada.Write("the second")
	ada.Until("how long to wait", `/^Next message in \d s$/.test(document.querySelector('#counter').textContent)`)
	ada.Shot("talk-slow-phone")
	ada.Tap("#send")
	if text := See[string](ada, `document.querySelector('#text').value`); text != "the second" {
		t.Errorf("Ada has to wait, and of what she writes %q is left", text)
	}
	ada.Until("that she need not wait any more", `document.querySelector('#counter').textContent === ''`)
	ada.Tap("#send")
	bob.SeesExactly("the first", "the second")
}

// TestLockedAndOff has a host who lets nobody write.
func TestLockedAndOff(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-host-code", hostCode)
	ada, link := room.linked("Ada", Small)
	bob := room.enter("Bob", Large)
	ada.Say("before")
	bob.At("before")
	host := room.ruler()
	ada.Write("half a thought")
	link.Cut()
	ada.SeesStatus("You are offline")
	ada.Press(" more")
	ada.Tap("#send")
	ada.Write("a draft")

	host.does("lock", nil)
	closed := `!document.querySelector('#composer').checkVisibility() && document.querySelector('#closed').checkVisibility() && document.querySelector('#closed').textContent.includes(%s)`
	bob.Until("why he cannot write", fmt.Sprintf(closed, quote("Only the host can write now.")))
	bob.Shot("talk-locked-laptop")
	bob.Open("before")
	if n := See[int](bob, `document.querySelectorAll('.actions button').length`); n > 0 {
		t.Errorf("the room is locked, and Bob is offered %d things to do", n)
	}
	link.Mend()
	ada.Until("why she cannot write", fmt.Sprintf(closed, quote("Only the host can write now.")))
	ada.SeesPending("half a thought more")
	host.write(fields{"type": "say", "ref": "host-says", "text": "quiet, please"})
	bob.Sees("quiet, please")

	host.does("off", fields{"text": "We go on at nine."})
	for _, p := range []*Phone{ada, bob} {
		p.Until("the notice", fmt.Sprintf(closed, quote("We go on at nine.")))
	}
	ada.canBeRead("with a notice")
	ada.Shot("talk-off-phone")
	ada.Reload()
	ada.Until("the notice", fmt.Sprintf(closed, quote("We go on at nine.")))
	host.does("off", fields{"undo": true})
	ada.Until("why she cannot write", fmt.Sprintf(closed, quote("Only the host can write now.")))
	host.does("lock", fields{"undo": true})
	ada.Until("the line to write in, and what she wrote", `document.querySelector('#composer').checkVisibility() && document.querySelector('#text').value === 'a draft'`)
	// What waited goes out now.
	bob.SeesExactly("before", "quiet, please", "half a thought more")
	ada.SeesSent()
}

// TestKicked has a host who sends somebody out.
func TestKicked(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-host-code", hostCode)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	excuseLostLine(bob)
	bob.Say("something bad")
	ada.Sees("something bad")
	host := room.ruler()
	who := See[string](ada, `document.querySelector('#log > .message').record.from.id`)
	host.does("kick", fields{"who": who, "name": "Bob"})
	out := `document.querySelector('#closed').checkVisibility() && document.querySelector('#closed').textContent.startsWith('The host has sent you out.') && document.querySelector('#again').checkVisibility()`
	bob.Until("that he is sent out", out)
	bob.SeesStatus("")
	bob.canBeRead("sent out")
	bob.fits()
	bob.Shot("talk-kicked-phone")
	ada.seesCount(2) // the host is there, too
	See[bool](bob, `(window.opened = 0, WebSocket = class extends WebSocket { constructor(...a) { super(...a); opened++; } }, true)`)
	bob.Tap("#again")
	bob.Until("that he tried once more", `opened === 1`)
	bob.Until("that he is sent out, still", out)
}

// TestErased has a host who erases everything: nothing of it is offered again,
// neither by who is here, nor by who comes back, nor after a reload.
func TestErased(t *testing.T) {
	room := onRabbitMQ(t, "-host-code", hostCode)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	cleo, link := room.linked("Cleo", Large)
	excuseLostLine(ada, bob)
	host := room.ruler()
	for _, p := range []*Phone{ada, bob, cleo} {
		p.Say("a secret of " + p.Guest)
		p.SeesSent()
	}
	ada.React("a secret of Bob", "👀")
	bob.SeesChips("a secret of Bob", "👀 1")
	link.Cut()
	cleo.SeesStatus("You are offline")
	cleo.React("a secret of Bob", "😂")
	cleo.Act("a secret of Bob", "reply")
	cleo.Say("written before")
	cleo.SeesPending("written before")
	bob.Goto("about:blank")

	host.does("erase", nil)
	ada.Until("a word that it was emptied", `document.querySelector('#empty').checkVisibility() && document.querySelector('#empty').textContent.includes('begins afresh')`)
	ada.Shot("talk-erased-phone")
	ada.Say("a new beginning")
	ada.SeesExactly("a new beginning")
	ada.SeesSent()
	link.Mend()
	bob.Goto(room.url)
	bob.waitIn()
	cleo.SeesStatus("")
	for _, p := range []*Phone{ada, bob, cleo} {
		p.SeesExactly("a new beginning", "written before")
		p.SeesSent()
		if See[bool](p, `Boolean(document.querySelector('.chip, .quote')) || JSON.stringify(localStorage).includes('secret')`) {
			t.Errorf("something of before is left in the page of %s: %s", p.Guest, strings.Join(p.Texts(), ", "))
		}
	}
}
