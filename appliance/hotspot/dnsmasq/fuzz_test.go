package dnsmasq

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzPool: whatever is in the file of leases, there are no more guests than
// lines, and half a file is counted as far as it goes.
func FuzzPool(f *testing.F) {
	const lease = "7200 02:00:00:00:01:00 10.1.1.57 phone 01:02:00:00:00:01:00\n"
	f.Add(lease+lease, 10)
	f.Add("duid 00:01\n0 x ::1 * *\n-1 x 10.1.1.1 * *\n"+lease, 1)
	f.Add(strings.Repeat("x", 70_000), 0)
	file := filepath.Join(f.TempDir(), "leases")
	f.Fuzz(func(t *testing.T, text string, cut int) {
		write := func(text string) int {
			t.Helper()
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := ReadPool(file, time.Unix(7000, 0))
			n := p.Used
			if !p.Free.IsZero() && (n == 0 || !p.Free.After(time.Unix(7000, 0))) {
				t.Fatalf("the pool is %+v", p)
			}
			if n < 0 || n > 1+strings.Count(text, "\n") || err != nil && n != 0 {
				t.Fatalf("%d guests, %v", n, err)
			}
			return n
		}
		all := write(text)
		if cut = min(max(cut, 0), len(text)); all > 0 {
			// A line that is cut may look like a lease.
			if part := write(text[:cut]); part > all+1 {
				t.Fatalf("%d guests, and %d in the first %d bytes", all, part, cut)
			}
		}
	})
}
