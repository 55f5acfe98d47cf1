package gateway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"golang.org/x/net/html"
	"golang.org/x/net/http/httpguts"

	"warren/chatd/chat"
	"warren/chatd/fanout/memory"
	"warren/chatd/invite"
	"warren/chatd/uptime"
	"warren/internal/status"
)

// Whatever a client sends after its hello, the server answers a ping after it,
// or closes with a code of the table, and others chat on.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		`{"type":"say","ref":"a","text":"hi","reply_to":1}`, `{"type":"older","before":-9223372036854775808,"count":-1}`,
		`{"type":"name","name":"\u202e"}`, `{"type":"typing"}`, `{"type":"hello","since":1}`, `null`, `[[[[`, "\xff", ``,
		`{"type":"react","ref":"a","to":0,"emoji":"👍"}`, `{"type":"edit","ref":"a","to":-1,"text":"hi"}`, `{"type":"delete","ref":"a","to":9223372036854775807}`,
		`{"type":"host","ref":"a","verb":"lock"}`, `{"type":"say","ref":"a","picture":{"id":"","w":-1}}`,
	} {
		f.Add([]byte(seed), true)
	}
	s := serve(f, unlimited)
	f.Fuzz(func(t *testing.T, data []byte, text bool) {
		c, _ := s.join(t, map[string]any{"device": uuid.NewString(), "history": 0})
		kind := websocket.TextMessage
		if !text {
			kind = websocket.BinaryMessage
		}
		c.WriteMessage(kind, data)
		c.WriteJSON(map[string]any{"type": "ping"})
		for {
			_, got, err := c.ReadMessage()
			if e, ok := err.(*websocket.CloseError); ok {
				if e.Code != 1003 && e.Code != 1007 && e.Code != 1009 {
					t.Fatalf("closed with %d", e.Code)
				}
				return
			}
			if err != nil {
				t.Fatalf("after %q: %v", data, err)
			}
			if strings.HasPrefix(string(got), `{"type":"pong"`) {
				return
			}
		}
	})
}

// Whatever the first frame is, it is answered with a welcome that is in the
// room's own form, or the line is closed with a code of the table.
func FuzzHello(f *testing.F) {
	for _, seed := range []string{
		`{"type":"hello","device":"0123456789abcdef","name":"Ada","since":3,"since_ref":"x","epoch":"e","history":5}`,
		`{"type":"hello","device":"0123456789abcdef","name":"\u202e","history":-1}`,
		`{"type":"hello","device":"0123456789abcdef","since":-9223372036854775808,"epoch":"\u0000","history":99999999999}`,
		`{"type":"hello","wall":true,"at":1}`, `{"type":"hello","device":"0123456789abcdef","at":-9223372036854775808}`,
		`{"type":"hello","device":" "}`, `{"type":"say"}`, `{"type":"hello"`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	s := serve(f, unlimited)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := s.dial(t, "", Subprotocol)
		c.WriteMessage(websocket.TextMessage, data)
		c.WriteJSON(map[string]any{"type": "hello", "device": uuid.NewString()}) // for one that was refused and may try again
		for {
			_, got, err := c.ReadMessage()
			if e, ok := err.(*websocket.CloseError); ok {
				if e.Code != 4200 && e.Code != 1007 && e.Code != 1009 {
					t.Fatalf("closed with %d", e.Code)
				}
				return
			}
			if err != nil {
				t.Fatalf("after %q: %v", data, err)
			}
			var w struct {
				Type string
				You  chat.Person
			}
			if err := json.Unmarshal(got, &w); err != nil {
				t.Fatalf("%q: %v", got, err)
			}
			if w.Type == "welcome" {
				var hello clientFrame
				if json.Unmarshal(data, &hello) == nil && hello.Wall && w.You == (chat.Person{}) {
					return
				}
				if name, err := chat.CleanName(w.You.Name); err != nil || name != w.You.Name || !chat.ValidID(w.You.ID) {
					t.Fatalf("after %q it welcomes %+v", data, w.You)
				}
				return
			}
		}
	})
}

