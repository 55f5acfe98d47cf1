package chat

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Matcher finds unwanted words in texts: whole words, however they are spelled
// with capitals, accents, look-alikes ("h3ll0", "hеllо" in Cyrillic) and letters
// that are drawn out ("heeello"). A word of several is found with any white space
// and punctuation between. It is immutable; nil finds nothing.
//
// It keeps honest people honest. Who wants to be read with such a word finds a
// spelling: that is what hiding and muting are for.
type Matcher struct {
	words map[string][][]string // by their first part, in parts
}

// NewMatcher returns a matcher for a list as Words has it, nil if there is nothing
// in it to find.
func NewMatcher(words []string) *Matcher {
	m := &Matcher{words: make(map[string][][]string)}
	for _, word := range words {
		plain, signed := spellings(word)
		if letters(plain) == 0 {
			continue // only signs: they stand everywhere
		}
		m.add(signed)
		// Of "a$$" nothing is left that could be told from other words.
		if letters(plain) > 2 {
			m.add(plain)
		}
	}
	if len(m.words) == 0 {
		return nil
	}
	return m
}

func (m *Matcher) add(parts []string) {
	m.words[parts[0]] = append(m.words[parts[0]], parts)
}

// Match reports whether text holds one of the words.
func (m *Matcher) Match(text string) bool {
	if m == nil {
		return false
	}
	plain, signed := spellings(text)
	return m.in(plain) || m.in(signed)
}

func (m *Matcher) in(parts []string) bool {
	for i, part := range parts {
		for _, word := range m.words[part] {
			if rest := parts[i:]; len(rest) >= len(word) && slices.Equal(rest[:len(word)], word) {
				return true
			}
		}
	}
	return false
}

// spellings returns the words of a text, each as all its spellings have it: once
// without signs, because "@" and "!" stand beside words, and once with signs as the
// letters that they look like.
func spellings(text string) (plain, signed []string) {
	text = norm.NFKD.String(text)
	plain = foldWords(text, nil)
	if !strings.ContainsAny(text, "$@€|!") {
		return plain, plain
	}
	return plain, foldWords(text, signs)
}

// letters counts those of folded words.
func letters(parts []string) (n int) {
	for _, part := range parts {
		n += utf8.RuneCountInString(part)
	}
	return n
}

func foldWords(text string, signs map[rune]rune) (words []string) {
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, string(word))
			word = word[:0]
		}
	}
	for _, r := range text {
		r = unicode.ToLower(r)
		alike, sign := lookAlikes[r], signs[r]
		switch {
		case alike != 0:
			r = alike
		case sign != 0:
			r = sign
		case unicode.IsLetter(r), unicode.IsNumber(r):
		case r > unicode.MaxASCII && unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			continue // accents, and what is not seen
		default:
			end()
			continue
		}
		if n := len(word); n == 0 || word[n-1] != r { // drawn out, or written twice
			word = append(word, r)
		}
	}
	end()
	return words
}

// signs are what is written for a letter and is none.
var signs = map[rune]rune{'$': 's', '@': 'a', '€': 'e', '|': 'i', '!': 'i'}

// lookAlikes are what is written for a letter, in lower case. 1, l and i are
// one, so that each stands for each.
var lookAlikes = map[rune]rune{
	'0': 'o', '1': 'i', 'l': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b',
	'ı': 'i', 'ł': 'i', 'ø': 'o', 'đ': 'd', 'ß': 's',
	// Cyrillic
	'а': 'a', 'в': 'b', 'е': 'e', 'ё': 'e', 'з': 'e', 'к': 'k', 'м': 'm', 'н': 'h', 'о': 'o', 'р': 'p', 'с': 'c', 'т': 't', 'у': 'y', 'х': 'x',
	'і': 'i', 'ї': 'i', 'ј': 'j', 'ѕ': 's', 'ԁ': 'd', 'ԛ': 'q', 'ԝ': 'w', 'һ': 'h', 'ӏ': 'i',
	// Greek
	'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'μ': 'm', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'ζ': 'z', 'γ': 'y', 'σ': 'o', 'ϲ': 'c', 'ω': 'w',
}
