package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// kinds are the devices on which pages are looked at, and schemes what a guest's
// system may ask for.
var (
	kinds   = map[string]Device{"phone": Small, "laptop": Large}
	schemes = []string{"light", "dark"}
)

// onEach runs a test on each kind of device, in light and in dark.
func onEach(t *testing.T, test func(t *testing.T, p *Phone)) {
	for kind, d := range kinds {
		for _, scheme := range schemes {
			t.Run(kind+" "+scheme, func(t *testing.T) {
				p := shared.br.Phone(t, "Ada", d)
				p.Prefer("prefers-color-scheme", scheme)
				test(t, p)
			})
		}
	}
}

// TestAxeOfPages has axe-core look at the pages that need no JavaScript, and the
// wall.
func TestAxeOfPages(t *testing.T) {
	t.Parallel()
	room := inProcess(t, append(hosted(t), "-wifi-name", "rabbit", "-wifi-passphrase", "carrots and peas")...)
	nobody := inProcess(t, "-host-code", "none")
	room.sayAll("Rob", "Is anybody here?", "🥕🥕")
	onEach(t, func(t *testing.T, ada *Phone) {
		for _, path := range []string{"basic", "status", "poster", "host"} {
			ada.Goto(room.url + path)
			ada.Accessible("/" + path)
		}
		ada.entersCode("wrong-wrong")
		ada.Until("that the code was wrong", `document.querySelector('[role=alert]')`)
		ada.Accessible("the host's door after a wrong code")
		ada.Excuse("Failed to load resource") // 403, as it should be; and 404 where nobody can be the host
		ada.Goto(nobody.url + "host")
		ada.Accessible("the host's door without a code")
		ada.Goto(room.url + "wall")
		ada.waitForWall()
		ada.Until("a wall that stands still", `document.getAnimations().length === 0`)
		ada.Accessible("/wall")
	})
}

// TestAxeOfRoom has axe-core look at the conversation, and at all that can be
// opened over it.
func TestAxeOfRoom(t *testing.T) {
	t.Parallel()
	room := inProcess(t, append(hosted(t), "-wifi-name", "rabbit", "-wifi-passphrase", "carrots and peas")...)
	room.sayAll("Rob", "Is anybody here?", "a link http://example.com/", strings.Join(numbered("%d", 0, 60), "\n"), "🥕🥕")
	onEach(t, func(t *testing.T, ada *Phone) {
		ada.Goto(room.url)
		ada.waitIn()
		text := "I am. " + t.Name()
		ada.Say(text)
		ada.At(text)
		ada.React(text, "👍")
		ada.SeesChips(text, "👍 1")
		ada.Accessible("a conversation")
		ada.Act(text, "reply")
		ada.Write("An answer")
		ada.Accessible("an answer")
		ada.Press(kb.Enter)
		ada.Open(text)
		ada.Accessible("what can be done with a message")
		ada.Press(kb.Escape)
		for _, button := range []string{"people", "menu"} {
			ada.Tap("#" + button)
			ada.Accessible("with #" + button)
			ada.Tap("#" + button)
		}
		for act, dialog := range map[string]string{"invite": "invite", "help": "keys"} {
			ada.Tap("#menu")
			ada.Tap("#options [data-act=" + act + "]")
			ada.Until("the window", fmt.Sprintf(`document.querySelector('#%s').open`, dialog))
			ada.Accessible("the window " + dialog)
			ada.Press(kb.Escape)
		}
		ada.Tap("#menu")
		ada.Tap("#options [data-act=search]")
		ada.Until("the line to search in", `document.activeElement.id === 'query'`)
		ada.Press("link")
		ada.Until("what was found", `document.querySelector('#found').textContent`)
		ada.Accessible("a search")
		ada.Press(kb.Escape)
		ada.Tap("#name")
		ada.Accessible("the line for the name")
	})
}

// TestAxeOfHost has axe-core look at the host's page, and at each of its sheets.
func TestAxeOfHost(t *testing.T) {
	t.Parallel()
	room := inProcess(t, append(hosted(t), "-wifi-name", "rabbit", "-wifi-passphrase", "carrots and peas")...)
	room.sayAll("Rob", "Is anybody here?", "🥕🥕")
	onEach(t, func(t *testing.T, ada *Phone) {
		ada.Goto(room.url + "host")
		ada.entersCode(codeTyped)
		ada.hosts()
		ada.Accessible("the host's page")
		ada.eachSheet(func(sheet string) { ada.Accessible("the sheet " + sheet) })
	})
}