// Whatever a host's frame holds, it is refused with a sentence, or is a deed that
// is read from the log as it was written.
func FuzzDeed(f *testing.F) {
	for _, seed := range []string{
		`{"verb":"hide","to":3,"undo":true}`, `{"verb":"mute","who":"abcdefghijklmnop","name":"Eve"}`, `{"verb":"kick","who":"x"}`, `{"verb":"clear"}`,
		`{"verb":"slow","seconds":10}`, `{"verb":"lock"}`, `{"verb":"off","text":"\u202eBack"}`, `{"verb":"words","words":["a","б"]}`, `{"verb":"pin","text":" a\r\nb "}`,
		`{"verb":"title","text":" Burrow  2 "}`, `{"verb":"pictures","off":true}`, `{"verb":"erase"}`, `{"verb":"clock","at":1800000000000}`, `{"verb":"dance"}`,
	} {
		f.Add([]byte(seed))
	}
	g := &Gateway{Config: Config{Clock: uptime.Now}}
	p := &jsonPhone{phone: newPhone(g, nil, "", true)}
	p.person = chat.Person{ID: "abcdefghijklmnop", Name: "Hana"}
	f.Fuzz(func(t *testing.T, data []byte) {
		var frame clientFrame
		if json.Unmarshal(data, &frame) != nil {
			return
		}
		d, err := p.deed(&frame)
		if err != nil {
			if r := err.(*refusal); r.why != "bad_value" || !utf8.ValidString(r.text) || !strings.HasSuffix(r.text, ".") {
				t.Fatalf("%q: %+v", data, r)
			}
			return
		}
		if chat.CheckDeed(d) != nil {
			return
		}
		back, err := chat.DeedOf(chat.RecordOf(d, "ref", g.Clock()))
		if err != nil || !reflect.DeepEqual(back, d) {
			t.Fatalf("%q: %+v is read as %+v, %v", data, d, back, err)
		}
	})
}

// Whatever a plain client calls itself, asks for and says: each frame that it
// gets is one message or one notice, and it can go on.
func FuzzText(f *testing.F) {
	f.Add("Shell", "10", "0123456789abcdef", "hello")
	f.Add("\u202e", "-1", "", "a\r\nb\x00\x1b[31m\u2028c")
	f.Add("* ", "99999999999999999999", "~", "\ufffd")
	s := serve(f, unlimited)
	f.Fuzz(func(t *testing.T, name, history, device, text string) {
		if !utf8.ValidString(text) {
			return // FuzzBytes has these
		}
		c := s.dial(t, "?"+url.Values{"name": {name}, "history": {history}, "device": {device}}.Encode())
		c.WriteMessage(websocket.TextMessage, []byte(text))
		last := uuid.NewString()
		c.WriteMessage(websocket.TextMessage, []byte(last))
		for {
			_, got, err := c.ReadMessage()
			if e, ok := err.(*websocket.CloseError); ok {
				if e.Code != 4200 && e.Code != 1009 {
					t.Fatalf("closed with %d", e.Code)
				}
				return
			}
			if err != nil {
				t.Fatalf("after %q: %v", text, err)
			}
			who, said, ok := strings.Cut(string(got), ": ")
			clean, err := chat.CleanName(who)
			if !strings.HasPrefix(string(got), notice) && (!ok || err != nil && !strings.Contains(said, ": ") || strings.ContainsAny(string(got), "\x00\x1b\r")) {
				t.Fatalf("%q (%q, %v)", got, clean, err)
			}
			if said == last {
				return
			}
		}
	})
}

// FuzzBytes sends any bytes at all where frames are expected, and hangs up: the
// server sends whole frames until then, and ends the session.
func FuzzBytes(f *testing.F) {
	hello := `{"type":"hello","device":"0123456789abcdef"}`
	masked := append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...)
	f.Add(masked, true)
	f.Add([]byte("\x81\x85\x00\x00\x00\x00hello\x89\x80\x00\x00\x00\x00\x88\x82\x00\x00\x00\x00\x03\xe8"), false)
	f.Add([]byte("\x01\x81\x00\x00\x00\x00a\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"), true)
	f.Add([]byte("\x81\x05hello\xf1\x80\x00\x00\x00\x00"), false)
	f.Add([]byte("\x81\x82\x00\x00\x00\x00\xff\xfe"), true)
	s := serve(f, unlimited)
	f.Fuzz(func(t *testing.T, data []byte, asJSON bool) {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(waitFor))
		offer := ""
		if asJSON {
			offer = "Sec-WebSocket-Protocol: " + Subprotocol + "\r\n"
		}
		fmt.Fprintf(conn, "GET /websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s\r\n", offer)
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%v, %v", resp, err)
		}
		conn.Write(data)
		conn.(*net.TCPConn).CloseWrite()
		for {
			var head [10]byte
			if _, err := io.ReadFull(in, head[:2]); err != nil {
				// A reset is for data that came after the end.
				if e, ok := err.(net.Error); ok && e.Timeout() {
					t.Fatalf("after %q the line stays open", data)
				}
				return
			}
			size, more := int64(head[1]), 0
			switch size {
			case 126:
				more = 2
			case 127:
				more = 8
			}
			if _, err := io.ReadFull(in, head[2:2+more]); err != nil {
				return
			}
			if more > 0 {
				size = 0
				for _, b := range head[2 : 2+more] {
					size = size<<8 | int64(b)
				}
			}
			if op := head[0]; !slices.Contains([]byte{0x81, 0x88, 0x89, 0x8a}, op) || size < 0 || size > 1<<20 || op >= 0x88 && size > 125 {
				t.Fatalf("a frame %x of %d bytes", op, size)
			}
			payload := make([]byte, size)
			if _, err := io.ReadFull(in, payload); err != nil {
				return
			}
			if head[0] == 0x81 && !utf8.Valid(payload) {
				t.Fatalf("%q is no text", payload)
			}
		}
	})
}

