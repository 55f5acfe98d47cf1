package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence makes an error's text a sentence for people: it begins with a capital,
// if its first letter has one, and ends with one full stop.
func Sentence(err error) string {
	text := strings.TrimSuffix(err.Error(), ".")
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:] + "."
}
