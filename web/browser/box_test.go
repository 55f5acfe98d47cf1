package browser

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
)

// TestBoxInTrouble has a room on a card with mistakes in its settings and a
// RabbitMQ that fails: the page leads to the one that says so.
func TestBoxInTrouble(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, js string) { t.Helper(); report(t, dir, name, js) }
	wellCard(t, dir)
	room := inProcess(t, "-status-dir", dir)
	ada := room.enter("Ada", Small)
	ada.Say("Is anybody here?")
	ada.SeesSent()
	if See[bool](ada, leads) {
		t.Error("all is well, and Ada is led to the status page")
	}

	write("mistakes.json", `{"mistakes":["warren.toml line 12: channel = 15: it must be 1 to 13","warren.toml line 40: lihgt = \"ACT\": there is no setting of this name: did you mean light?"]}`)
	write("broker.state", `{"state":"failed","why":"RabbitMQ does not answer"}`)
	ada.UntilWithin(10*time.Second, "the way to the status page", leads)
	for _, scheme := range []string{"light", "dark"} {
		ada.Prefer("prefers-color-scheme", scheme)
		ada.lookIsRight(scheme)
		ada.canBeRead(scheme)
		ada.Shot("box-room-phone-" + scheme)
	}
	if h := See[float64](ada, `document.querySelector('#box').getBoundingClientRect().height`); h < 44 {
		t.Errorf("the link is %v pixels high: too small for a finger", h)
	}

	ada.Tap("#box")
	ada.Until("the status page", `location.pathname === '/status' && document.querySelector('h1')?.textContent === 'How the box is'`)
	ada.Until("the mistakes", `document.querySelector('section.notice ul').innerText.includes('line 12: channel = 15: it must be 1 to 13')`)
	ada.Until("the broker's failure", `document.querySelector('main')?.innerText.includes('RabbitMQ does not answer.')`)
	ada.fits()
	for _, scheme := range []string{"dark", "light"} {
		ada.Prefer("prefers-color-scheme", scheme)
		ada.canBeRead(scheme)
		ada.Shot("status-phone-" + scheme)
	}
	ada.Press(kb.Tab)
	ada.Until("the cursor on the way back", `document.activeElement.getAttribute('href') === '/'`)
	ada.Press(kb.Enter)
	ada.Until("the room", `location.pathname === '/' && document.querySelector('#name')`)
	ada.waitIn()
	ada.SeesExactly("Is anybody here?")
	ada.Until("the way to the status page", leads)

	write("mistakes.json", `{"mistakes":[]}`)
	write("broker.state", `{"state":"starting"}`)
	ada.UntilWithin(10*time.Second, "no way to the status page", "!("+leads+")")

	// A card that cannot be written: everybody is told, in their language.
	write("broker.state", `{"state":"up","in_memory":"The card cannot be written. Flash it anew."}`)
	ada.UntilWithin(10*time.Second, "that the room is not kept", leads+` && document.querySelector('#box').innerText.includes('This room is not kept, because the card cannot be written')`)
	ada.lookIsRight("light")
	ada.canBeRead("light")
	ada.fits()
	ada.Shot("box-unkept-phone-light")

	// And without JavaScript.
	bob := shared.br.Phone(t, "Bob", Large)
	write("broker.state", `{"state":"failed","why":"RabbitMQ does not answer"}`)
	ada.UntilWithin(10*time.Second, "the way to the status page", leads)
	tell(bob, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	bob.Goto(room.url + "basic")
	bob.Tap(".notice a")
	bob.Until("the status page", `location.pathname === '/status' && document.querySelector('main')?.innerText.includes('RabbitMQ has failed')`)
	bob.fits()
	bob.Shot("status-laptop")
}

// TestBrokerFailed has a card whose RabbitMQ does not come up: the page says
// that the room is not open yet, and leads to why.
func TestBrokerFailed(t *testing.T) {
	t.Parallel()
	begin(t)
	dir := t.TempDir()
	report(t, dir, "broker.state", `{"state":"failed","why":"RabbitMQ does not answer"}`)
	nobody := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t)))
	c := StartChatd(t, shared.bin, "-status-dir", dir, "-broker", "amqp://u:p@"+nobody)
	ada := shared.br.Phone(t, "Ada", Small)
	ada.Goto(c.URL())
	ada.SeesStatus("Warming up")
	ada.Until("the way to the status page", leads)
	ada.Until("one below the other", `document.querySelector('#box').getBoundingClientRect().bottom <= document.querySelector('#status').getBoundingClientRect().top`)
	ada.Shot("box-warming-up-phone")
	ada.Tap("#box")
	ada.Until("the reason", `document.querySelector('main')?.innerText.includes('The room waits for RabbitMQ.') && document.querySelector('main').innerText.includes('does not answer')`)
}

// leads is true while the page leads to the status page.
const leads = `document.querySelector('#box').checkVisibility()`

// wellCard writes what all daemons of a card say that is well: one that says nothing is
// named after a minute.
func wellCard(t *testing.T, dir string) {
	t.Helper()
	for name, js := range map[string]string{
		"mistakes.json": `{"mistakes":[]}`, "hotspot.state": `{"state":"up","name":"rabbit","interface":"wlan0"}`,
		"broker.state": `{"state":"up"}`, "ledstatus.state": `{"state":"up"}`, "update.state": `{"state":"up"}`,
		"screen.state": `{"state":"up"}`, "portal.state": `{"state":"up"}`, "chatd.state": `{"state":"up"}`,
		"board.state": `{"model":"Raspberry Pi 4","data":{"free":5000000000,"all":7000000000,"files":100000}}`,
	} {
		report(t, dir, name, js)
	}
}

// report writes what another daemon of the card says.
func report(t testing.TB, dir, name, js string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", []byte(js), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
