package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestKeyboardOnly has a guest without a mouse.
func TestKeyboardOnly(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	room.sayAll("Rob", numbered("line %d", 0, 15)...)
	room.sayAll("Rob", "a link http://example.com/", strings.Join(numbered("%d", 0, 60), "\n"))
	ada := shared.br.Phone(t, "Ada", Large)
	ada.Goto(room.url)
	ada.waitIn()

	// Once around with Tab, and everything is reached, and seen to be.
	reached := ada.tabAround(kb.Tab)
	want := []string{"people", "menu", "conversation", "a", "more", "name", "text", "send"}
	if !slices.Equal(reached, want) {
		t.Errorf("Tab leads Ada to %q, not to %q", reached, want)
	}
	back := ada.tabAround(kb.Tab, chromedp.ModifierShift)
	slices.Reverse(back)
	if !slices.Equal(back, want) {
		t.Errorf("Shift+Tab leads Ada, read backwards, to %q, not to %q", back, want)
	}

	ada.tabTo("people")
	ada.Press(kb.Enter)
	ada.Until("the list of guests", `!document.querySelector('#guests').hidden`)
	ada.Press(kb.Escape)
	ada.Until("no list, and the cursor back", `document.querySelector('#guests').hidden && document.activeElement.id === 'people'`)

	ada.tabTo("name")
	ada.Press(kb.Enter)
	ada.Until("the line for the name", `document.activeElement.id === 'new-name'`)
	ada.Press("Nobody" + kb.Escape)
	ada.Until("no line for the name, and the cursor back", `document.querySelector('#rename').hidden && document.activeElement.id === 'name'`)
	if name := See[string](ada, `document.querySelector('#name bdi').textContent`); name == "Nobody" {
		t.Error("Ada gave up her new name with Escape and got it")
	}
	ada.Press(kb.Enter)
	ada.Until("the line for the name", `document.activeElement.id === 'new-name'`)
	ada.Press("Ada" + kb.Enter)
	ada.Until("the new name", `document.querySelector('#name bdi').textContent === 'Ada'`)

	ada.tabTo("text")
	ada.Press("one" + kb.Enter)
	ada.Press("two")
	ada.tabTo("send")
	ada.Press(" ")
	ada.Until("the cursor back in the line to write in", `document.activeElement.id === 'text'`)
	ada.Press("three")
	ada.Press(kb.Enter, chromedp.ModifierShift)
	ada.Press("lines" + kb.Enter)
	ada.Sees("one")
	ada.Sees("two")
	ada.Sees("three\nlines")
	ada.SeesSent()

	ada.tabTo("conversation")
	ada.Press(kb.Home)
	ada.Until("the way back down", `!document.querySelector('#jump').hidden`)
	ada.Still()
	ada.tabTo("jump", chromedp.ModifierShift) // forwards there is a link, which would come into sight
	ada.Press(kb.Enter)
	ada.Until("the end of the conversation", atEnd)
}

// focused names what has the cursor: its id, or its class, or its kind.
const focused = `(({id, className, localName}) => id || className || localName)(document.activeElement)`

// tabAround presses Tab until it has come around, and returns where it led. It
// complains about what does not show that it has the cursor.
func (p *Phone) tabAround(keys string, modifiers ...chromedp.Modifier) (reached []string) {
	p.t.Helper()
	See[bool](p, `document.activeElement.blur() || getSelection().removeAllRanges() || true`)
	for range 30 {
		p.Press(keys, modifiers...)
		at := See[string](p, focused)
		if at == "body" || at == "shell" || slices.Contains(reached, at) {
			break
		}
		reached = append(reached, at)
		if !See[bool](p, `(({outlineStyle, outlineWidth}) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2)(getComputedStyle(document.activeElement))`) {
			p.t.Errorf("%s cannot see that the cursor is at %s", p.Guest, at)
		}
	}
	return reached
}

