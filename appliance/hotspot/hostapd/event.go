package hostapd

import (
	"net"
	"strings"
)

// event is what hostapd tells whoever is attached: "<3>AP-STA-CONNECTED
// 02:00:00:00:01:00", a level, a word and what belongs to it.
type event struct {
	word string
	rest string
}

// The words that matter here.
const (
	joined   = "AP-STA-CONNECTED"
	left     = "AP-STA-DISCONNECTED"
	disabled = "AP-DISABLED"
)

// parseEvent returns false for what is no event: an answer.
func parseEvent(message string) (e event, ok bool) {
	level, text, found := strings.Cut(message, ">")
	if !found || !strings.HasPrefix(level, "<") {
		return e, false
	}
	e.word, e.rest, _ = strings.Cut(strings.TrimRight(text, "\n"), " ")
	return e, true
}

// station returns the phone that an event is about, if it is about one.
func (e event) station() (address string, ok bool) {
	first, _, _ := strings.Cut(e.rest, " ")
	return parseAddress(first)
}

// parseStation reads the answer to STA-FIRST and STA-NEXT: the address in a line
// of its own, then KEY=VALUE. authorized: the phone is in, and not just about to
// be or about to leave.
func parseStation(answer string) (address string, authorized, ok bool) {
	first, rest, _ := strings.Cut(answer, "\n")
	if address, ok = parseAddress(first); !ok {
		return "", false, false
	}
	for line := range strings.Lines(rest) {
		if flags, found := strings.CutPrefix(line, "flags="); found {
			authorized = strings.Contains(flags, "[AUTHORIZED]")
		}
	}
	return address, authorized, true
}

// parseAddress returns a hardware address of 48 bits in the one form it has
// here.
func parseAddress(s string) (string, bool) {
	a, err := net.ParseMAC(s)
	if err != nil || len(a) != 6 {
		return "", false
	}
	return a.String(), true
}

// parseStatus returns what is said of a key in the answer to STATUS.
func parseStatus(answer, key string) string {
	for line := range strings.Lines(answer) {
		if value, found := strings.CutPrefix(line, key+"="); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
