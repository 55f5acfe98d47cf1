package hostapd

import (
	"strings"
	"testing"
)

func TestParseEvent(t *testing.T) {
	for message, want := range map[string]struct {
		word, address string
		ok            bool
	}{
		"<3>AP-STA-CONNECTED 02:00:00:00:01:00":                       {joined, phone, true},
		"<3>AP-STA-CONNECTED 02:00:00:00:01:00 keyid=x auth_alg=open": {joined, phone, true},
		"<3>AP-STA-DISCONNECTED 02:00:00:00:01:00\n":                  {left, phone, true},
		"<3>AP-STA-CONNECTED 02:00":                                   {joined, "", true},
		"<3>AP-STA-CONNECTED 02:00:00:00:00:00:00:01":                 {joined, "", true},
		"<3>AP-DISABLED ":                                             {disabled, "", true},
		"<3>":                                                         {"", "", true},
		"OK\n":                                                        {},
		"":                                                            {},
		"state=<3>":                                                   {},
		phone + "\nflags=[AUTH]\n":                                    {},
	} {
		e, ok := parseEvent(message)
		address, _ := e.station()
		if ok != want.ok || e.word != want.word || address != want.address {
			t.Errorf("%q: %+v, %q, %v", message, e, address, ok)
		}
	}
}

// FuzzMessages: what comes from the socket, whatever it is, gives addresses or
// nothing.
func FuzzMessages(f *testing.F) {
	for _, s := range []string{
		"<3>AP-STA-CONNECTED 02:00:00:00:01:00", "<3>AP-DISABLED ", "OK\n", "", "<", ">", "<3>", "FAIL\n",
		"02:00:00:00:01:00\nflags=[AUTHORIZED]\n", "state=ENABLED\nnum_sta[0]=1\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, message string) {
		good := func(address string, ok bool) {
			if ok != (address != "") || ok && (len(address) != 17 || strings.Trim(address, "0123456789abcdef:") != "") {
				t.Errorf("%q: the address %q, %v", message, address, ok)
			}
		}
		e, ok := parseEvent(message)
		if ok && !strings.HasPrefix(message, "<") {
			t.Errorf("%q is an event", message)
		}
		good(e.station())
		address, _, ok := parseStation(message)
		good(address, ok)
		if v := parseStatus(message, "state"); strings.Contains(v, "\n") {
			t.Errorf("%q: the value %q", message, v)
		}
	})
}
