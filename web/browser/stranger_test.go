package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// Pages from elsewhere, in the browser of somebody who is in the room: the tab
// beside it has a page that wants to read it, or to speak with its guest's voice.

// inTheRoom is what a stranger may not read.
const inTheRoom = "not for strangers"

// deeds are what a page tries: each is a promise of what it got out of the room
// at the address base, "" for nothing.
var deeds = map[string]string{
	"read the history":        `fetch(base + 'basic').then((r) => r.text()).then((t) => t.includes('` + inTheRoom + `') ? 'history' : '')`,
	"read it with cookies":    `fetch(base + 'basic', { credentials: 'include' }).then((r) => r.text()).then((t) => t.includes('` + inTheRoom + `') ? 'history' : '')`,
	"read it without CORS":    `fetch(base + 'basic', { mode: 'no-cors' }).then((r) => r.text()).then((t) => t.includes('` + inTheRoom + `') ? 'history' : '')`,
	"read the page":           `fetch(base).then((r) => r.text()).then((t) => t.includes('conversation') ? 'page' : '')`,
	"read the status":         `fetch(base + 'status').then((r) => r.text()).then((t) => t.includes('This box') ? 'status' : '')`,
	"read the passphrase":     `fetch(base + 'poster').then((r) => r.text()).then((t) => t.includes('carrotcarrot') ? 'passphrase' : '')`,
	"read the metrics":        `fetch(base + 'metrics').then((r) => r.text()).then((t) => t.includes('go_goroutines') ? 'metrics' : '')`,
	"listen in plain text":    listen + `()`,
	"listen as the page does": listen + `('warren.v1')`,
	"read the host's page":    `fetch(base + 'host', { credentials: 'include' }).then((r) => r.text()).then((t) => t.includes('host.js') ? 'host' : '')`,
	"be the host": `new Promise((done) => {
		const ws = new WebSocket(base.replace('http', 'ws') + 'websocket', 'warren.v1');
		ws.onopen = () => ws.send(JSON.stringify({ type: 'hello', device: crypto.getRandomValues(new Uint32Array(4)).join('-') }));
		ws.onmessage = (m) => { const f = JSON.parse(m.data); if (f.type === 'welcome') done(f.host ? 'host' : ''); };
		ws.onerror = ws.onclose = () => done('');
	})`,
	"look into a frame": `new Promise((done) => {
		const f = document.createElement('iframe');
		f.onload = () => { try { done(f.contentDocument.body.innerText.includes('` + inTheRoom + `') ? 'frame' : '') } catch { done('') } };
		f.src = base + 'basic';
		document.body.append(f);
	})`,
}

// listen opens a WebSocket, with subprotocols or without.
const listen = `((...protocols) => new Promise((done) => {
	const ws = new WebSocket(base.replace('http', 'ws') + 'websocket?history=9', ...protocols);
	ws.onopen = () => done('line');
	ws.onerror = () => done('');
	ws.onclose = () => done('');
}))`

// words are what a page tries to say: in the end the log tells whether it could.
var words = map[string]string{
	"by fetch":    `fetch(base + 'basic', { method: 'POST', body: new URLSearchParams({ name: 'Eve', text: TEXT }) }).then(() => '')`,
	"by no-cors":  `fetch(base + 'basic', { method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams({ name: 'Eve', text: TEXT }) }).then(() => '')`,
	"by a beacon": `new Promise((done) => { navigator.sendBeacon(base + 'basic', new URLSearchParams({ name: 'Eve', text: TEXT })); done('') })`,
	"by a form": `new Promise((done) => {
		const f = document.createElement('iframe'), form = document.createElement('form');
		Object.assign(f, { name: 'f' + Math.random(), onload: () => form.isConnected && done('') });
		Object.assign(form, { method: 'post', action: base + 'basic', target: f.name });
		for (const [name, value] of [['name', 'Eve'], ['text', TEXT]]) form.append(Object.assign(document.createElement('input'), { name, value }));
		document.body.append(f, form);
		form.submit();
	})`,
	// A form in a frame of no origin at all: "Origin: null".
	"by a sandbox": `new Promise((done) => {
		const f = document.createElement('iframe');
		f.sandbox = 'allow-scripts allow-forms';
		f.srcdoc = '<body onload="document.forms[0].submit()"><form method=post action="' + base + 'basic"><input name=name value=Eve><input name=text value="' + TEXT + '"></form>';
		let loads = 0;
		f.onload = () => ++loads > 1 && done('');
		document.body.append(f);
	})`,
	"on a line": `new Promise((done) => {
		const ws = new WebSocket(base.replace('http', 'ws') + 'websocket?name=Eve');
		ws.onopen = () => ws.send(TEXT);
		ws.onmessage = ws.onerror = ws.onclose = () => done('');
	})`,
}

