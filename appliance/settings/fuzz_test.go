package settings

import (
	"strings"
	"testing"
	"unicode"
)

// Whatever is in the file: the settings are valid and can be written, reading
// them again gives the same, and a mistake is one line to read.
func FuzzParse(f *testing.F) {
	f.Add(File(Default()))
	f.Add(File(base))
	f.Add([]byte("[wifi]\nchannel = 12\ncountry = \"US\"\n[wifi]\nname.x = '''\n'''\n[[led]]\na = [1, {b = 1979-05-27}]"))
	f.Add([]byte("\xef\xbb\xbfroom.title = \"\"\"a\\\n b\"\"\"\r\nroom.title = 0x_"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, base := range []Settings{Default(), base} {
			s, mistakes := Parse(data, base)
			if wrong := s.check(); wrong != nil {
				t.Fatalf("%#v: %v", s, wrong)
			}
			if got, wrong := Parse(File(s), base); got != s || wrong != nil {
				t.Errorf("%#v is read back as\n%#v: %v", s, got, wrong)
			}
			// The next start finds s as the last good settings.
			if got, again := Parse(data, s); got != s || len(again) != len(mistakes) {
				t.Errorf("%#v becomes\n%#v: %v, then %v", s, got, mistakes, again)
			}
			if len(mistakes) > maxMistakes+1 {
				t.Errorf("%d mistakes", len(mistakes))
			}
			last := 1 + strings.Count(string(data), "\n")
			for _, m := range mistakes {
				if s := m.Error(); len(s) > 1000 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) || m.Line > last {
					t.Errorf("%q", s)
				}
			}
		}
	})
}

// FuzzUnseal: what was kept as the last good settings comes back whole, and of a
// file that is damaged in any way there is nothing but the defaults.
func FuzzUnseal(f *testing.F) {
	f.Add(File(base), 100, byte(1))
	f.Add([]byte("[room]\ntitle = \"x\"\n"), 0, byte(0))
	f.Add([]byte("# sha256 0\n"), -1, byte(255))
	f.Fuzz(func(t *testing.T, body []byte, at int, change byte) {
		if s := unseal(body); s.check() != nil {
			t.Fatalf("%#v", s)
		}
		kept := append(seal(body), body...)
		s, _ := Parse(body, Default())
		if got := unseal(kept); got != s || got.check() != nil {
			t.Fatalf("%#v is kept as %#v", s, got)
		}
		if at < 0 || at >= len(kept) || change == 0 {
			return
		}
		torn := unseal(kept[:at])
		kept[at] ^= change
		if damaged := unseal(kept); torn != Default() || damaged != Default() {
			t.Fatalf("torn at %d: %#v, and damaged there: %#v", at, torn, damaged)
		}
	})
}
