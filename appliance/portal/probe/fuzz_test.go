package probe

import (
	"strings"
	"testing"
)

// FuzzOf: whatever is asked, the answer is one of those that a maker serves; the
// port, the case and a dot at the end of the name change nothing.
func FuzzOf(f *testing.F) {
	f.Add("captive.apple.com", "/", "CaptiveNetworkSupport")
	f.Add("www.connectivitycheck.gstatic.com:80", "/generate_204", "Android")
	f.Add("", "", "\xff")
	known := map[Answer]bool{}
	for _, table := range []map[string]Probe{byPath, byHost} {
		for _, p := range table {
			known[p.Answer] = true
		}
	}
	f.Fuzz(func(t *testing.T, host, path, userAgent string) {
		p, ok := Of(host, path, userAgent)
		if ok != (p.System != "") || ok && (!known[p.Answer] || p.Answer.Status != 200 && p.Answer.Status != 204 || (p.Answer.Body == "") != (p.Answer.Status == 204)) {
			t.Fatalf("%+v, %v", p, ok)
		}
		if strings.ContainsAny(host, ":.") || host != strings.ToLower(strings.ToUpper(host)) {
			return
		}
		if same, _ := Of(strings.ToUpper(host)+".:80", path, userAgent); same != p {
			t.Fatalf("%+v, and with a port %+v", p, same)
		}
	})
}
