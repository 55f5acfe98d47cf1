package gateway

import (
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"warren/chatd/spoken"
	"warren/web"
)

func TestWordsInTheReadersLanguage(t *testing.T) {
	s := serve(t, DefaultLimits)
	etags := make(map[string]string)
	for accept, want := range map[string]string{
		"":                           "en",
		"en-GB,en;q=0.9":             "en",
		"de-AT,de;q=0.9,en;q=0.5":    "de",
		"fr-CA":                      "fr",
		"es-419,es;q=0.9":            "es",
		"pt-BR,pt;q=0.9,en;q=0.8":    "pt",
		"pt-PT":                      "pt",
		"ja":                         "ja",
		"zh-CN,zh;q=0.9":             "zh",
		"zh-Hant-TW,zh-TW;q=0.9":     "zh",
		"ar-EG,ar;q=0.9":             "ar",
		"fi,sv;q=0.8":                "en", // of these there is none
		"fi,ja;q=0.8,en;q=0.5":       "ja",
		"en;q=0.5,de;q=0.9":          "de",
		"*":                          "en",
		"this is no language, at, 1": "en",
		strings.Repeat("fi,", 4000):  "en",
	} {
		ask := func(r *http.Request) { r.Header.Set("Accept-Language", accept) }
		resp := s.get(t, stringsModule, ask)
		got, err := io.ReadAll(resp.Body)
		file, _ := fs.ReadFile(web.Files, stringsIn(want))
		if err != nil || string(got) != string(small(stringsModule, file)) {
			t.Errorf("who reads %.40q gets, instead of %s: %.80s, %v", accept, want, got, err)
		}
		if vary := resp.Header.Get("Vary"); !strings.Contains(vary, "Accept-Language") || !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("the words vary by %q", vary)
		}
		etag := resp.Header.Get("ETag")
		if other, ok := etags[etag]; ok && other != want {
			t.Errorf("%s and %s have the same ETag, %s", want, other, etag)
		}
		etags[etag] = want
		if again := s.get(t, stringsModule, func(r *http.Request) { ask(r); r.Header.Set("If-None-Match", etag) }); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s", want, again.Status)
		}
	}
	if len(etags) != len(spoken.Languages) {
		t.Errorf("asked for %d of %d languages", len(etags), len(spoken.Languages))
	}
}

// Each language has a file, and each file is of a language.
func TestFilesOfLanguages(t *testing.T) {
	files, err := fs.Glob(web.Files, stringsFolder+"/*")
	if err != nil || len(files) != len(spoken.Languages) {
		t.Errorf("there are %q for %q, %v", files, spoken.Languages, err)
	}
}

// What a page needs is asked for at once, and nothing else is.
func TestModulesOfAPage(t *testing.T) {
	s := serve(t, DefaultLimits)
	links := s.get(t, "/", nil).Header.Get("Link")
	for _, want := range []string{"app.js", "phrase.js", "strings.js", "text.js"} {
		if strings.Count(links, "</"+want+">; rel=modulepreload") != 1 {
			t.Errorf("the page's modules do not have %s once: %s", want, links)
		}
	}
	for _, not := range []string{"nomodule.js", "strings/"} {
		if strings.Contains(links, not) {
			t.Errorf("the page's modules have %s: %s", not, links)
		}
	}
}
