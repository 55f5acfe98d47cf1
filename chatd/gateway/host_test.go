package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/fanout"
	"warren/chatd/fanout/memory"
)

const testCode = "kdtsm-rfwhb"

// serveHost is serve, for a room with a host.
func serveHost(t testing.TB, limits Limits) *testServer {
	return serveHostOn(t, memory.New(), testCode, limits)
}

func serveHostOn(t testing.TB, x fanout.Exchange, code string, limits Limits) *testServer {
	return serveOn(t, x, limits, func(c *Config) { c.HostCode = code })
}

// post posts a form, as a page of origin ("" for a program), and follows nothing.
func (s *testServer) post(t *testing.T, path, origin string, form url.Values, cookies ...*http.Cookie) (resp *http.Response, body string) {
	t.Helper()
	r, err := http.NewRequest("POST", s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	resp, err = http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp, string(text)
}

// enter is what a browser does that shows the code: it returns its cookie.
func (s *testServer) enter(t *testing.T, code string) *http.Cookie {
	t.Helper()
	resp, body := s.post(t, "/host", s.url, url.Values{"code": {code}})
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/host" {
		t.Fatalf("the door says %s: %s", resp.Status, body)
	}
	cookies := resp.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("the cookies are %v", cookies)
	}
	return cookies[0]
}

// look returns what GET /host shows to who has the cookie, nil for none.
func (s *testServer) look(t *testing.T, c *http.Cookie) (status int, body string) {
	t.Helper()
	resp := s.get(t, "/host", func(r *http.Request) {
		if c != nil {
			r.AddCookie(c)
		}
	})
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// isForm reports whether it is the form that asks for the code.
func isForm(body string) bool { return strings.Contains(body, `name="code"`) }

func TestHostEnters(t *testing.T) {
	s := serveHost(t, unlimited)
	if status, body := s.look(t, nil); status != 200 || !isForm(body) {
		t.Errorf("a guest gets %d: %s", status, body)
	}
	for _, typed := range []string{testCode, " KDTSM RFWHB ", "Kdtsm–rfwhb"} {
		c := s.enter(t, typed)
		if c.Name != "host" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || strings.Contains(strings.ToLower(c.Value), "kdtsm") {
			t.Errorf("the cookie is %v", c)
		}
		if status, body := s.look(t, c); status != 200 || isForm(body) {
			t.Errorf("the host gets %d: %s", status, body)
		}
	}
	c := s.enter(t, testCode)
	resp, _ := s.post(t, "/host/leave", s.url, nil, c)
	if gone := resp.Cookies(); resp.StatusCode != 303 || resp.Header.Get("Location") != "/" || len(gone) != 1 || gone[0].Name != "host" || gone[0].MaxAge >= 0 {
		t.Errorf("leaving: %s, %v", resp.Status, gone)
	}
}

// What is not the cookie of a host opens nothing, whoever made it.
func TestHostCookieIsProved(t *testing.T) {
	s := serveHost(t, unlimited)
	good := s.enter(t, testCode)
	for _, value := range []string{"", "x", strings.Repeat("A", len(good.Value)), good.Value[:len(good.Value)-2], good.Value + "AA", good.Value[:10] + "B" + good.Value[11:], testCode} {
		if value == good.Value {
			continue
		}
		if _, body := s.look(t, &http.Cookie{Name: "host", Value: value}); !isForm(body) {
			t.Errorf("%q opens the host's page", value)
		}
	}
	if good.Value == s.enter(t, testCode).Value {
		t.Error("two phones have one cookie")
	}
}

// A cookie is good after a restart and at each chatd with the same code, and
// not at one with another code or with none.
func TestHostCookieElsewhere(t *testing.T) {
	c := serveHost(t, unlimited).enter(t, testCode)
	for code, known := range map[string]bool{testCode: true, "KDTSMRFWHB": true, "other-other": false, "": false} {
		_, body := serveHostOn(t, memory.New(), code, unlimited).look(t, c)
		if knows := !isForm(body) && !strings.Contains(body, "Nobody can be the host"); knows != known {
			t.Errorf("a chatd with the code %q knows the host: %v", code, knows)
		}
	}
}

func TestNobodyIsTheHost(t *testing.T) {
	s := serve(t, unlimited)
	if status, body := s.look(t, nil); status != 404 || isForm(body) || !strings.Contains(body, "host_code") {
		t.Errorf("%d: %s", status, body)
	}
	for _, code := range []string{"", "none", testCode} {
		if resp, _ := s.post(t, "/host", s.url, url.Values{"code": {code}}); resp.StatusCode != 404 || len(resp.Cookies()) > 0 {
			t.Errorf("%q: %s, %v", code, resp.Status, resp.Cookies())
		}
	}
}

// Guesses are answered with a sentence, and soon not any more: also the right
// code has to wait then, so that nobody learns by it. That is for a code that
// somebody has chosen.
func TestGuessesAreLimited(t *testing.T) {
	const chosen = "our-evening"
	s := serveHostOn(t, memory.New(), chosen, unlimited)
	for range 2 * addressGuesses {
		s.enter(t, chosen) // is no guess
	}
	for i, code := range []string{"", "wrong-wrong", "------", "none", strings.Repeat("x", 5000)} {
		resp, body := s.post(t, "/host", s.url, url.Values{"code": {code}})
		if resp.StatusCode != 403 || len(resp.Cookies()) > 0 || !isForm(body) || !strings.Contains(body, "That is not the host’s code.") {
			t.Errorf("guess %d: %s, %v: %s", i, resp.Status, resp.Cookies(), body)
		}
		if len(code) > 6 && strings.Contains(body, code) {
			t.Errorf("the answer repeats %q", code)
		}
	}
	for _, code := range []string{chosen, "wrong-wrong"} {
		resp, body := s.post(t, "/host", s.url, url.Values{"code": {code}})
		if resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" || len(resp.Cookies()) > 0 || !strings.Contains(body, "wait") || !isForm(body) {
			t.Errorf("%s after them: %s, Retry-After %q: %s", code, resp.Status, resp.Header.Get("Retry-After"), body)
		}
	}
}

