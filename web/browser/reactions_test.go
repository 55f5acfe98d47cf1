package browser

import (
	"fmt"
	"strings"
	"testing"
)

// TestReactions has three guests who react to what is said.
func TestReactions(t *testing.T) {
	room := onRabbitMQ(t)
	ada, bob, eve := room.enter("Ada", Small), room.enter("Bob", Small), room.enter("Eve", Large)
	bob.Say("Carrots at nine?")
	bob.Say("Bring a friend.")
	ada.Sees("Bring a friend.")

	at := ada.Open("Carrots at nine?")
	ada.Until("the full time, too", fmt.Sprintf(`document.querySelector('%s .when').textContent.includes(String(new Date().getFullYear()))`, at))
	ada.fits()
	ada.lookIsRight("with a row of emoji")
	ada.Shot("talk-actions-phone-light")
	ada.Prefer("prefers-color-scheme", "dark")
	ada.canBeRead("dark, with a row of emoji")
	ada.Shot("talk-actions-phone-dark")
	ada.Tap(at + ` .actions [data-emoji="👍"]`)
	eve.React("Carrots at nine?", "👍")
	eve.React("Carrots at nine?", "🎉")
	for _, p := range []*Phone{ada, bob, eve} {
		p.SeesChips("Carrots at nine?", "👍 2", "🎉 1")
		p.SeesChips("Bring a friend.")
	}
	names := See[string](ada, `document.querySelector('.chip').getAttribute('aria-label')`)
	if !strings.Contains(names, "You") || !strings.Contains(names, "Eve") || strings.Contains(names, "Bob") {
		t.Errorf("of who reacted, Ada's screen reader says %q", names)
	}
	ada.lookIsRight("with reactions")
	ada.canBeRead("dark, with reactions")
	ada.Shot("talk-reactions-phone-dark")
	ada.Prefer("prefers-color-scheme", "light")
	ada.canBeRead("light, with reactions")
	ada.Shot("talk-reactions-phone-light")
	eve.Shot("talk-reactions-laptop")
	if h := See[float64](ada, `document.querySelector('.chip').getBoundingClientRect().height`); h < 44 {
		t.Errorf("a reaction is %v pixels high: too small for a finger", h)
	}

	// A tap on a chip joins in, another takes it back.
	bob.Tap(`.chip[data-emoji="🎉"]`)
	ada.SeesChips("Carrots at nine?", "👍 2", "🎉 2")
	bob.Tap(`.chip[data-emoji="🎉"]`)
	ada.Tap(`.chip[data-emoji="👍"]`)
	for _, p := range []*Phone{ada, bob, eve} {
		p.SeesChips("Carrots at nine?", "👍 1", "🎉 1")
	}
	// Who comes now, and through another door, sees the same.
	late := another(t).enter("Dora", Small)
	late.SeesChips("Carrots at nine?", "👍 1", "🎉 1")
	ada.Reload()
	ada.waitIn()
	ada.SeesChips("Carrots at nine?", "👍 1", "🎉 1")
	if pressed := See[string](eve, `[...document.querySelectorAll('.chip')].map((c) => c.getAttribute('aria-pressed')).join()`); pressed != "true,true" {
		t.Errorf("Eve sees as her own reactions: %s", pressed)
	}
}