// tags are what the pages that the server makes are made of.
var tags = strings.Fields("html head meta title link body header nav main h1 h2 p a b small bdi form input label textarea button ol ul li section svg ellipse path div dl dt dd footer span i img")

// harmless reports what is in a page that none of Warren's has.
func harmless(t *testing.T, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		token := z.Token()
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			if !slices.Contains(tags, token.Data) {
				t.Fatalf("<%s> in %q", token.Data, page)
			}
		case html.CommentToken:
			t.Fatalf("a comment in %q", page)
		}
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "http-equiv" ||
				(a.Key == "href" || a.Key == "action") && !slices.Contains([]string{"/", "/basic", "/status", "/icon.svg", "/basic.css", "/poster.css", "/hostdoor.css", "/host"}, a.Val) {
				t.Fatalf("%s=%q in %q", a.Key, a.Val, page)
			}
		}
	}
}

// Whatever a browser or anybody else asks for, under any name, from any page,
// with any cookie and form: the answer is one of those there are, nothing of the
// request gets out of its place in it, and it leads nowhere else.
func FuzzRequest(f *testing.F) {
	form := url.Values{"name": {"Ada"}, "text": {"<script>"}, "ref": {"x"}}.Encode()
	for _, path := range []string{"/", "/app.js", "/status", "/poster", "/healthz", "/readyz", "/basic?text=%3Cscript%3E", "//stranger.example/..", "/%00\\", "*", "/websocket?name=%ff"} {
		f.Add("GET", path, "localhost:8081", "", "device=0123456789abcdef; name=QWRh", "")
	}
	f.Add("POST", "/basic", "localhost", "http://localhost", "device=<>; name="+encodeName("\u202e"), form)
	f.Add("POST", "/basic", "localhost", "http://stranger.example", "", form)
	f.Add("POST", "/basic", "rabbit.", "", "name=%%", "name=+&text=%ff%00<script>")
	f.Add("POST", "/basic", "rabbit", "null", "", form)
	f.Add("HEAD", "/poster", "[::1%x'none';y]:8081", "\r\nUpgrade: websocket", "", "")
	f.Add("GET", "/app.js", "localhost", "x\r\nRange: bytes=1-2\r\nIf-Match: W/\"x\"", "", "")
	f.Add("GET", "/app.js", "localhost", "\r\nRange: bytes=1-2,9999999-", "", "")
	proof := newHostKey(testCode).proof()
	f.Add("GET", "/host", "localhost", "", "host="+proof, "")
	f.Add("GET", "/host", "localhost", "", "host=x", "")
	f.Add("POST", "/host", "localhost", "http://localhost", "", "code="+testCode)
	f.Add("POST", "/host", "localhost", "", "", "code=%ff<script>")
	f.Add("POST", "/host/leave", "localhost", "http://localhost", "host="+proof, "")
	s := serveOn(f, memory.New(), unlimited, func(c *Config) {
		c.HostCode = testCode
		c.StatusDir, c.WiFi = f.TempDir(), invite.WiFi{Name: "rabbit", Passphrase: "<carrot>"}
	})
	known := []int{200, 206, 303, 304, 307, 308, 400, 403, 404, 405, 412, 416, 421, 426, 429}
	f.Fuzz(func(t *testing.T, method, target, host, origin, cookie, form string) {
		raw := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", method, target, host, cookie, len(form))
		if origin != "" {
			raw += "Origin: " + origin + "\r\n"
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw + "\r\n" + form)))
		// What net/http's server refuses by itself does not get here.
		if err != nil || !httpguts.ValidHostHeader(r.Host) || websocket.IsWebSocketUpgrade(r) {
			return
		}
		for name, values := range r.Header {
			if !httpguts.ValidHeaderFieldName(name) || slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }) {
				return
			}
		}
		r.RemoteAddr = "127.0.0.1:5000"
		w := httptest.NewRecorder()
		s.gateway.ServeHTTP(w, r)
		body := w.Body.String()
		noPoster := w.Code == http.StatusInternalServerError && strings.HasPrefix(body, "There is no poster: ") // its host is too long for a QR code
		if !slices.Contains(known, w.Code) && !noPoster {
			t.Fatalf("%d %q", w.Code, body)
		}
		for name, values := range w.Header() {
			if slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }) {
				t.Fatalf("%s: %q", name, values)
			}
		}
		policy := strings.Split(w.Header().Get("Content-Security-Policy"), ";")
		if len(policy) != 8 || strings.Contains(w.Header().Get("Content-Security-Policy"), ",") {
			t.Fatalf("the policy is %q", policy)
		}
		if connect := strings.Fields(policy[4]); connect[0] != "connect-src" || len(connect) != 4 && connect[1] != "'none'" || len(connect) == 4 && (connect[1] != "'self'" || connect[2] != "ws://"+r.Host || connect[3] != "wss://"+r.Host) {
			t.Fatalf("the policy is %q", policy)
		}
		if to := w.Header().Get("Location"); to != "" && (to[0] != '/' || strings.HasPrefix(to, "//") || strings.HasPrefix(to, "/\\")) {
			t.Fatalf("it leads to %q", to)
		}
		if w.Header().Get("Content-Encoding") == "" && w.Code != http.StatusPartialContent && !utf8.ValidString(body) {
			t.Fatalf("%q is not UTF-8", body)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && !slices.Contains([]string{"/", "/index.html", "/wall", hostFile}, r.URL.Path) && !(r.URL.Path == "/host" && s.gateway.isHost(r)) && w.Code == 200 {
			harmless(t, body)
		}
	})
}