// A host with a code that Warren made comes in whatever others try from the same
// address, as all do behind a proxy; and those are not told anything by it.
func TestOthersGuessesKeepNoHostOut(t *testing.T) {
	s := serveHost(t, unlimited)
	statuses := map[int]int{}
	for range 4 * allGuesses {
		resp, _ := s.post(t, "/host", s.url, url.Values{"code": {"wrong-wrong"}})
		statuses[resp.StatusCode]++
	}
	if statuses[403] < addressGuesses || statuses[403] > addressGuesses+2 || statuses[403]+statuses[429] != 4*allGuesses {
		t.Errorf("the guesses are answered with %v", statuses)
	}
	s.enter(t, testCode)
}

// However many try, from however many addresses, so many codes are looked at.
func TestGuessesOfAllAreLimited(t *testing.T) {
	for code, most := range map[string]int{"our-evening": allGuesses, testCode: allGuesses + madeGuesses} {
		synctest.Test(t, func(t *testing.T) {
			g, key := newGuesses(), newHostKey(code)
			for i := range most { // each address has guesses left
				if _, wait := g.try(key, fmt.Sprint("address ", i), "wrong-wrong"); (wait == 0) != (i < allGuesses) {
					t.Fatalf("%s: guess %d has to wait %v", code, i, wait)
				}
			}
			if opens, wait := g.try(key, "the host's", code); opens || wait == 0 {
				t.Errorf("%s is looked at after %d guesses", code, most)
			}
			time.Sleep(time.Minute / allGuesses)
			if opens, wait := g.try(key, "the host's", code); !opens || wait > 0 {
				t.Errorf("%s does not open after a pause, but in %v", code, wait)
			}
		})
	}
}

// A page from elsewhere cannot make its visitor a host, or throw one out.
func TestStrangersPageAtTheDoor(t *testing.T) {
	s := serveHost(t, unlimited)
	c := s.enter(t, testCode)
	for _, origin := range []string{"http://evil.example", "null", "http://localhost:1"} {
		for _, path := range []string{"/host", "/host/leave"} {
			resp, _ := s.post(t, path, origin, url.Values{"code": {testCode}}, c)
			if resp.StatusCode != 403 || len(resp.Cookies()) > 0 {
				t.Errorf("%s to %s: %s, %v", origin, path, resp.Status, resp.Cookies())
			}
		}
	}
	header := http.Header{"Origin": {"http://evil.example"}, "Cookie": {c.Name + "=" + c.Value}}
	if _, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/websocket", header); err == nil || resp.StatusCode != 403 {
		t.Errorf("its WebSocket with the host's cookie is answered %v, %v", resp, err)
	}
	resp, _ := s.post(t, "/host", "", url.Values{"code": {testCode}}) // a program: there is no visitor to be betrayed
	if resp.StatusCode != 303 {
		t.Errorf("a program: %s", resp.Status)
	}
}
