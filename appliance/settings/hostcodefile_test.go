package settings

import (
	"strings"
	"testing"
)

func TestHostCodeFile(t *testing.T) {
	longest := strings.Repeat("x", 32)
	for _, test := range []struct{ setting, code, want string }{
		{"", "", "not made yet"},
		{"", "kdtsm-rfwhb", "\n    kdtsm-rfwhb\n"},
		{"", longest, "\n    " + longest + "\n"},
		{"own-code", "", "is host_code in warren.toml"},
		{NoHost, "", "Nobody is the host"},
	} {
		file := HostCodeFile(test.setting, test.code)
		if len(file) != HostCodeBytes || file[len(file)-1] != '\n' {
			t.Errorf("%q: it has %d bytes", test, len(file))
		}
		if !strings.Contains(string(file), test.want) {
			t.Errorf("%q: %s", test, file)
		}
		// One that its owner has chosen is read where they wrote it.
		if test.setting != "" && strings.Contains(string(file), "own-code") {
			t.Errorf("%q: %s", test, file)
		}
		if code := HostCodeIn(file); code != test.code {
			t.Errorf("%q: in it is %q", test, code)
		}
		// What an editor on Windows makes of it.
		if code := HostCodeIn([]byte(strings.ReplaceAll(string(file), "\n", "\r\n"))); code != test.code {
			t.Errorf("%q: with other ends of lines %q is in it", test, code)
		}
	}
	for _, empty := range []string{"", "\x00\x00", "\n\n"} {
		if code := HostCodeIn([]byte(empty)); code != "" {
			t.Errorf("%q: %q", empty, code)
		}
	}
}