// TestReactionsOlder has reactions to what scrolled out of sight long ago.
func TestReactionsOlder(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	ada := room.enter("Ada", Small)
	ada.Say("the very first")
	at := ada.At("the very first")
	room.sayAll("Rob", numbered("line %d", 0, 1100)...)
	ada.Until("the first one gone from the page", fmt.Sprintf(`!document.querySelector('%s')`, at))
	var offset int
	fmt.Sscanf(at, `#log > [data-offset="%d"]`, &offset)
	bob := room.enter("Bob", Small)
	// As a client of another make does it.
	answer := See[string](bob, fmt.Sprintf(`new Promise((done) => {
		const line = new WebSocket('ws://' + location.host + '/websocket', 'warren.v1');
		line.onopen = () => line.send(JSON.stringify({type: 'hello', device: 'device-of-another-make', name: 'Zoe', history: 0}));
		line.onmessage = ({data}) => {
			const {type, records = []} = JSON.parse(data);
			if (type === 'welcome') line.send(JSON.stringify({type: 'react', ref: 'one', to: %d, emoji: '👀'}));
			if (records.some(({ref}) => ref === 'one') || type === 'refused' || type === 'bye') done(data);
		};
	})`, offset))
	if !strings.Contains(answer, "reaction") {
		t.Fatal(answer)
	}
	for range 30 {
		if See[bool](ada, fmt.Sprintf(`Boolean(document.querySelector('%s'))`, at)) {
			break
		}
		See[int](ada, `document.querySelector('#conversation').scrollTop = 0`)
		ada.Still()
	}
	ada.SeesChips("the very first", "👀 1")
}

// TestReactionsHold has a reader further up, who is not moved when others react.
func TestReactionsHold(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-message-rate", "0")
	room.sayAll("Rob", numbered("line %d", 0, 60)...)
	ada, bob := room.enter("Ada", Small), room.enter("Bob", Small)
	ada.Scroll(-700)
	where := `document.querySelector('` + ada.At("line 45") + `').getBoundingClientRect().top`
	before := See[float64](ada, where)
	See[int](bob, `document.querySelector('#conversation').scrollTop = 0`)
	bob.Still()
	for _, text := range []string{"line 2", "line 3"} {
		bob.React(text, "👍")
		ada.SeesChips(text, "👍 1")
	}
	if after := See[float64](ada, where); after < before-2 || after > before+2 {
		t.Errorf("Ada reads further down, and is moved by %v pixels when others react", after-before)
	}
}

// TestOfflineDeeds has a guest who reacts, writes, edits and deletes while there is
// no line. All of it is shown at once, waits, and comes once and in order.
func TestOfflineDeeds(t *testing.T) {
	room := onRabbitMQ(t)
	ada, link := room.linked("Ada", Small)
	bob := room.enter("Bob", Small)
	bob.Say("Who is there?")
	ada.Say("mee")
	ada.Say("not me")
	bob.At("not me")
	ada.SeesSent()
	link.Cut()
	ada.SeesStatus("You are offline")

	ada.React("Who is there?", "😂")
	ada.React("Who is there?", "🎉")
	ada.Tap(`.chip[data-emoji="🎉"]`) // and takes it back
	ada.Say("I am back soon")
	ada.Act("mee", "change")
	ada.Until("the text to be changed", `document.querySelector('#text').value === 'mee'`)
	See[bool](ada, `document.querySelector('#text').select() || true`)
	ada.Press("me")
	ada.Tap("#send")
	ada.Act("not me", "remove")
	ada.Tap(`[data-act=remove]`) // really
	ada.Until("the reaction as waiting", `document.querySelector('.chip.unsure[data-emoji="😂"]') && !document.querySelector('.chip[data-emoji="🎉"]')`)
	ada.SeesPending("I am back soon", "me", "This message was deleted.")
	ada.Shot("talk-offline-phone")
	see := `window.chips = new Set(); new MutationObserver(() => document.querySelectorAll('.chip').forEach((c) => chips.add(c.textContent)))
		.observe(document.querySelector('#log'), {subtree: true, childList: true}), true`
	See[bool](bob, see)

	// What waits survives this, too: the page goes elsewhere and comes back.
	ada.Goto("about:blank")
	link.Mend()
	ada.Goto(link.URL())
	for _, p := range []*Phone{ada, bob} {
		p.SeesChips("Who is there?", "😂 1")
		p.SeesExactly("Who is there?", "me", "This message was deleted.", "I am back soon")
		p.SeesSent()
	}
	if chips := See[[]string](bob, `[...chips]`); strings.Join(chips, ",") != "😂 1" {
		t.Errorf("on the way Bob has seen the reactions %q", chips)
	}
}
