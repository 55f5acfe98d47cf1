package main

import (
	"html"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"warren/chatd/invite"
	"warren/chatd/spoken"
)

// maxPage is what a page may weigh: it then comes in the first ten packets, for
// which no phone has to ask again (RFC 6928).
const maxPage = 10_000

func makePages(t *testing.T, wifi invite.WiFi) *pages {
	t.Helper()
	chat, _ := url.Parse("http://10.1.1.1:8081/")
	p, err := newPages(wifi, chat)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPagesAreLight(t *testing.T) {
	heaviest := 0
	for key, page := range makePages(t, invite.WiFi{Name: "rabbit", Passphrase: "carrotcarrot"}).by {
		if heaviest = max(heaviest, len(page)); len(page) > maxPage {
			t.Errorf("%v weighs %d bytes", key, len(page))
		}
	}
	t.Logf("the heaviest page weighs %d bytes", heaviest)
	long := invite.WiFi{Name: strings.Repeat("🥕", 8), Passphrase: strings.Repeat(`\`, 63)}
	for key, page := range makePages(t, long).by {
		if len(page) > 2*maxPage {
			t.Errorf("with the longest name and passphrase %v weighs %d bytes", key, len(page))
		}
	}
}

// A name can be anything, and is shown as it is.
func TestPagesOfHostileNames(t *testing.T) {
	for _, name := range []string{`</bdi><script>alert(1)`, `"><img src=x>`, "{{.}}", "&amp;", "'\\`"} {
		for _, page := range makePages(t, invite.WiFi{Name: name, Passphrase: name}).by {
			if strings.Contains(string(page), "<script") || strings.Contains(string(page), "<img") || !strings.Contains(string(page), "<bdi>"+html.EscapeString(name)+"</bdi>") &&
				!strings.Contains(html.UnescapeString(string(page)), "<bdi>"+name+"</bdi>") {
				t.Errorf("%q: %s", name, page)
			}
		}
	}
	for _, page := range makePages(t, invite.WiFi{Name: "rabbit"}).by {
		if strings.Contains(string(page), "Password:") {
			t.Error("an open Wi-Fi has a password")
		}
	}
}

// Each language has all words, none of them is left over, and each is on a page.
func TestWords(t *testing.T) {
	files, err := fs.ReadDir(wordFiles, "words")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(spoken.Languages, strings.TrimSuffix(f.Name(), path.Ext(f.Name()))) {
			t.Errorf("words/%s is used by nobody", f.Name())
		}
	}
	p := makePages(t, invite.WiFi{Name: "rabbit", Passphrase: "carrotcarrot"})
	english, err := wordsIn("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range spoken.Languages {
		w, err := wordsIn(language)
		if err != nil {
			t.Error(err)
			continue
		}
		var all strings.Builder
		for key, page := range p.by {
			if key.language == language {
				all.WriteString(html.UnescapeString(string(page)))
			}
		}
		if !strings.Contains(all.String(), `<html lang="`+language+`"`) {
			t.Errorf("the page in %s does not say so", language)
		}
		v := reflect.ValueOf(w)
		for i := range v.NumField() {
			key, word := v.Type().Field(i).Tag.Get("json"), v.Field(i).String()
			if strings.TrimSpace(word) == "" {
				t.Errorf("words/%s.json has no %s", language, key)
			} else if !strings.Contains(all.String(), word) {
				t.Errorf("%s of words/%s.json is on no page", key, language)
			}
			if language != "en" && word == reflect.ValueOf(english).Field(i).String() {
				t.Errorf("%s of words/%s.json is still English", key, language)
			}
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for accept, want := range map[string]string{
		"": "en", "*": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "gsw,de;q=0.5": "de", "fr-CA": "fr", "es-419,es;q=0.9": "es",
		"ja-JP": "ja", "zh-CN,zh;q=0.9,en;q=0.8": "zh", "zh-Hans-CN": "zh", "zh-TW": "zh", "pt-BR,en;q=0.5": "pt", "ar-EG,fr;q=0.5": "ar", "fi,fr;q=0.5": "fr",
		"en;q=0.1,ja;q=0.9": "ja", ";;;": "en", "\xff\x00": "en", "de" + strings.Repeat(",fr", 5000): "de",
		strings.Repeat("x-", 20000): "en", strings.Repeat("-", 20000): "en",
	} {
		if got := spoken.Best(accept); got != want {
			t.Errorf("%.40q gets %s, want %s", accept, got, want)
		}
	}
}

// The policy of each page allows its own style, Continue, and nothing else.
func TestPolicy(t *testing.T) {
	p := makePages(t, invite.WiFi{Name: "rabbit"})
	for key := range p.by {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", key.language)
		p.send(w, r, key.window, key.in)
		policy := regexp.MustCompile(`'sha256-[^']*'`).ReplaceAllString(w.Header().Get("Content-Security-Policy"), "STYLE")
		if policy != "default-src 'none'; style-src STYLE; img-src data:; form-action 'self' http://10.1.1.1:8081; base-uri 'none'; frame-ancestors 'none'" {
			t.Errorf("the policy of %v is %s", key, policy)
		}
	}
}
