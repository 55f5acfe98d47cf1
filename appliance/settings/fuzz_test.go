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
