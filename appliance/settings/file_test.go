package settings

import (
	"strings"
	"testing"
)

func TestFileIsReadBack(t *testing.T) {
	odd := base
	odd.Room.Title = `"\ é 👩‍👧 #`
	odd.WiFi.Name = "'\\\"[=]\u00a0\u200b\u202ex"
	odd.WiFi.Passphrase = `"""\n''' # "\`
	odd.Broker.URL = "amqp://u:%22%5C@[::1]:1/\"\\ü"
	for _, s := range []Settings{Default(), base, odd} {
		if wrong := s.check(); wrong != nil {
			t.Fatal(wrong)
		}
		for _, eol := range []string{"\n", "\r\n"} {
			file := strings.ReplaceAll(string(File(s)), "\n", eol)
			got, mistakes := Parse([]byte(file), Settings{})
			if got != s || mistakes != nil {
				t.Errorf("%s\nis read as\n%#v, want\n%#v\n%v", file, got, s, mistakes)
			}
		}
	}
}

// The shipped file looks right in any editor and on a narrow screen.
func TestFileIsPlain(t *testing.T) {
	for line := range strings.Lines(string(File(Default()))) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) > len("# ")+78 || strings.TrimSpace(line) != line || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q", line)
		}
	}
}

// A host who removes the remarks, or a setting, changes nothing else.
func TestFileWithoutRemarks(t *testing.T) {
	var bare strings.Builder
	for line := range strings.Lines(string(File(base))) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "light") {
			bare.WriteString(line)
		}
	}
	want := base
	want.LED = Default().LED
	if got, mistakes := Parse([]byte(bare.String()), base); got != want || mistakes != nil {
		t.Errorf("%s\nis read as\n%#v\n%v", bare.String(), got, mistakes)
	}
}