// attempt runs one of them against the room at base. What does not come to an
// end has got nothing.
func (p *Phone) attempt(script, base, text string) string {
	p.t.Helper()
	return See[string](p, fmt.Sprintf(`(() => { const base = %s, TEXT = %s;
		return Promise.race([%s.catch(() => ''), new Promise((done) => setTimeout(done, 5000, ''))]);
	})()`, quote(base), quote(text), script))
}

// blank is a page without a policy, on which a stranger can try whatever there is.
const blank = `<!doctype html><meta charset="utf-8"><title>elsewhere</title><body>`

// elsewhere serves a stranger's page, and what else is asked for from the room
// at addr: as a name does that led to the stranger first, and then to us.
func elsewhere(t testing.TB, addr string) (port string) {
	t.Helper()
	rest := beside(t, addr)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/blank" {
			rest.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, blank)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()[len("127.0.0.1:"):]
}

// TestStrangers tries every deed from a page of another origin, and from one
// whose name has been bent to the room (DNS rebinding). That the room's own page
// can do what the others cannot shows that the deeds are what they seem.
func TestStrangers(t *testing.T) {
	t.Parallel()
	room := inProcess(t, "-wifi-name=rabbit", "-wifi-passphrase=carrotcarrot", "-message-rate=0", "-host-code="+hostCode)
	ada := room.enter("Ada", Small)
	ada.Say(inTheRoom)
	ada.SeesSent()
	// Her browser is a host's.
	if page := See[string](ada, `fetch('/host', { method: 'POST', body: new URLSearchParams({ code: '`+hostCode+`' }) }).then((r) => r.text())`); strings.Contains(page, `name="code"`) {
		t.Fatalf("the host's door stays closed: %s", page)
	}
	port := elsewhere(t, room.chatd.Addr)

	said := []string{inTheRoom}
	for _, test := range []struct {
		who, page, base string
		may             bool
	}{
		{"a page beside the room", "http://" + RoomName + ":" + port + "/blank", "http://" + RoomName + ":" + port + "/", true},
		{"a page of another host", "http://" + StrangerName + ":" + port + "/blank", room.url, false},
		{"a page of another port", "http://" + RoomName + ":" + port + "/blank", room.url, false},
		{"a page of a safe place", "http://127.0.0.1:" + port + "/blank", room.url, false},
		{"a name bent to the room", "http://" + StrangerName + ":" + port + "/blank", "http://" + StrangerName + ":" + port + "/", false},
	} {
		tab := ada.Tab() // with Ada's cookies
		tab.Excuse("")   // what a stranger's page complains of
		tab.Goto(room.url + "basic")
		tab.Goto(test.page)
		for what, deed := range deeds {
			may := test.may && what != "look into a frame" // not even into its own
			if got := tab.attempt(deed, test.base, ""); (got != "") != may {
				t.Errorf("%s tries to %s, and gets %q", test.who, what, got)
			}
		}
		for how, way := range words {
			text := test.who + " speaks " + how
			tab.attempt(way, test.base, text)
			// From a frame without an origin not even the room itself speaks.
			if test.may && how != "by a sandbox" {
				said = append(said, text)
			}
		}
	}
	// Whatever was let in before this is in the log before it.
	ada.Say("the last word")
	ada.Sees("the last word")
	ada.SeesSent()
	said = append(said, "the last word")
	ada.Until("all that may be said", fmt.Sprintf(`document.querySelectorAll('.message').length >= %d`, len(said)))
	got := ada.Texts()
	slices.Sort(got)
	slices.Sort(said)
	if !slices.Equal(got, said) {
		t.Errorf("Ada sees\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(said, "\n"))
	}
}