// FuzzStatusPage has the card's other daemons tell anything: the page says it as
// text.
func FuzzStatusPage(f *testing.F) {
	f.Add("Wi-Fi", "The Wi-Fi \u201c<b>\u201d is up.", "line 3: <script>", true)
	f.Fuzz(func(t *testing.T, title, text, item string, wrong bool) {
		var page bytes.Buffer
		d := statusData{Title: "rabbit", Card: []status.Section{{Title: title, Wrong: wrong, Text: []string{text}, List: []string{item}}}}
		if err := statusLeaf["en"].Execute(&page, d); err != nil {
			t.Fatal(err)
		}
		// & becomes &amp; and what is no character becomes one of three bytes.
		if said := len(title) + len(text) + len(item); page.Len() > 6*said+4000 {
			t.Fatalf("%d bytes become a page of %d", said, page.Len())
		}
		harmless(t, page.String())
	})
}

// FuzzBoxMetrics has the hotspot's daemon tell anything: the metrics are served.
func FuzzBoxMetrics(f *testing.F) {
	f.Add([]byte(`{"state":"starting","stations":1e400}`))
	dir := f.TempDir()
	handler := metrics(dir)
	f.Fuzz(func(t *testing.T, js []byte) {
		if err := os.WriteFile(filepath.Join(dir, status.HotspotFile), js, 0o600); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}

// FuzzCookieName: a name comes back from a cookie as it was, and whatever else
// is in a cookie gives a clean name or none.
func FuzzCookieName(f *testing.F) {
	f.Add("Ada")
	f.Add("\u202eevil\x00;,")
	f.Add(encodeName("Zoe\u0308"))
	f.Fuzz(func(t *testing.T, s string) {
		if name, err := cookieName(s); err == nil {
			if again, err := chat.CleanName(name); err != nil || again != name {
				t.Fatalf("the cookie %q gives %q", s, name)
			}
		}
		name, err := chat.CleanName(s)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		setCookie(w, nameCookie, encodeName(name))
		r := http.Request{Header: http.Header{"Cookie": {strings.Split(w.Header().Get("Set-Cookie"), ";")[0]}}}
		c, err := r.Cookie(nameCookie)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cookieName(c.Value); err != nil || got != name {
			t.Fatalf("%q comes back as %q, %v", name, got, err)
		}
	})
}
