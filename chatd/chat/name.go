package chat

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// Limits of a name. 24 graphemes are what a phone shows in one line beside a
// time; 120 bytes let each of them be five bytes long, which no script needs,
// and stop names made of combining marks.
const (
	MaxNameGraphemes = 24
	MaxNameBytes     = 120
)

// Errors of CleanName, to be compared with errors.Is.
var (
	ErrNameEmpty = errors.New("the name is empty")
	ErrNameLong  = fmt.Errorf("the name is too long: it may have %d characters", MaxNameGraphemes)
	ErrNameUTF8  = errors.New("the name is not UTF-8")
	ErrNameZalgo = errors.New("the name holds a character with too many marks on it")
)

// CleanName returns the name as it is shown: in NFC, without control,
// zero-width and bidirectional formatting characters, with each run of white
// space made one space, and trimmed. What is left must have 1 to
// MaxNameGraphemes characters, show at least one letter, digit or symbol, and have
// no more than 30 marks in a row. Cleaning a clean name changes nothing.
func CleanName(s string) (string, error) {
	if len(s) <= MaxNameGraphemes && isPlain(s) && s[0] != ' ' && !strings.Contains(s, "  ") {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", ErrNameUTF8
	}
	// Before the expensive steps: what could be a name has at most this size,
	// also with a generous share of characters to be removed.
	if len(s) > 8*MaxNameBytes {
		return "", ErrNameLong
	}
	// Removing a character can bring two others together that compose, and
	// composing makes no removable one but joiner: so remove first, then compose.
	s = norm.NFC.String(strings.Map(visible, s))
	s = strings.Join(strings.Fields(s), " ")
	if !strings.ContainsFunc(s, shows) {
		return "", ErrNameEmpty
	}
	if len(s) > MaxNameBytes || uniseg.GraphemeClusterCount(s) > MaxNameGraphemes {
		return "", ErrNameLong
	}
	// Package norm puts it after each 30 marks in a row (UAX 15, Stream-Safe Text
	// Format). Cleaned again, the name would be another one.
	if strings.ContainsRune(s, joiner) {
		return "", ErrNameZalgo
	}
	return s, nil
}

// joiner is the combining grapheme joiner, which shows nothing.
const joiner = '\u034f'

// visible maps white space to a space and drops what cannot be seen. The
// zero-width joiner stays: emoji of families and flags are made with it. Two
// names that differ only by it are told apart by their fingerprints.
func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == '\u200d', r == '\ufe0f':
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp),
		unicode.Is(unicode.Variation_Selector, r),
		r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u2800', // fillers that look like nothing
		r == joiner, r == '\u17b4', r == '\u17b5':
		return -1
	}
	return r
}

// shows reports whether r alone puts ink on the screen.
func shows(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }

var (
	adjectives = [...]string{"Amber", "Brave", "Calm", "Clever", "Dapper", "Early", "Fluffy", "Gentle", "Golden", "Happy", "Hazel", "Jolly", "Kind", "Lucky", "Mellow", "Merry", "Misty", "Nimble", "Patient", "Plucky", "Quick", "Quiet", "Rosy", "Silver", "Sleepy", "Snowy", "Sunny", "Swift", "Velvet", "Witty", "Woolly", "Zesty"}
	animals    = [...]string{"Badger", "Beaver", "Bunny", "Cricket", "Deer", "Dove", "Falcon", "Ferret", "Finch", "Fox", "Hare", "Hedgehog", "Heron", "Jay", "Lark", "Lynx", "Magpie", "Marmot", "Mole", "Moth", "Newt", "Otter", "Owl", "Pika", "Rabbit", "Robin", "Shrew", "Sparrow", "Squirrel", "Stoat", "Vole", "Wren"}
)

// SuggestName returns a friendly name for the person with that id: always the
// same one for the same id.
func SuggestName(id string) string {
	h := fnv.New32a()
	h.Write([]byte(id))
	n := h.Sum32()
	return adjectives[n%uint32(len(adjectives))] + " " + animals[n/64%uint32(len(animals))]
}
