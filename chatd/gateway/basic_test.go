package gateway

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// reader is a browser without JavaScript.
type reader struct {
	t *testing.T
	http.Client
	url string
}

func newReader(t *testing.T, s *testServer) *reader {
	jar, _ := cookiejar.New(nil)
	return &reader{t, http.Client{Jar: jar, Timeout: waitFor}, s.url + "/basic"}
}

func (r *reader) read(resp *http.Response, err error) string {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(body)
}

var refField = regexp.MustCompile(`name="ref" value="([^"]+)"`)

func TestBasicPage(t *testing.T) {
	s := serve(t, DefaultLimits)
	phone, _ := s.join(t, map[string]any{"name": "Bob"})
	phone.say("a", "<script>alert(1)</script>")
	phone.records(1)

	r := newReader(t, s)
	page := r.read(r.Get(r.url))
	if strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, "Bob") {
		t.Errorf("the page is %s", page)
	}
	form := url.Values{"ref": {refField.FindStringSubmatch(page)[1]}, "name": {"Ada"}, "text": {"no script here"}}
	for range 2 { // posted twice, as by a reload, it is one message
		page = r.read(r.PostForm(r.url, form))
	}
	if strings.Count(page, "no script here") != 1 || !strings.Contains(page, `value="Ada"`) || !strings.Contains(page, `class="own"`) {
		t.Errorf("the page is %s", page)
	}
	if got := phone.records(1)[0]; got.From.Name != "Ada" || got.Text != "no script here" {
		t.Errorf("the phone got %+v", got)
	}
	page = r.read(r.PostForm(r.url, url.Values{"name": {" "}, "text": {"kept text"}}))
	if !strings.Contains(page, "That cannot be a name.") || !strings.Contains(page, "kept text") {
		t.Errorf("the page is %s", page)
	}
}

func TestBasicPageIsNoDoorForOthers(t *testing.T) {
	s := serve(t, DefaultLimits)
	for name, set := range map[string][2]string{"Origin": {"Origin", "http://evil.example"}, "fetch": {"Sec-Fetch-Site", "cross-site"}} {
		req, _ := http.NewRequest("POST", s.url+"/basic", strings.NewReader("name=Eve&text=spam"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set(set[0], set[1])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	resp, err := http.Post(s.url+"/basic", "application/x-www-form-urlencoded", strings.NewReader("text="+strings.Repeat("x", 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a huge form: %s", resp.Status)
	}
}

func TestBasicPageWhileAway(t *testing.T) {
	t.Parallel()
	_, s, l := serveLate(t)
	l.away(t, s)
	l.hold()
	defer l.release()
	r := newReader(t, s)
	page := r.read(r.Get(r.url))
	if !strings.Contains(page, "The room is catching its breath") {
		t.Errorf("the page is %s", page)
	}
	began := time.Now()
	page = r.read(r.PostForm(r.url, url.Values{"name": {"Ada"}, "text": {"later"}}))
	if !strings.Contains(page, "Your message waits") || time.Since(began) > waitFor/2 {
		t.Errorf("after %v the page is %s", time.Since(began), page)
	}
	if resp := s.get(t, "/readyz", nil); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %s", resp.Status)
	}
}

// The page without JavaScript shows messages as they have become.
func TestBasicShowsWhatBecame(t *testing.T) {
	s := serveHost(t, unlimited)
	host, _ := s.joinHost(t, map[string]any{"name": "Hana"})
	ada, _ := s.join(t, map[string]any{"name": "Ada"})
	typo, regret := ada.said("helo"), ada.said("a regret")
	ada.said("/me waves")
	ada.await(ada.do("edit", to(typo), map[string]any{"text": "hello"}))
	ada.await(ada.do("delete", to(regret)))
	host.rule("pin", map[string]any{"text": "Fire drill <at> ten"})
	host.rule("title", map[string]any{"text": "Burrow"})
	r := newReader(t, s)
	html := r.read(r.Get(r.url))
	for _, want := range []string{"hello", "· edited", "Deleted by who wrote it.", "Fire drill &lt;at&gt; ten", "<h1><bdi>Burrow</bdi></h1>", "<i><bdi>Ada</bdi> waves</i>"} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, gone := range []string{"helo<", "a regret", "/me"} {
		if strings.Contains(html, gone) {
			t.Errorf("%q is still there", gone)
		}
	}
	if t.Failed() {
		t.Log(html)
	}
}
