package settings

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// syntaxMistake says what is wrong with the line that is not TOML. What the
// library says is for programmers and quotes the line, which may have a secret
// in it: only the line's number is taken from it.
func syntaxMistake(p *unstable.Parser, err error) Mistake {
	line := 1
	var at *unstable.ParserError
	if errors.As(err, &at) {
		line = p.Shape(p.Range(at.Highlight)).Start.Line
	}
	var text string
	if lines := bytes.Split(p.Data(), []byte("\n")); line <= len(lines) {
		text = strings.TrimSpace(string(lines[line-1]))
	}
	name, _, _ := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if sectionOf(name) == "" {
		name = "" // whatever it is: it may be a secret in the wrong place
	}
	return Mistake{Line: line, Key: name, Right: explain(text) + "; until then nothing in the file is read"}
}

// endedText is a text with both its quotation marks and no escape that TOML
// does not have.
var endedText = regexp.MustCompile(`^("([^"\\]|\\["\\bfnrt]|\\u[0-9A-Fa-f]{4})*"|'[^']*')`)

// explain says what would be right in a line that is not TOML. It looks for
// what people do who never saw TOML.
func explain(text string) string {
	name, value, isSetting := strings.Cut(text, "=")
	value = strings.TrimSpace(value)
	first, _ := utf8.DecodeRuneInString(value)
	switch {
	case strings.HasPrefix(text, "["):
		return `a section must be its name between [ and ], in a line of its own, such as [wifi]`
	case !isSetting:
		return `the line must be a setting, such as channel = 6, or begin with a # as a remark`
	case !bareName.MatchString(strings.ReplaceAll(strings.TrimSpace(name), ".", "")):
		return `before the = there must be the name of a setting, such as channel = 6`
	case value == "" || first == '#':
		return `after the = there must be a value; nothing is written ""`
	case strings.ContainsRune("“”„‟‘’‚«»", first):
		return `text must be between straight quotation marks ("), not curly ones`
	case endedText.MatchString(value):
		return `after the text there must be nothing, or a # and a remark; inside the text " is written \" and \ is written \\`
	case first == '"' || first == '\'':
		return `the text must end with the quotation mark it begins with; inside it " is written \" and \ is written \\`
	case strings.ContainsRune("+-0123456789", first):
		return `a number must be digits only, without a zero before them; text must be between "straight quotation marks"`
	}
	return `text must be between "straight quotation marks"`
}
