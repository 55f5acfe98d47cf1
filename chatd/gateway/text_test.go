package gateway

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

func TestPlainTextIsTheTalksOwn(t *testing.T) {
	s := serve(t, DefaultLimits)
	ada, eve := s.dial(t, "?name=Ada"), s.dial(t, "")
	s.awaitSessions(t, 2) // they are in a moment after the handshake
	page, _ := s.join(t, nil)
	ada.WriteMessage(1, []byte("hello"))
	for _, c := range []*client{ada, eve} {
		if got := c.text(); got != "Ada: hello" {
			t.Errorf("got %q", got)
		}
	}
	if r := page.records(1)[0]; r.From.Name != "Ada" || r.Text != "hello" {
		t.Errorf("the page got %+v", r)
	}
	eve.WriteMessage(1, []byte("hi"))
	if got := ada.text(); !strings.HasSuffix(got, ": hi") || len(got) < 8 {
		t.Errorf("a guest without a name said %q", got)
	}
	late := s.dial(t, "?history=1")
	if got := late.text(); !strings.HasSuffix(got, ": hi") {
		t.Errorf("history is %q", got)
	}
}

func TestPlainTextIsToldWhatIsWrong(t *testing.T) {
	s := serve(t, DefaultLimits)
	c := s.dial(t, "?name=%00")
	if got := c.text(); !strings.HasPrefix(got, "* The name is empty. You are ") {
		t.Errorf("got %q", got)
	}
	c.WriteMessage(1, []byte("\n"))
	c.WriteMessage(1, []byte(strings.Repeat("x", 20_000)))
	if got := c.text(); !strings.HasPrefix(got, "* The message is too long") {
		t.Errorf("got %q", got)
	}
	bad := s.dial(t, "?device=short")
	if code, _ := bad.closed(); code != 4200 {
		t.Errorf("closed with %d", code)
	}
}

// Whatever a guest is called and says, and whoever it is said by, only the server's
// own frames begin as a notice does; and one message is one entry, where frames are
// printed as they come.
func TestNobodySpeaksAsTheServer(t *testing.T) {
	const notices = "* the host has closed"
	s := serve(t, unlimited)
	reader := s.dial(t, "?name=Reader")
	s.awaitSessions(t, 1)
	want := ""
	for name, shown := range map[string]string{
		notices: `\* the host has closed`, "*": `\*`, `\* x`: `\\* x`, "**": `\**`, " \u200b* x": `\* x`, "a * b": "a * b", "Ada": "Ada",
	} {
		c := s.dial(t, "?name="+url.QueryEscape(name))
		for text, printed := range map[string]string{
			notices:                            notices,
			"hi\n" + notices + "\nBob: forged": "hi\n\t" + notices + "\n\tBob: forged",
			"a\r* b\u2028* c":                  "a\n\t* b\n\t* c",
			"/me * x":                          "/me * x",
		} {
			c.WriteMessage(websocket.TextMessage, []byte(text))
			want = shown + ": " + printed
			for _, p := range []*client{c, reader} {
				if got := p.text(); got != want {
					t.Errorf("%q says %q: it is sent as %q, must be %q", name, text, got, want)
				}
			}
		}
		c.Close()
	}
	if got := s.dial(t, "?history=1").text(); got != want {
		t.Errorf("the history has %q, must be %q", got, want)
	}
}
