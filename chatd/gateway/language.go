package gateway

import (
	"net/http"
	"path"
	"strings"

	"golang.org/x/text/language"
)

// The page is in the language that its reader's browser asks for. All that
// differs is one module, the words: /strings.js is the file of that language.

const (
	stringsModule = "/strings.js"
	stringsFolder = "strings"
)

// languages are those that the page speaks, each with a file of its words. Who
// wants none of them gets the first.
var languages = []string{"en", "de", "fr", "es", "pt", "ja", "zh", "ar"}

var matcher = func() language.Matcher {
	var tags []language.Tag
	for _, name := range languages {
		tags = append(tags, language.MustParse(name))
	}
	return language.NewMatcher(tags)
}()

// maxWish bounds what is read of an Accept-Language header: a browser with ten
// languages sends 100 bytes.
const maxWish = 256

// languageOf returns the one of languages that fits the request's
// Accept-Language header best.
func languageOf(r *http.Request) string {
	accept := r.Header.Get("Accept-Language")
	if len(accept) > maxWish {
		accept = accept[:strings.LastIndexByte(accept[:maxWish], ',')+1]
	}
	tags, _, err := language.ParseAcceptLanguage(strings.TrimRight(accept, ", "))
	if err != nil {
		return languages[0]
	}
	_, i, _ := matcher.Match(tags...)
	return languages[i]
}

// stringsIn returns the file of a language's words.
func stringsIn(name string) string { return path.Join(stringsFolder, name+".js") }
