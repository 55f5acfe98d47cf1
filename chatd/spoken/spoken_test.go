package spoken

import (
	"slices"
	"strings"
	"testing"
)

// FuzzBest: whatever languages somebody wants, they get one that there is,
// and an end of the header that is not read changes nothing.
func FuzzBest(f *testing.F) {
	for _, s := range []string{"de-AT,en;q=0.5", "zh-Hant-TW;q=9,*", "", ",,,", "en;q=", "x-" + strings.Repeat("a", 300), strings.Repeat("fr-", 100), "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		got := Best(accept)
		if !slices.Contains(Languages, got) {
			t.Fatalf("%q gets %q", accept, got)
		}
		if len(accept) > maxWish {
			if same := Best(accept[:maxWish] + "," + strings.Repeat("de,", 100)); same != got && strings.Contains(accept[:maxWish], ",") && accept[maxWish] != ',' {
				t.Fatalf("%q gets %q, and with another end %q", accept, got, same)
			}
		}
	})
}
