package settings

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Mistake is something in the file that is not as it must be. It never has a
// secret in it, and may be shown to anybody. All of it is one line of printable
// characters, of some hundred bytes.
type Mistake struct {
	Line  int    // the line of the file, from 1; 0: the file as a whole
	Key   string // the setting or "[section]", as it is written there; or empty
	Value string // the value, as it is written there; empty: a secret, or none
	Right string // what would be right
}

// Error returns the mistake as a sentence, such as
// "warren.toml line 12: channel = 15: it must be 1 to 13".
func (m Mistake) Error() string {
	var b strings.Builder
	b.WriteString(FileName)
	if m.Line > 0 {
		fmt.Fprintf(&b, " line %d", m.Line)
	}
	if m.Key != "" {
		b.WriteString(": " + m.Key)
	}
	if m.Value != "" {
		b.WriteString(" = " + m.Value)
	}
	return b.String() + ": " + m.Right
}

// maxMistakes are more than a host mends at one go, and fit on one page. What
// follows them is only counted.
const maxMistakes = 20

// bounded returns the mistakes that are told.
func bounded(all []Mistake) []Mistake {
	if len(all) <= maxMistakes {
		return all
	}
	more := len(all) - maxMistakes
	return append(all[:maxMistakes:maxMistakes], Mistake{
		Right: fmt.Sprintf("there are %d more mistakes", more),
	})
}

// maxShown is how much is shown of what the host wrote, in characters: more
// than any right value has, the URL excepted, which is never shown.
const maxShown = 64

// shown cuts s to what is shown of it.
func shown(s string) string {
	if utf8.RuneCountInString(s) <= maxShown {
		return s
	}
	return string([]rune(s)[:maxShown]) + "…"
}

// list says names in words: "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
