package browser

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The code of these rooms, and how a host may write it.
const (
	hostCode  = "kdtsm-rfwhb"
	codeTyped = "KDTSM RFWHB"
)

// hosted is how a room that has hosts is started.
func hosted(t testing.TB) []string {
	return []string{"-host-code", hostCode, "-pictures", t.TempDir()}
}

// host brings somebody in who has a name, and goes through the host's door.
func (r *room) host(name string, d Device) *Phone {
	r.t.Helper()
	return hostAt(r.t, r.url, name, d)
}

func hostAt(t testing.TB, url, name string, d Device) *Phone {
	t.Helper()
	p := enterAt(t, url, name, d)
	p.Goto(url + "host")
	p.entersCode(codeTyped)
	p.hosts()
	return p
}

func (p *Phone) entersCode(code string) {
	p.t.Helper()
	p.Tap("#code")
	See[bool](p, `(document.querySelector('#code').value = '', true)`)
	p.Paste(code)
	p.Tap("form button")
}

// hosts waits until the host's page is open, and its buttons work.
func (p *Phone) hosts() {
	p.t.Helper()
	p.Until("the host's page with all its buttons", `document.querySelector('#tools') && !document.querySelector('#tools').disabled &&
		/\d/.test(document.querySelector('#count').textContent)`)
}

// row waits for a message on the host's page, and returns the selector of its row.
func (p *Phone) row(text string) string {
	p.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll('#rows > div:not([hidden])')].findLast((row) => row.querySelector('.said').textContent === %s)`, quote(text))
	p.Until(fmt.Sprintf("%.60q among the host's messages", text), find)
	return fmt.Sprintf(`#rows div[data-offset="%s"] .entry`, See[string](p, find+`.dataset.offset`))
}

// opens taps something that opens a sheet.
func (p *Phone) opens(sheet, selector string) {
	p.t.Helper()
	p.Tap(selector)
	p.Until("the sheet "+sheet, fmt.Sprintf(`document.querySelector('dialog#%s').open && !document.getAnimations().length`, sheet))
}

// shut waits until no sheet is open, closing what is.
func (p *Phone) shut() {
	p.t.Helper()
	for See[bool](p, `Boolean(document.querySelector('dialog[open]'))`) {
		p.Press(kb.Escape)
	}
}

// asked waits until no sheet is open: what was asked for is done.
func (p *Phone) asked() {
	p.t.Helper()
	p.Until("no sheet any more", `!document.querySelector('dialog[open]')`)
}

// scrolledTo brings something in a sheet into sight, as a thumb does.
func (p *Phone) scrolledTo(selector string) string {
	p.t.Helper()
	See[bool](p, fmt.Sprintf(`(document.querySelector(%s).scrollIntoView({block: 'center'}), true)`, quote(selector)))
	return selector
}

// isOn waits until the line at the top says exactly what is on.
func (p *Phone) isOn(want ...string) {
	p.t.Helper()
	var got []string
	Eventually(p.t, Patience, func() bool {
		got = See[[]string](p, `[...document.querySelectorAll('#on .lamp')].map((lamp) => lamp.textContent)`)
		return slices.Equal(got, want)
	}, func() string {
		return fmt.Sprintf("%s reads at the top that %q, not %q\n%s", p.Guest, got, want, p.Screen())
	})
}

// hears waits until the news say something.
func (p *Phone) hears(text string) {
	p.t.Helper()
	p.Until("the news: "+text, fmt.Sprintf(`document.querySelector('#news').textContent.replace(/[\u2068\u2069]/g, '').startsWith(%s)`, quote(text)))
}

// lately returns what hosts did, newest first.
func (p *Phone) lately() []string {
	p.t.Helper()
	return See[[]string](p, `[...document.querySelectorAll('#lately li > p:first-child')].map((p) => p.firstChild.data.replace(/[\u2068\u2069]/g, '').trim())`)
}

// misses waits until there is no message with this text.
func (p *Phone) misses(text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("%.60q to go", text), fmt.Sprintf(
		`![...document.querySelectorAll('.message .text')].some((m) => m.textContent === %s)`, quote(text)))
}

