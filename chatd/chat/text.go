package chat

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Limits of the text of a message. 16 KiB hold a paste of 500 lines of 32
// characters, the longest thing people were seen to drop into a chat. The
// grapheme limit is lower than the byte limit only for ASCII; for other
// scripts it is the bytes that count.
const (
	MaxTextBytes     = 16 << 10
	MaxTextGraphemes = 16000
	// A grapheme of the longest emoji (a family with skin tones) has 41
	// bytes. Towers of combining marks that cover the lines above have
	// hundreds.
	maxGraphemeBytes = 128
)

// Errors of CleanText, to be compared with errors.Is.
var (
	ErrTextEmpty = errors.New("the message is empty")
	ErrTextLong  = fmt.Errorf("the message is too long: at most %d characters and %d bytes", MaxTextGraphemes, MaxTextBytes)
	ErrTextUTF8  = errors.New("the message is not UTF-8")
	ErrTextZalgo = errors.New("the message holds a character with too many marks on it")
)

// CleanText returns the text of a message as it is kept: line ends are \n,
// other control characters except tab are dropped, and white space at the end
// is cut. Inside, the text is left as its author wrote it.
func CleanText(s string) (string, error) {
	if isPlain(s) {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", ErrTextUTF8
	}
	if len(s) > 2*MaxTextBytes {
		return "", ErrTextLong
	}
	s = lineEnds.Replace(s)
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return -1
	}, s)
	s = strings.TrimRight(s, " \t\n\u00a0\u3000")
	s = strings.TrimLeft(s, "\n")
	if !strings.ContainsFunc(s, shows) {
		return "", ErrTextEmpty
	}
	if len(s) > MaxTextBytes {
		return "", ErrTextLong
	}
	if err := checkGraphemes(s); err != nil {
		return "", err
	}
	return s, nil
}

// lineEnds makes every line end \n. It is costly to build.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")

// isPlain reports whether s is one line of ASCII that shows at its end and is
// not too long: there is nothing to clean in most of what is said.
func isPlain(s string) bool {
	if s == "" || len(s) > MaxTextGraphemes || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func checkGraphemes(s string) error {
	state, n := -1, 0
	for rest := s; rest != ""; n++ {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if len(cluster) > maxGraphemeBytes {
			return ErrTextZalgo
		}
	}
	if n > MaxTextGraphemes {
		return ErrTextLong
	}
	return nil
}
