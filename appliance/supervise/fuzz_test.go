package supervise

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLines: however a program's output comes in pieces, the log gets the same
// lines of it, each bounded and not empty.
func FuzzLines(f *testing.F) {
	f.Add("one\r\ntwo\n\n\nthree", uint16(1))
	f.Add(strings.Repeat("x", maxLine+1)+"\n"+strings.Repeat("y", maxLine)+"\nz", uint16(7))
	f.Add(strings.Repeat("x", maxLine-1)+"\r\ry\nz", uint16(66))
	f.Add("\r\r\n\xff\x00\r", uint16(100))
	f.Fuzz(func(t *testing.T, output string, piece uint16) {
		if strings.Count(output, "\n") >= maxLines {
			return // some would be left out, as many as the log is slow
		}
		of := func(piece int) (got []string) {
			l := newLines(func(line string) { got = append(got, line) })
			for rest := []byte(output); len(rest) > 0; rest = rest[min(piece, len(rest)):] {
				if n, err := l.Write(rest[:min(piece, len(rest))]); err != nil || n != min(piece, len(rest)) {
					t.Fatalf("%d of %d are written: %v", n, piece, err)
				}
			}
			l.close()
			return got
		}
		got := of(1 + int(piece))
		if whole := of(len(output) + 1); !slices.Equal(got, whole) {
			t.Fatalf("in pieces %q, in one %q", got, whole)
		}
		for _, line := range got {
			if line == "" || strings.Contains(line, "\n") || len(line) > maxLine+utf8.UTFMax || !strings.Contains(output, strings.TrimSuffix(line, "…")) {
				t.Fatalf("the line %q of %q", line, output)
			}
			// Of what is left of a long line, the returns at its end are gone, too.
			if strings.HasSuffix(line, "…") && len(line) <= maxLine && !strings.Contains(output, line) && !strings.Contains(output, "\r") {
				t.Fatalf("the line %q is not cut in %q", line, output)
			}
		}
	})
}
