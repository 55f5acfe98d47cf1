package chat

import (
	"strings"
	"testing"
)

func TestMatcher(t *testing.T) {
	m := NewMatcher([]string{"hello", "Straße", "two words", "野菜", "ass", "!!"})
	for _, text := range []string{
		"hello", "HELLO", "say hello.", "héllo", "hèllö", "h3ll0", "he11o", "heeeelllooo", "hеllо" /* Cyrillic */, "hellο" /* Greek */, "hello\u0301\u0302", "h\u200bello",
		"ｈｅｌｌｏ", "𝐡𝐞𝐥𝐥𝐨", "hello!", "¡hello!", "@hello", "strasse", "STRASSE", "two  words", "two-words", "TWO\nWORDS", "野菜", "a$$", "@ss", "ass!",
	} {
		if !m.Match(text) {
			t.Errorf("%q is not found", text)
		}
	}
	for _, text := range []string{"", "hell", "hellos", "othello", "two", "words two", "grass", "assist", "!!", "野", "h e l l o"} {
		if m.Match(text) {
			t.Errorf("%q is found", text)
		}
	}
	if NewMatcher(nil) != nil || NewMatcher([]string{"?!"}).Match("?!") {
		t.Error("a list without words finds something")
	}
}

// FuzzMatcher: a word is found in itself, in capitals and among others, whatever
// it is made of; and nothing makes the matcher slow or panic.
func FuzzMatcher(f *testing.F) {
	f.Add("carrot", "I like c4rr0ts")
	f.Add("ﷺ", "\u0300\u0301")
	f.Add("İ!", "ß")
	f.Fuzz(func(t *testing.T, word, text string) {
		m := NewMatcher([]string{word})
		m.Match(text)
		if m == nil || !m.Match(word) {
			if m != nil {
				t.Fatalf("%q is not found in itself", word)
			}
			return
		}
		if !m.Match("so " + word + " so") {
			t.Fatalf("%q is not found among others", word)
		}
		if m.Match(strings.Repeat(".", len(text))) {
			t.Fatalf("%q is found in dots", word)
		}
	})
}

func BenchmarkMatcher(b *testing.B) {
	var words []string
	for i := range MaxWords {
		words = append(words, strings.Repeat(string(rune('a'+i%26)), 1+i/26)+"word")
	}
	m, text := NewMatcher(words), strings.Repeat("the quick brown fox jumps ", 4)
	b.ReportAllocs()
	for b.Loop() {
		m.Match(text)
	}
}