// eachSheet opens each sheet of the host's page, one after another.
func (p *Phone) eachSheet(look func(sheet string)) {
	p.t.Helper()
	p.opens("acts", p.row("Is anybody here?"))
	look("acts")
	p.shut()
	for _, sheet := range [][2]string{{"lately", "#open-lately"}, {"persons", "#open-people"}, {"room", "#open-room"}} {
		p.opens(sheet[0], sheet[1])
		look(sheet[0])
		p.shut()
	}
	for _, sheet := range [][2]string{{"ask", "#set-off"}, {"ask", "#set-title"}, {"ask", "#set-pin"}, {"unwanted", "#set-words"}, {"ask", "#clear"}, {"ask", "#erase"}, {"invite", "#open-invite"}, {"export", "#open-export"}} {
		p.opens("room", "#open-room")
		See[bool](p, fmt.Sprintf(`(document.querySelector(%s).scrollIntoView({block: 'center'}), true)`, quote(sheet[1])))
		p.opens(sheet[0], sheet[1])
		look(sheet[0] + " of " + sheet[1])
		p.shut()
	}
}

// TestConversationByKeyboard has a guest who comes in, and does all that a guest
// can do, without a mouse.
func TestConversationByKeyboard(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-wifi-name", "rabbit", "-wifi-passphrase", "carrots and peas")
	bob := room.enter("Bob", Small)
	bob.Say("Is anybody here?")
	bob.SeesSent()
	ada := shared.br.Phone(t, "Ada", Large)
	ada.Goto(room.url)
	ada.waitIn()
	ada.Sees("Is anybody here?")

	// A name.
	ada.tabTo("name")
	ada.Press(kb.Enter)
	ada.Until("the line for the name", `document.activeElement.id === 'new-name'`)
	ada.Press("Ada" + kb.Enter)
	ada.Until("the cursor in the line to write in", `document.activeElement.id === 'text'`)
	ada.Press("I am" + kb.Enter)
	bob.Sees("I am")

	// A mistake is put right, from the empty line.
	ada.Until("the message, sent", `document.querySelector('.message.own[data-state=sent]')`)
	ada.Press(kb.ArrowUp)
	ada.Until("the own words in the line", `document.querySelector('#text').value === 'I am'`)
	ada.Press(kb.End + "!" + kb.Enter)
	bob.Sees("I am!")

	// A reaction to what Bob said, and an answer to it.
	ada.tabTo("conversation", chromedp.ModifierShift)
	ada.Press(kb.ArrowUp)
	ada.Press(kb.ArrowUp)
	ada.Until("the cursor at what Bob said", found("Is anybody here?")+` === document.activeElement`)
	ada.Press(kb.Enter)
	ada.Until("the cursor at the first emoji", `document.activeElement.matches('.actions .face')`)
	ada.Press(" ")
	bob.Until("Ada's reaction", found("Is anybody here?")+`.querySelector('.chip')`)
	ada.Until("the cursor back at what Bob said", found("Is anybody here?")+` === document.activeElement`)
	ada.Key("r")
	ada.Until("the cursor in the line, and what is answered", `document.activeElement.id === 'text' && !document.querySelector('#about').hidden`)
	ada.Press("Since noon" + kb.Enter)
	bob.Until("the answer", found("Since noon")+`?.querySelector('.quote')`)

	// A search, from the menu, and the window with the codes.
	ada.tabTo("menu", chromedp.ModifierShift)
	ada.Press(kb.Enter)
	ada.tabToAct("search")
	ada.Press(kb.Enter)
	ada.Until("the line to search in", `document.activeElement.id === 'query'`)
	ada.Press("anybody")
	ada.Until("what was found", found("Is anybody here?")+`.classList.contains('lit')`)
	ada.Press(kb.Escape)
	ada.Until("no search", `document.querySelector('#search').hidden`)
	ada.tabTo("menu", chromedp.ModifierShift)
	ada.Press(kb.Enter)
	ada.tabToAct("invite")
	ada.Press(kb.Enter)
	ada.Until("the codes", `document.querySelector('#invite').open`)
	ada.Press(kb.Escape)
	ada.Until("no codes", `!document.querySelector('#invite').open`)

	// What was said is taken back.
	ada.tabTo("conversation", chromedp.ModifierShift)
	ada.Press(kb.ArrowUp)
	ada.Until("the cursor at the answer", found("Since noon")+` === document.activeElement`)
	ada.Press(kb.Enter)
	ada.Until("the cursor at the first emoji", `document.activeElement.matches('.actions .face')`)
	ada.tabToAct("remove")
	ada.Press(kb.Enter)
	ada.Press(kb.Enter) // yes, really
	bob.Until("the answer gone", `!(`+found("Since noon")+`)`)
}

