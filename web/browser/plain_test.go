package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
)

// Guests without the page: without JavaScript, and with a page of their own.

// TestWithoutScript has a guest whose browser runs no scripts.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := room.enter("Ada", Large)
	ada.Say("said <b>before</b>")
	ada.SeesSent()

	bob := shared.br.Phone(t, "Bob", Small)
	tell(bob, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	bob.Goto(room.url)
	bob.Until("the page without script", `location.pathname === '/basic' && document.querySelector('form')`)
	bob.Until("the history", `document.querySelector('li .text').textContent === 'said <b>before</b>'`)
	bob.Tap("#name")
	See[bool](bob, `document.querySelector('#name').select() || true`)
	bob.Paste("Bob")
	bob.Tap("#text")
	bob.Press("from the form")
	ref := See[string](bob, `document.querySelector('[name=ref]').value`)
	bob.Tap("button")
	bob.Until("the own message", `document.querySelector('li.own .text')?.textContent === 'from the form'`)
	ada.SeesExactly("said <b>before</b>", "from the form")
	if m := ada.Messages()[1]; m.Name != "Bob" {
		t.Errorf("Ada sees the form's message as said by %q", m.Name)
	}
	bob.fits()
	bob.Shot("basic-phone")

	// The same form once more, as after an impatient second tap.
	if status := repost(t, bob, room.url, url.Values{"ref": {ref}, "name": {"Bob"}, "text": {"from the form"}}); status != http.StatusSeeOther {
		t.Errorf("the same form once more is answered with %d", status)
	}
	bob.Reload()
	bob.Until("the page again", `document.querySelector('form')`)
	ada.Say("after it")
	bob.Tap("header a")
	bob.Until("what is new", `document.querySelectorAll('li .text').length === 3`)
	ada.SeesExactly("said <b>before</b>", "from the form", "after it")

	bob.Prefer("prefers-color-scheme", "dark")
	bob.Shot("basic-phone-dark")
}

// repost sends a form with the cookies of p.
func repost(t testing.TB, p *Phone, roomURL string, form url.Values) (status int) {
	t.Helper()
	here := strings.Replace(roomURL, RoomName, "127.0.0.1", 1) + "basic"
	r, err := http.NewRequest("POST", here, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range tell(p, network.GetCookies, network.GetCookiesParams{}).Cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// theirPage is what anybody can write in ten lines.
const theirPage = `<!doctype html>
<title>Chat</title>
<input id="line" onchange="ws.send(value); value = ''">
<div id="said"></div>
<script>
var ws = new WebSocket("ws://" + location.host + "/websocket");
ws.onmessage = function (e) {
  var p = document.createElement("p");
  p.textContent = e.data;
  said.prepend(p);
};
</script>`

// TestTenLines has a guest with a page of ten lines, behind a proxy that serves
// it beside the room.
func TestTenLines(t *testing.T) {
	t.Parallel()
	room := inProcess(t)
	ada := room.enter("Ada", Small)
	proxy := httptest.NewServer(beside(t, room.chatd.Addr))
	t.Cleanup(proxy.Close)
	bob := shared.br.Phone(t, "Bob", Large)
	bob.Goto(roomURL(proxy.Listener.Addr().String()) + "ten-lines")
	bob.Until("a connection", `ws.readyState === 1`)

	ada.Say("hello, ten lines")
	bob.Until("what Ada says", `said.textContent === 'Ada: hello, ten lines'`)
	bob.Tap("#line")
	bob.Press("hello, page\r")
	ada.Sees("hello, page")
	bob.Until("his own words, above", `/^[^:]+: hello, page$/.test(said.firstChild.textContent)`)
	if name := ada.Messages()[1].Name; name == "" {
		t.Error("Ada sees the other page's words as her own")
	}
	bob.Shot("ten-lines-laptop")

	// The room itself works through the proxy, too.
	eve := enterAt(t, roomURL(proxy.Listener.Addr().String()), "Eve", Small)
	eve.Say("through the proxy")
	ada.SeesExactly("hello, ten lines", "hello, page", "through the proxy")
	bob.Until("what Eve says", `said.firstChild.textContent === 'Eve: through the proxy'`)
}

// beside serves theirPage, and for all else the room.
func beside(t testing.TB, addr string) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ten-lines", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, theirPage)
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: addr})
		r.Out.Host = r.In.Host
	}})
	return mux
}