// cannotWrite waits until there is a sentence in the place of the line to write
// in; "": any.
func (p *Phone) cannotWrite(sentence string) {
	p.t.Helper()
	p.Until("a closed room: "+sentence, fmt.Sprintf(
		`!document.querySelector('#closed').hidden && document.querySelector('#closed').textContent.includes(%s)`, quote(sentence)))
}

func (p *Phone) canWrite() {
	p.t.Helper()
	p.Until("an open room", `document.querySelector('#closed').hidden && !document.querySelector('#composer').hidden`)
}

// TestHostsDoor: the host's page is for who knows the code.
func TestHostsDoor(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-host-code", hostCode)
	ada := room.enter("Ada", Small)
	ada.Excuse("Failed to load resource")
	ada.Goto(room.url + "host")
	ada.Shot("host-door")
	if See[bool](ada, `Boolean(document.querySelector('#tools, script'))`) {
		t.Error("Ada has not said the code and gets the host's page")
	}
	ada.entersCode("kdtsm-rfwhc")
	ada.Until("what is wrong with the code", `document.querySelector('[role="alert"]') && document.querySelector('[role="alert"]').textContent`)
	ada.Shot("host-door-wrong")
	if said := See[string](ada, `location.href`); strings.Contains(said, "rfwh") {
		t.Errorf("the code is in the address: %s", said)
	}
	ada.entersCode(codeTyped)
	ada.hosts()
	if code := See[string](ada, `document.cookie`); code != "" {
		t.Errorf("scripts can read the cookie: %s", code)
	}
	ada.Reload()
	ada.hosts()
	ada.isOn("Open: everyone can write", "No pictures")

	ada.opens("room", "#open-room")
	ada.Until("who the host is", `document.querySelector('#me').textContent === 'as Ada'`)
	ada.Tap("#set-pictures")
	ada.Until("why there are none", `document.querySelector('#room .problem').textContent.includes('without a place for pictures')`)
	ada.shut()

	bob := room.enter("Bob", Small)
	bob.Goto(room.url + "host")
	bob.Until("the form", `document.querySelector('#code')`)

	// The host's page may be fetched, but without the cookie its line does nothing.
	resp, err := http.Get("http://" + room.chatd.Addr + "/host.html")
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		bob.Goto(room.url + "host.html")
		bob.Until("that Bob is not the host", `document.querySelector('#line').textContent.startsWith('You are not the host') && document.querySelector('#tools').disabled`)
	}

	ada.opens("room", "#open-room")
	ada.Tap(ada.scrolledTo(`form[action="/host/leave"] button`))
	ada.Until("the room", `location.pathname === '/' && document.querySelector('#name')`)
	ada.waitIn()
	ada.Goto(room.url + "host")
	ada.Until("the form again", `document.querySelector('#code')`)
}

