package chat

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

func TestCleanName(t *testing.T) {
	for _, test := range []struct {
		in, want string
		err      error
	}{
		{"Ada", "Ada", nil},
		{"  Ada \t\n Lovelace ", "Ada Lovelace", nil},
		{"Zoe\u0308", "Zoë", nil},                           // NFC
		{"A\u200bd\u200fa\u202e", "Ada", nil},               // zero width, bidi
		{"\u2066Ada\u2069\u00ad", "Ada", nil},               // isolates, soft hyphen
		{"Ada\x00\x1b[31m", "Ada[31m", nil},                 // control
		{"محمد", "محمد", nil},                               // right to left is fine
		{"👩\u200d👩\u200d👧 mum", "👩\u200d👩\u200d👧 mum", nil}, // joiners inside emoji stay
		{"🐇", "🐇", nil},
		{"", "", ErrNameEmpty},
		{" \u200b\u3164\u2800 ", "", ErrNameEmpty},
		{"\u0301\u0301", "", ErrNameEmpty},
		{strings.Repeat("x", 24), strings.Repeat("x", 24), nil},
		{strings.Repeat("x", 25), "", ErrNameLong},
		{strings.Repeat("x", 10_000), "", ErrNameLong},
		{"a" + strings.Repeat("\u0323", 200), "", ErrNameLong},
		{"\xff", "", ErrNameUTF8},
		{"a" + strings.Repeat("\u0301", 30), "á" + strings.Repeat("\u0301", 29), nil},
		{"a" + strings.Repeat("\u0301", 31), "", ErrNameZalgo},
	} {
		got, err := CleanName(test.in)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("CleanName(%q) = %q, %v; must be %q, %v", test.in, got, err, test.want, test.err)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"Ada", " \u200b", "\u1100\u200b\u1161", "e\u200d\u0301", "\u0344", strings.Repeat("🐇", 24), "a" + strings.Repeat("\u0361", 29) + "\u0344"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		name, err := CleanName(in)
		if err != nil {
			if name != "" {
				t.Fatalf("CleanName(%q) = %q with %v", in, name, err)
			}
			return
		}
		again, err := CleanName(name)
		if err != nil || again != name {
			t.Fatalf("cleaning %q again gives %q, %v", name, again, err)
		}
		if !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) || len(name) > MaxNameBytes ||
			uniseg.GraphemeClusterCount(name) > MaxNameGraphemes || strings.TrimSpace(name) != name {
			t.Fatalf("CleanName(%q) = %q", in, name)
		}
		for _, r := range name {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u200b' || r == '\ufeff' {
				t.Fatalf("CleanName(%q) = %q holds %U", in, name, r)
			}
		}
	})
}

func TestSuggestedNamesAreNames(t *testing.T) {
	seen := map[string]bool{}
	for _, secret := range []string{"0123456789abcdef", "fedcba9876543210", "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"} {
		id, err := PersonID(secret)
		if err != nil {
			t.Fatal(err)
		}
		name := SuggestName(id)
		if clean, err := CleanName(name); err != nil || clean != name || name != SuggestName(id) {
			t.Errorf("%q: %v", name, err)
		}
		seen[name] = true
	}
	if len(seen) < 3 {
		t.Errorf("four devices got the names %v", seen)
	}
	for _, a := range adjectives {
		for _, b := range animals {
			if name := a + " " + b; len(name) > MaxNameGraphemes {
				t.Errorf("%q is longer than a name may be", name)
			}
		}
	}
}

func TestPersonID(t *testing.T) {
	id, err := PersonID("0123456789abcdef")
	if err != nil || !ValidID(id) || strings.Contains(id, "0123") {
		t.Errorf("id is %q, %v", id, err)
	}
	if again, _ := PersonID("0123456789abcdef"); again != id {
		t.Errorf("the same device is %q and %q", id, again)
	}
	if other, _ := PersonID("0123456789abcdeg"); other == id {
		t.Errorf("two devices are %q", id)
	}
	for _, bad := range []string{"", "short", strings.Repeat("x", 65), "0123456789 abcdef", "0123456789abcdé\n"} {
		if id, err := PersonID(bad); err == nil {
			t.Errorf("PersonID(%q) = %q", bad, id)
		}
	}
}
