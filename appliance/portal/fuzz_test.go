package main

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

// FuzzTables: whatever is in the kernel's tables, who is found in them stands in
// them, and a phone that is not is not.
func FuzzTables(f *testing.F) {
	f.Add("IP address HW type\n10.1.1.20 0x1 0x2 02:00:5e:00:00:21 * wlan0\n", "  0: 0101010A:1F91 1401010A:A1B2 01 0:0\n")
	f.Add("10.1.1.20 0x1 0x0 00:00:00:00:00:00\n10.1.1.20 x x 02-00-00-00-00-01-02-03", " 0: 0000000000000000FFFF00000101010A:1F91 0000000000000000FFFF00001401010A:1 01")
	f.Add("\xff 1 2 3", "0: :1F91 +1234567:0 01\n0: :1F91 -0000001: 01")
	f.Fuzz(func(t *testing.T, arp, tcp string) {
		addr := netip.MustParseAddr("10.1.1.20")
		hardware := hardwareOf(strings.NewReader(arp), addr)
		if hardware != nil && (!strings.Contains(arp, addr.String()) || bytes.Equal(hardware, make([]byte, len(hardware)))) {
			t.Fatalf("%v in %q", hardware, arp)
		}
		seen := map[netip.Addr]bool{}
		connected(strings.NewReader(tcp), 8081, seen)
		if len(seen) > 1+strings.Count(tcp, "\n") || len(seen) > 0 && !strings.Contains(tcp, ":1F91") {
			t.Fatalf("%v in %q", seen, tcp)
		}
		for a := range seen {
			if !a.Is4() {
				t.Fatalf("%v in %q", a, tcp)
			}
		}
	})
}