// tabToAct presses Tab until the cursor is at what does something.
func (p *Phone) tabToAct(act string) {
	p.t.Helper()
	for range 30 {
		if See[bool](p, fmt.Sprintf(`document.activeElement.dataset.act === %s`, quote(act))) {
			return
		}
		p.Press(kb.Tab)
	}
	p.t.Fatalf("%s does not reach %s with Tab\n%s", p.Guest, act, p.Screen())
}

// TestLargeText has guests and a host who read large print: twice as large.
func TestLargeText(t *testing.T) {
	t.Parallel()
	room := inProcess(t, append(hosted(t), "-wifi-name", "rabbit", "-wifi-passphrase", "carrots and peas")...)
	room.sayAll("Rob", "Is anybody here?")
	ada := shared.br.Phone(t, "Ada", Small)
	ada.Before(`addEventListener('DOMContentLoaded', () => (document.documentElement.style.fontSize = '200%'))`)
	ada.Goto(room.url)
	ada.waitIn()
	ada.Say("I am.")
	ada.At("I am.")
	ada.lookIsRight("text at 200 %")
	ada.Open("Is anybody here?")
	ada.readable("what can be done with a message")
	ada.Press(kb.Escape)
	ada.Tap("#menu")
	ada.readable("the menu")
	ada.Shot("large-text-menu")
	ada.Tap("#options [data-act=invite]")
	ada.Until("the codes", `document.querySelector('#invite').open`)
	ada.readable("the codes")
	ada.Press(kb.Escape)
	ada.Tap("#menu")
	ada.Tap("#options [data-act=search]")
	ada.Until("the line to search in", `document.activeElement.id === 'query'`)
	ada.Press("am")
	ada.readable("a search")
	ada.Shot("large-text-search")

	for _, path := range []string{"basic", "status", "poster", "host"} {
		ada.Goto(room.url + path)
		ada.readable("/" + path)
	}
	ada.entersCode(codeTyped)
	ada.hosts()
	ada.readable("the host's page")
	ada.Shot("large-text-host")
	ada.eachSheet(func(sheet string) {
		ada.readable("the sheet " + sheet)
		if sheet == "room" {
			ada.Shot("large-text-host-room")
		}
	})
}

// readable complains about what is wider than the screen, and about buttons and
// headings that are cut off or lie over each other.
func (p *Phone) readable(where string) {
	p.t.Helper()
	p.fits()
	for _, wrong := range See[[]string](p, `(() => {
		const wrong = [];
		const open = document.querySelector('dialog[open]');
		const all = [...(open || document).querySelectorAll('button, a, h1, h2, label, summary')].filter((el) => el.checkVisibility({visibilityProperty: true}) && el.textContent.trim());
		const name = (el) => '<' + el.localName + ' id=' + el.id + '> ' + el.textContent.trim().slice(0, 40);
		for (const el of all) {
			const {overflowX} = getComputedStyle(el);
			if (el.scrollWidth > el.clientWidth + 1 && el.clientWidth) wrong.push('cut off: ' + name(el));
			if (el.scrollHeight > el.clientHeight + 2 && el.clientHeight && overflowX !== 'visible') wrong.push('cut off below: ' + name(el));
		}
		const boxes = all.filter((el) => el.matches('button, a') && !el.closest('[role=log]')).map((el) => [el, el.getBoundingClientRect()]);
		for (const [i, [a, r]] of boxes.entries()) for (const [b, s] of boxes.slice(i + 1)) {
			const hit = (el, {left, right, top, bottom}) => el.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
			if (!a.contains(b) && !b.contains(a) && r.left < s.right - 2 && s.left < r.right - 2 && r.top < s.bottom - 2 && s.top < r.bottom - 2 && hit(a, r) && hit(b, s))
				wrong.push(name(a) + ' and ' + name(b) + ' lie over each other');
		}
		return wrong;
	})()`) {
		p.t.Errorf("%s, %s: %s", p.Guest, where, wrong)
	}
}
