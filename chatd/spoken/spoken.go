// Package spoken is which languages the pages speak, of chatd and of the card
// alike, and which of them a browser gets. All of it may be called concurrently.
package spoken

import (
	"strings"

	"golang.org/x/text/language"
)

// Languages are those that the pages speak, each with a file of its words. Whoever
// wants none of them gets the first.
var Languages = []string{"en", "de", "fr", "es", "pt", "ja", "zh", "ar"}

var matcher = func() language.Matcher {
	var tags []language.Tag
	for _, name := range Languages {
		tags = append(tags, language.MustParse(name))
	}
	return language.NewMatcher(tags)
}()

// maxWish bounds what is read of an Accept-Language header: a browser with ten
// languages sends 100 bytes.
const maxWish = 256

// Best returns the one of Languages that fits an Accept-Language header best
// (RFC 9110, section 12.5.4).
func Best(accept string) string {
	if len(accept) > maxWish {
		accept = accept[:strings.LastIndexByte(accept[:maxWish], ',')+1]
	}
	tags, _, err := language.ParseAcceptLanguage(strings.TrimRight(accept, ", "))
	if err != nil {
		return Languages[0]
	}
	_, i, _ := matcher.Match(tags...)
	return Languages[i]
}
