package chat

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanText(t *testing.T) {
	for _, test := range []struct {
		in, want string
		err      error
	}{
		{"hello", "hello", nil},
		{"\n\n  code\r\n\tindented\r\n  \n", "  code\n\tindented", nil},
		{"a\u2028b\u2029c", "a\nb\nc", nil},
		{"bell\x07 and escape\x1b[31m and c1\u0085", "bell and escape[31m and c1", nil},
		{"שלום \u202eabc", "שלום \u202eabc", nil}, // a page isolates it
		{"👩🏽\u200d❤️\u200d💋\u200d👨🏿", "👩🏽\u200d❤️\u200d💋\u200d👨🏿", nil},
		{"", "", ErrTextEmpty},
		{" \n\t\u200b ", "", ErrTextEmpty},
		{strings.Repeat("x", MaxTextGraphemes), strings.Repeat("x", MaxTextGraphemes), nil},
		{strings.Repeat("x", MaxTextGraphemes+1), "", ErrTextLong},
		{strings.Repeat("é", MaxTextBytes/2), strings.Repeat("é", MaxTextBytes/2), nil},
		{strings.Repeat("é", MaxTextBytes/2+1), "", ErrTextLong},
		{strings.Repeat("x", 1<<20), "", ErrTextLong},
		{"Z" + strings.Repeat("\u0335", 100), "", ErrTextZalgo},
		{"\xc3\x28", "", ErrTextUTF8},
		{strings.Repeat("0123456789abcdef0123456789abcde\n", 500), strings.TrimSuffix(strings.Repeat("0123456789abcdef0123456789abcde\n", 500), "\n"), nil},
	} {
		got, err := CleanText(test.in)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("CleanText(%.40q) = %.40q, %v; must be %.40q, %v", test.in, got, err, test.want, test.err)
		}
	}
}

func FuzzCleanText(f *testing.F) {
	for _, s := range []string{"hello", "a\r\n\r\nb", "\u0301", "\x00\x1b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, err := CleanText(in)
		if err != nil {
			return
		}
		if again, err := CleanText(text); err != nil || again != text {
			t.Fatalf("cleaning %q again gives %q, %v", text, again, err)
		}
		if !utf8.ValidString(text) || len(text) > MaxTextBytes || strings.ContainsAny(text, "\x00\x1b\r\x7f") {
			t.Fatalf("CleanText(%q) = %q", in, text)
		}
	})
}