// TestHostRules has a host do all that hosts can do, with one thumb, and two
// guests who see what comes of it.
func TestHostRules(t *testing.T) {
	room := onRabbitMQ(t, append(hosted(t), "-message-rate", "0")...)
	ada := room.host("Ada", Small)
	bob, eve := room.enter("Bob", Small), room.enter("Eve", Small)
	ada.isOn("Open: everyone can write")

	// A message is hidden, and shown again.
	bob.Say("Buy cheap carrots!")
	eve.Sees("Buy cheap carrots!")
	ada.opens("acts", ada.row("Buy cheap carrots!"))
	ada.Tap("#act-hide")
	ada.asked()
	ada.hears("Ada hid a message of Bob")
	eve.misses("Buy cheap carrots!")
	bob.misses("Buy cheap carrots!")
	ada.Tap("#news .back")
	eve.Sees("Buy cheap carrots!")
	ada.hears("Ada showed a message of Bob again")
	ada.opens("acts", ada.row("Buy cheap carrots!"))
	ada.Tap("#act-hide")
	ada.asked()
	eve.misses("Buy cheap carrots!")

	// After a reload the text is known by its excerpt, and to hosts only.
	ada.Reload()
	ada.hosts()
	ada.opens("acts", ada.row("Buy cheap carrots!"))
	ada.Tap("#act-hide")
	ada.asked()
	eve.Sees("Buy cheap carrots!")

	// It becomes an announcement.
	ada.opens("acts", ada.row("Buy cheap carrots!"))
	ada.Tap("#act-pin")
	ada.asked()
	eve.Until("the announcement", `document.querySelector('#pin').textContent.includes('Buy cheap carrots!')`)
	ada.Tap("#news .back")
	eve.Until("no announcement", `!document.querySelector('#pin').checkVisibility()`)

	// Somebody is muted, and does not notice.
	ada.opens("acts", ada.row("Buy cheap carrots!"))
	ada.Tap("#act-mute")
	ada.asked()
	ada.isOn("Open: everyone can write", "1 muted")
	bob.Say("Carrots, carrots!")
	bob.SeesSent()
	eve.Say("That is quiet now.")
	bob.Sees("That is quiet now.")
	eve.misses("Carrots, carrots!")
	bob.Reload()
	bob.waitIn()
	bob.Sees("Carrots, carrots!")
	eve.misses("Carrots, carrots!")
	ada.opens("persons", "#open-people")
	muted := fmt.Sprintf(`#persons button[data-id="%s"]`, See[string](ada, `[...document.querySelectorAll('#persons button')].find((b) => b.textContent.includes('muted')).dataset.id`))
	ada.opens("acts", muted)
	ada.Tap("#act-mute")
	ada.asked()
	ada.isOn("Open: everyone can write")
	bob.Say("May I again?")
	eve.Sees("May I again?")

	// The room is locked, and opened with the same button.
	ada.Tap("#lock")
	ada.isOn("Locked")
	eve.cannotWrite("")
	ada.Tap("#lock")
	ada.isOn("Open: everyone can write")
	eve.canWrite()

	// Slow mode.
	ada.opens("room", "#open-room")
	ada.Tap(`#slow button[value="60"]`)
	ada.isOn("Open: everyone can write", "Slow: 60 s")
	ada.shut()
	eve.Say("first")
	bob.Sees("first")
	eve.Until("how long she has to wait", `document.querySelector('#counter').textContent !== ''`)
	ada.opens("room", "#open-room")
	ada.Tap(`#slow button[value="0"]`)
	ada.isOn("Open: everyone can write")
	eve.Say("second")
	bob.Sees("second")

	// Off, with a notice.
	ada.opens("ask", "#set-off")
	ada.Paste("We go on after the break.")
	ada.Tap("#yes")
	ada.isOn("Chat off")
	eve.cannotWrite("We go on after the break.")
	ada.Tap("#set-off")
	ada.isOn("Open: everyone can write")
	eve.canWrite()

	// Pictures.
	ada.Tap("#set-pictures")
	ada.isOn("Open: everyone can write", "No pictures")
	ada.Tap("#set-pictures")
	ada.isOn("Open: everyone can write")

	// The title.
	ada.opens("ask", ada.scrolledTo("#set-title"))
	ada.Press("a", chromedp.ModifierCtrl)
	ada.Paste("The burrow")
	ada.Tap("#yes")
	eve.Until("the title", `document.querySelector('#title').textContent === 'The burrow'`)
	ada.Until("the title", `document.querySelector('#title').textContent === 'The burrow' && document.title.startsWith('The burrow')`)

	// An announcement.
	ada.opens("ask", ada.scrolledTo("#set-pin"))
	ada.Paste("Lunch is at one.")
	ada.Tap("#yes")
	eve.Until("the announcement", `document.querySelector('#pin').checkVisibility() && document.querySelector('#pin').textContent.includes('Lunch is at one.')`)
	ada.Until("the announcement", `document.querySelector('#pinned').textContent.includes('Lunch is at one.')`)
	ada.opens("ask", ada.scrolledTo("#set-pin"))
	ada.Tap("#other")
	eve.Until("no announcement", `!document.querySelector('#pin').checkVisibility()`)

	// Words that are not wanted, also if they look alike.
	ada.opens("unwanted", ada.scrolledTo("#set-words"))
	ada.Tap("#word")
	ada.Paste("turnip, swede")
	ada.Tap("#unwanted .go")
	ada.Until("two words", `document.querySelectorAll('#unwanted bdi').length === 2`)
	ada.shut()
	eve.Write("a turnip")
	eve.Tap("#send")
	eve.Until("that it was not taken", `document.querySelector('.message[data-state="failed"]')`)
	ada.opens("room", "#open-room")
	ada.opens("unwanted", ada.scrolledTo("#set-words"))
	ada.Tap("#unwanted li:first-child .back")
	ada.Until("one word", `document.querySelectorAll('#unwanted bdi').length === 1`)
	ada.shut()
	bob.Say("a turnip")
	ada.row("a turnip")

	// What was said is saved, with the times of the host's place.
	tell(ada, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Kathmandu"})
	ada.opens("room", "#open-room")
	ada.opens("export", ada.scrolledTo("#open-export"))
	for _, format := range []string{"html", "txt", "jsonl"} {
		link := See[string](ada, fmt.Sprintf(`document.querySelector('[data-format="%s"]').href`, format))
		if !strings.HasSuffix(link, "/host/export."+format+"?minutes=345") {
			t.Errorf("the link to save the conversation in Nepal is %s", link)
		}
		if saved := See[string](ada, fmt.Sprintf(`fetch(%s).then((answer) => answer.text())`, quote(link))); !strings.Contains(saved, "May I again?") || strings.Contains(saved, "Carrots, carrots!") {
			t.Errorf("what is saved as %s is %.2000s", format, saved)
		}
	}
	ada.shut()

	// Somebody is sent out, after a question.
	ada.opens("acts", ada.row("a turnip"))
	ada.opens("ask", "#act-kick")
	ada.Shot("host-kick")
	ada.Tap("#no")
	ada.opens("ask", "#act-kick")
	ada.Tap("#yes")
	ada.asked()
	ada.hears("Ada sent Bob out")
	bob.cannotWrite("")
	bob.Shot("host-kicked-guest")

	// All is cleared, and that is undone.
	ada.opens("room", "#open-room")
	ada.opens("ask", ada.scrolledTo("#clear"))
	ada.Tap("#yes")
	ada.asked()
	eve.misses("first")
	ada.Until("nothing", `!document.querySelector('#rows > div:not([hidden])')`)
	ada.Tap("#news .back")
	eve.Sees("first")
	ada.row("first")

	// What is on survives a reload, and the daemon's end.
	ada.Tap("#lock")
	ada.isOn("Locked")
	excuseLostLine(ada, bob, eve)
	room.chatd.Kill()
	ada.Until("buttons that cannot be pressed, and why", `document.querySelector('#tools').disabled && document.querySelector('#line').textContent.startsWith('You are offline')`)
	ada.Shot("host-offline")
	room.chatd.Start()
	ada.hosts()
	ada.Reload()
	ada.hosts()
	ada.isOn("Locked")
	if did := ada.lately(); len(did) < 10 || did[0] != "Ada locked writing" || !slices.Contains(did, "Ada sent Bob out") {
		t.Errorf("after all, Ada reads lately: %q", did)
	}
	ada.Tap("#lock")
	ada.isOn("Open: everyone can write")

	// Everything is erased, by who writes the title.
	ada.opens("room", "#open-room")
	ada.opens("ask", ada.scrolledTo("#erase"))
	if !See[bool](ada, `document.querySelector('#yes').disabled`) {
		t.Error("Ada can erase everything without having written the title")
	}
	ada.Paste("the burrow")
	ada.Tap("#yes")
	ada.UntilWithin(2*Patience, "an empty room", `!document.querySelector('#rows > div') && !document.querySelector('dialog[open]') && !document.querySelector('#tools').disabled`)
	eve.UntilWithin(2*Patience, "an empty room", `!document.querySelector('#log > .message')`)
	eve.Say("a new leaf")
	ada.row("a new leaf")
	ada.opens("lately", "#open-lately")
	if did := ada.lately(); !slices.Contains(did, "Ada erased everything") {
		t.Errorf("after erasing everything, Ada reads lately: %q", did)
	}
}

// TestTwoHosts: what one host does the other sees, and can undo.
func TestTwoHosts(t *testing.T) {
	t.Parallel()
	room := inProcess(t, hosted(t)...)
	ada, grace := room.host("Ada", Small), room.host("Grace", Large)
	bob := room.enter("Bob", Small)
	bob.Say("What happens here?")
	grace.row("What happens here?")

	ada.Tap("#lock")
	grace.hears("Ada locked writing")
	grace.isOn("Locked")
	bob.cannotWrite("")
	grace.Tap("#news .back")
	ada.hears("Grace unlocked writing")
	ada.isOn("Open: everyone can write")
	bob.canWrite()

	// Both look at the same message: one hides it under the other's eyes.
	ada.opens("acts", ada.row("What happens here?"))
	grace.opens("acts", grace.row("What happens here?"))
	grace.Tap("#act-hide")
	grace.asked()
	ada.Until("what can be done now", `document.querySelector('#act-hide').textContent === 'Show it again'`)
	ada.Tap("#act-hide")
	ada.asked()
	bob.Sees("What happens here?")
	grace.opens("lately", "#open-lately")
	want := []string{"Ada showed a message of Bob again", "Grace hid a message of Bob", "Grace unlocked writing", "Ada locked writing"}
	grace.Until("four deeds", `document.querySelectorAll('#lately li').length === 4`)
	if did := grace.lately(); !slices.Equal(did, want) {
		t.Errorf("Grace reads lately: %q, not %q", did, want)
	}
	if n := See[int](grace, `document.querySelectorAll('#lately .back').length`); n != 0 {
		t.Errorf("there are %d ways back to what is undone", n)
	}

	// A host may write when nobody else may.
	ada.Tap("#lock")
	ada.isOn("Locked")
	ada.Goto(room.url)
	ada.waitIn()
	ada.Say("Ladies and gentlemen!")
	grace.shut()
	grace.row("Ladies and gentlemen!")
}

// TestHostOffline: a host on a bad line is told so, and nothing is done twice.
func TestHostOffline(t *testing.T) {
	t.Parallel()
	room := inProcess(t, hosted(t)...)
	link := NewLink(t, room.chatd.Addr)
	ada := hostAt(t, link.URL(), "Ada", Small)
	excuseLostLine(ada)
	bob := room.enter("Bob", Small)
	bob.Say("hello")
	ada.row("hello")

	// Two taps are one deed.
	See[bool](ada, `(document.querySelector('#lock').click(), document.querySelector('#lock').click(), true)`)
	ada.isOn("Locked")
	ada.opens("lately", "#open-lately")
	if did := ada.lately(); !slices.Equal(did, []string{"Ada locked writing"}) {
		t.Errorf("Ada tapped twice, and did %q", did)
	}
	ada.shut()

	ada.opens("acts", ada.row("hello"))
	link.Cut()
	ada.Until("buttons that cannot be pressed, and why", `document.querySelector('#act-hide').matches(':disabled') && document.querySelector('#acts .offline').textContent.startsWith('You are offline')`)
	ada.Shot("host-offline-sheet")
	ada.Tap("#acts .away")
	ada.asked()
	link.Mend()
	ada.hosts()
	ada.isOn("Locked")
	if See[string](ada, `document.querySelector('#line').textContent`) != "" {
		t.Error("Ada is back and is told that she is offline")
	}

	// What was asked for when the line broke was done, or Ada is told that it
	// was not.
	link.Silence()
	See[bool](ada, `(document.querySelector('#lock').click(), true)`)
	link.Cut()
	link.Mend()
	ada.hosts()
	ada.Until("that it was not done", `document.querySelector('#trouble').textContent.startsWith('The line broke')`)
	ada.isOn("Locked")
	ada.Tap("#lock")
	ada.isOn("Open: everyone can write")
	bob.canWrite()
}

// TestHostOnEveryNode: what a host does holds at every chatd of the room, and the
// code that was good at one is good at all. A RabbitMQ that is slow or away does
// not make a deed two.
func TestHostOnEveryNode(t *testing.T) {
	flags := hosted(t)
	first := onRabbitMQ(t, flags...)
	second := another(t, flags...)
	ada := first.host("Ada", Small)
	bob := second.enter("Bob", Small)
	ada.Tap("#lock")
	bob.cannotWrite("")
	ada.Goto(second.url + "host")
	ada.hosts()
	ada.isOn("Locked")
	ada.Tap("#lock")
	bob.canWrite()

	t.Cleanup(func() { // the other tests need it, whatever happens here
		shared.node.Resume()
		if shared.node.Pid() == 0 {
			shared.node.Restart(context.Background())
		}
	})
	shared.node.Pause()
	ada.Tap("#lock")
	ada.Until("that it takes a while", `document.body.classList.contains('busy')`)
	ada.Tap("#lock")
	shared.node.Resume()
	ada.isOn("Locked")
	bob.cannotWrite("")

	shared.node.Kill()
	ada.Until("buttons that cannot be pressed, and why", `document.querySelector('#tools').disabled && document.querySelector('#line').textContent.startsWith('The room is catching its breath')`)
	if err := shared.node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ada.UntilWithin(2*Patience, "the buttons again", `!document.querySelector('#tools').disabled`)
	ada.isOn("Locked")
	// At another port the browser is another device, with another name.
	did := ada.lately()
	for i, deed := range did {
		did[i] = regexp.MustCompile(`\S+ \S+$`).FindString(deed)
	}
	if want := []string{"locked writing", "unlocked writing", "locked writing"}; !slices.Equal(did, want) {
		t.Errorf("Ada did %q, and reads lately: %q", want, did)
	}
}

// TestHostileWordsToHosts: names and texts that would run if they could are shown
// to hosts as text, wherever they stand.
func TestHostileWordsToHosts(t *testing.T) {
	t.Parallel()
	room := inProcess(t, append(hosted(t), "-title", hostileName)...)
	room.sayAll(hostileName, hostile...)
	ada := room.host("Ada", Large)
	text := hostile[len(hostile)-1]
	ada.opens("acts", ada.row(text))
	ada.Tap("#act-pin")
	ada.asked()
	ada.Until("the announcement", fmt.Sprintf(`document.querySelector('#pinned bdi').textContent === %s`, quote(text)))
	for _, button := range []string{"#act-hide", "#act-mute"} {
		ada.opens("acts", ada.row(text))
		ada.Tap(button)
		ada.asked()
	}
	ada.opens("room", "#open-room")
	ada.opens("unwanted", ada.scrolledTo("#set-words"))
	ada.Tap("#word")
	ada.Paste("<img src=x onerror=alert(1)>")
	ada.Tap("#unwanted .go")
	ada.Until("the word", `document.querySelector('#unwanted bdi')`)
	ada.shut()
	ada.opens("persons", "#open-people")
	ada.shut()
	ada.opens("lately", "#open-lately")
	if made := See[[]string](ada, `[...document.querySelectorAll('main *, dialog *, header *')].filter((el) =>
		el.matches('script, link, meta, base, img, iframe, object, embed, video, audio, animate, style') || el.matches('a') && !el.matches('.ways a') ||
		[...el.attributes].some((a) => /^(on|srcdoc)/i.test(a.name))).map((el) => el.outerHTML.slice(0, 100))`); len(made) > 0 {
		t.Errorf("words became elements: %q", made)
	}
	if title := See[string](ada, `document.querySelector('#title').textContent`); title != hostileName {
		t.Errorf("the title is %q, not %q", title, hostileName)
	}
}

// TestHostsKeyboard: all of it works without a mouse.
func TestHostsKeyboard(t *testing.T) {
	t.Parallel()
	room := inProcess(t, hosted(t)...)
	room.sayAll("Rob", "one", "two")
	ada := room.host("Ada", Large)
	ada.row("two")
	ada.tabTo("open-room")
	ada.Press(kb.Enter)
	ada.Until("the sheet", `document.querySelector('#room').open`)
	for range 25 {
		ada.Press(kb.Tab)
		if !See[bool](ada, `document.activeElement === document.body || Boolean(document.activeElement.closest('#room'))`) {
			t.Fatalf("with the sheet open, Tab leads Ada to %s behind it", See[string](ada, focused))
		}
	}
	ada.tabTo("set-lock")
	ada.Press(" ")
	ada.isOn("Locked")
	ada.Until("the cursor still there", `document.activeElement.id === 'set-lock' && document.activeElement.getAttribute('aria-checked') === 'true'`)
	ada.Press(kb.Tab)
	ada.Press(kb.ArrowRight + " ")
	ada.isOn("Locked", "Slow: 5 s")
	ada.tabTo("set-title")
	ada.Press(kb.Enter)
	ada.Until("the line for the title", `document.activeElement.id === 'answer'`)
	ada.Press(kb.Escape)
	ada.Until("the cursor back", `document.activeElement.id === 'set-title'`)
	ada.Press(kb.Escape)
	ada.Until("the cursor back", `document.activeElement.id === 'open-room' && !document.querySelector('dialog[open]')`)
}

// TestHostLooks shows the host's page in light and dark, on a phone and on a
// laptop, in large print and in a language that is written to the left.
func TestHostLooks(t *testing.T) {
	t.Parallel()
	room := inProcess(t, append(hosted(t), "-wifi-name", "rabbit", "-wifi-passphrase", "carrots and peas", "-chat-url", "http://10.1.1.1:8081/")...)
	bob, eve := room.enter("Bob", Small), room.enter("Evelyn of the Third Row", Small)
	ada := room.host("Ada", Small)
	bob.Say("Is anybody here?")
	eve.Say("In the third row, beside the window. Have a look at http://example.com/a/long/address/that/does/not/fit")
	eve.Say("🥕🥕🥕")
	bob.Say("Buy cheap watches at my place, the best in the whole wide world!")
	eve.Say("Who has the slides?")
	eve.Say("They come after the talk, I think: with the drawings, and with what was on the blackboard.")
	bob.Say("Watches! Watches!")
	ada.row("Watches! Watches!")
	ada.opens("acts", ada.row("Watches! Watches!"))
	ada.Tap("#act-hide")
	ada.asked()

	look := func(scheme string) {
		t.Helper()
		ada.Prefer("prefers-color-scheme", scheme)
		ada.Until(scheme, fmt.Sprintf(`matchMedia('(prefers-color-scheme: %s)').matches`, scheme))
		see := func(what string) {
			t.Helper()
			ada.canBeRead(what + ", " + scheme)
			ada.hostLookIsRight(what + ", " + scheme)
			ada.Accessible(what + ", " + scheme)
			ada.Shot("host-" + what + "-" + scheme)
		}
		see("phone")
		ada.opens("acts", ada.row("Buy cheap watches at my place, the best in the whole wide world!"))
		see("message")
		ada.shut()
		ada.opens("room", "#open-room")
		see("room")
		ada.scrolledTo(".ways form")
		see("room-end")
		ada.opens("ask", ada.scrolledTo("#erase"))
		see("erase")
		ada.Tap("#no")
		ada.opens("invite", ada.scrolledTo("#open-invite"))
		ada.Until("both codes", `[...document.querySelectorAll('#codes img')].filter((img) => img.complete && img.naturalWidth).length === 2`)
		see("invite")
		ada.Tap("#invite .away")
		ada.opens("export", ada.scrolledTo("#open-export"))
		see("export")
		ada.shut()
		ada.opens("persons", "#open-people")
		see("people")
		ada.shut()
		ada.opens("lately", "#open-lately")
		see("lately")
		ada.shut()
	}
	look("light")
	ada.Tap("#lock")
	ada.isOn("Locked")
	ada.opens("room", "#open-room")
	ada.Tap(`#slow button[value="15"]`)
	ada.isOn("Locked", "Slow: 15 s")
	ada.shut()
	look("dark")

	ada.Resize(Large)
	ada.hostLookIsRight("laptop")
	ada.Shot("host-laptop-dark")
	ada.opens("room", "#open-room")
	ada.hostLookIsRight("laptop, room")
	ada.Shot("host-laptop-room-dark")
	ada.shut()
	ada.Prefer("prefers-color-scheme", "light")
	ada.Shot("host-laptop-light")
	for name, d := range map[string]Device{"smallest": {320, 568, 2, true}, "landscape": {740, 360, 2, true}} {
		ada.Resize(d)
		ada.hostLookIsRight(name)
		ada.opens("room", "#open-room")
		ada.hostLookIsRight(name + ", room")
		ada.Shot("host-" + name)
		ada.shut()
	}
	ada.Resize(Small)
	See[string](ada, `document.documentElement.style.fontSize = '200%'`)
	See[bool](ada, `dispatchEvent(new Event('resize'))`)
	ada.hostLookIsRight("text at 200 %")
	ada.Shot("host-200-percent")
	ada.opens("room", "#open-room")
	ada.hostLookIsRight("text at 200 %, room")
	ada.Shot("host-200-percent-room")
	ada.shut()
	ada.Reads("ar")
	ada.Reload()
	ada.hosts()
	ada.opens("room", "#open-room")
	ada.hostLookIsRight("Arabic")
	if dir := See[string](ada, `getComputedStyle(document.querySelector('#room')).direction`); dir != "rtl" {
		t.Errorf("in Arabic the sheet is written %s", dir)
	}
	ada.Shot("host-arabic")
}

// hostLookIsRight complains about what is cut off, lies over another thing, or is
// too small for a thumb.
func (p *Phone) hostLookIsRight(when string) {
	p.t.Helper()
	wrong := See[[]string](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
		const wrong = [];
		const box = (el) => el.getBoundingClientRect();
		const check = (ok, what) => ok || wrong.push(what);
		const [bar, main, foot] = ['header', 'main', 'footer'].map((tag) => box(document.querySelector(tag)));
		check(bar.top >= 0 && bar.bottom <= main.top + 1 && main.bottom <= foot.top + 1 && foot.bottom <= innerHeight + 1, 'the parts do not lie below each other on the screen');
		check(main.height >= 80, 'the conversation is ' + main.height + ' pixels high');
		for (const el of document.querySelectorAll('button, a, h1, h2, .lamp, #tools span')) {
			if (!el.checkVisibility()) continue;
			const {height, width} = box(el);
			if (el.matches('button, a')) check(height >= 44 && width >= 44, 'too small for a thumb: ' + el.outerHTML.slice(0, 80) + ' ' + width + ' x ' + height);
			check(el.scrollWidth <= el.clientWidth + 1 || !el.clientWidth || el.matches('h1'), 'cut off: ' + el.outerHTML.slice(0, 80));
		}
		for (const sheet of document.querySelectorAll('dialog[open]')) {
			const {top, bottom, left, right} = box(sheet);
			check(top >= 0 && bottom <= innerHeight + 1 && left >= -1 && right <= innerWidth + 1, 'the sheet ' + sheet.id + ' leaves the screen');
			check(sheet.scrollWidth <= sheet.clientWidth, 'the sheet ' + sheet.id + ' is wider than it can be');
		}
		done(wrong);
	})))`)
	if len(wrong) > 0 {
		p.t.Errorf("%s, %s, %d x %d: %s", p.Guest, when, p.Device.Width, p.Device.Height, strings.Join(wrong, "; "))
	}
	if w := See[int64](p, `document.documentElement.scrollWidth`); w > p.Device.Width {
		p.t.Errorf("%s: the page is %d pixels wide on a screen of %d", when, w, p.Device.Width)
	}
}