// tabTo presses Tab until it is there.
func (p *Phone) tabTo(id string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	for range 30 {
		if See[string](p, focused) == id {
			return
		}
		p.Press(kb.Tab, modifiers...)
	}
	p.t.Fatalf("%s does not reach %s with Tab\n%s", p.Guest, id, p.Screen())
}

// TestScreenReader looks at the page as a screen reader gets it.
func TestScreenReader(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", numbered("history %d", 0, 250)...)
	ada := shared.br.Phone(t, "Ada", Small)
	// What is added to the log, and whether it is read aloud.
	ada.Before(`addEventListener('DOMContentLoaded', () => {
		window.heard = [];
		const log = document.querySelector('#log');
		new MutationObserver((changes) => {
			for (const {addedNodes} of changes) for (const node of addedNodes)
				heard.push([log.getAttribute('aria-live'), node.querySelector('.text').textContent]);
		}).observe(log, {childList: true});
	})`)
	ada.Goto(room.url)
	ada.waitIn()
	ada.Sees("history 249")
	aloud := `heard.filter(([live]) => live !== 'off').map(([, text]) => text)`
	ada.Until("a log that is read aloud from now on", `document.querySelector('#log').getAttribute('aria-live') === 'polite'`)
	room.sayAll("Rob", "live 1")
	ada.Sees("live 1")
	ada.Say("my own")
	ada.SeesSent()
	n := len(ada.Messages())
	See[int](ada, `document.querySelector('#conversation').scrollTop = 200`)
	ada.Until("older messages", fmt.Sprintf(`document.querySelectorAll('#log > .message').length > %d`, n))
	ada.Until("a log that is read aloud again", `document.querySelector('#log').getAttribute('aria-live') === 'polite'`)
	room.sayAll("Rob", "live 2")
	ada.Sees("live 2")
	heard := See[[]string](ada, aloud)
	if !slices.Equal(slices.DeleteFunc(heard, func(s string) bool { return s == "my own" }), []string{"live 1", "live 2"}) {
		t.Errorf("what Ada's screen reader reads aloud: %q; the history should not be, what is said now should", heard)
	}

	ada.named()
	ada.Tap("#people")
	ada.named()
	ada.Tap("#people")
	ada.Tap("#name")
	ada.named()
	roles := ada.roles()
	for _, role := range []string{"log", "main", "banner", "contentinfo", "heading"} {
		if len(roles[role]) == 0 {
			t.Errorf("a screen reader finds no %s in the page", role)
		}
	}
	if !slices.ContainsFunc(roles["image"], func(name string) bool { return name == "Sent" }) {
		t.Errorf("a screen reader is not told that the own message is sent; the images are %q", roles["image"])
	}
}

// roles returns the names of what a screen reader finds, by role. What is inside
// a button is part of it.
func (p *Phone) roles() map[string][]string {
	p.t.Helper()
	nodes := tell(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	inButton := make(map[accessibility.NodeID]bool)
	found := make(map[string][]string)
	for _, n := range nodes { // parents come before their children
		role := stringOf(n.Role)
		for _, child := range n.ChildIDs {
			inButton[child] = role == "button" || inButton[n.NodeID]
		}
		if !n.Ignored && !inButton[n.NodeID] {
			found[role] = append(found[role], strings.TrimSpace(stringOf(n.Name)))
		}
	}
	return found
}

// named checks that whatever can be used has a name.
func (p *Phone) named() {
	p.t.Helper()
	roles := p.roles()
	for _, role := range []string{"button", "textbox", "link", "log", "region", "image", "heading", "group"} {
		for _, name := range roles[role] {
			if name == "" {
				p.t.Errorf("a screen reader finds a %s without a name; all of them: %q", role, roles[role])
			}
		}
	}
	if len(roles["button"]) < 3 || len(roles["textbox"]) < 1 {
		p.t.Errorf("a screen reader finds these buttons: %q, these places to write: %q", roles["button"], roles["textbox"])
	}
}

func stringOf(v *accessibility.Value) (s string) {
	if v != nil {
		json.Unmarshal(v.Value, &s)
	}
	return s
}
