package gateway

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"warren/chatd/spoken"
	"warren/web"
)

// What is said in English is said in each language, with the same in it; and all
// of it is said somewhere.
func TestWordsOfEveryLanguage(t *testing.T) {
	english := wordsIn[spoken.Languages[0]]
	verbs := regexp.MustCompile(`%[a-z]`)
	for _, name := range spoken.Languages {
		w := wordsIn[name]
		for key := range w {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %s is a sentence too many", name, key)
			}
		}
		for key, want := range english {
			if got := verbs.FindAllString(w[key], -1); w[key] == "" || !slices.Equal(got, verbs.FindAllString(want, -1)) {
				t.Errorf("%s: %s says %q, in English %q", name, key, w[key], want)
			}
			if name != spoken.Languages[0] && w[key] == want && strings.Contains(want, " ") {
				t.Errorf("%s: %s is not translated: %q", name, key, want)
			}
		}
		if w["lang"] != name || w["dir"] == "rtl" != (name == "ar") {
			t.Errorf("%s says that it is %q, written %s", name, w["lang"], w["dir"])
		}
	}

	var source strings.Builder
	for _, name := range templates {
		source.Write(fileOf(name))
	}
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			b, _ := os.ReadFile(name)
			source.Write(b)
		}
	}
	said := make(map[string]bool)
	for _, match := range regexp.MustCompile(`\bsay(?: "|\(")(\w+)"`).FindAllStringSubmatch(source.String(), -1) {
		said[match[1]] = true
		if english[match[1]] == "" && match[1] != "key" { // as in the comment that explains it
			t.Errorf("nobody says what %s is", match[1])
		}
	}
	for key := range english {
		why, reason := strings.CutPrefix(key, "why_")
		if !said[key] && !(reason && regexp.MustCompile(`"`+why+`"`).MatchString(source.String())) {
			t.Errorf("%s is never said", key)
		}
	}
}

// A page that the server makes is in the reader's language.
func TestLeavesInTheReadersLanguage(t *testing.T) {
	s := serve(t, DefaultLimits)
	for _, name := range spoken.Languages {
		for path, key := range map[string]string{"/basic": "your_message", "/status": "again", "/poster": "no_app", "/wall": "chat", "/host": "back"} {
			resp := s.get(t, path, func(r *http.Request) { r.Header.Set("Accept-Language", name) })
			body, _ := io.ReadAll(resp.Body)
			head := `<html lang="` + name + `" dir="` + wordsIn[name]["dir"] + `">`
			if !strings.Contains(string(body), head) || !strings.Contains(string(body), wordsIn[name][key]) {
				t.Errorf("%s in %s: %.300s", path, name, body)
			}
		}
	}
}

// The page without JavaScript tells in the reader's language why it did not take
// a message.
func TestRefusedInTheReadersLanguage(t *testing.T) {
	s := serve(t, DefaultLimits)
	for _, name := range []string{"de", "ar"} {
		resp := s.get(t, "/basic", func(r *http.Request) {
			r.Method, r.Body = "POST", io.NopCloser(strings.NewReader("name=Ada&text="))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept-Language", name)
		})
		body, _ := io.ReadAll(resp.Body)
		if want := wordsIn[name]["why_empty"]; !strings.Contains(string(body), want) {
			t.Errorf("the page in %s lacks %q: %.2000s", name, want, body)
		}
	}
}

// Each page that the server makes is among templates, and is not served as it is.
func TestTemplatesAreNotServed(t *testing.T) {
	files, _ := fs.Glob(web.Files, "*.html")
	for _, name := range files {
		if made := strings.Contains(string(fileOf(name)), "{{"); made != slices.Contains(templates, name) {
			t.Errorf("%s is made by the server: %v", name, made)
		}
	}
}
