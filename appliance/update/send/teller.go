package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// teller tells the user how it goes.
type teller struct {
	out      io.Writer
	terminal bool // a line can be written over
}

func newTeller(out *os.File) *teller { return &teller{out, term.IsTerminal(int(out.Fd()))} }

func (t *teller) line(format string, args ...any) {
	fmt.Fprintln(t.out, plain(fmt.Sprintf(format, args...)))
}

// plain returns text without what a terminal would obey: some of it was said by
// whatever answers at the card's address.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// progress returns a reader that tells how much of r was read.
func (t *teller) progress(r io.Reader, length int64) io.Reader {
	return &progress{r: r, length: length, teller: t, told: -1}
}

type progress struct {
	r            io.Reader
	read, length int64
	told         int64 // per cent
	*teller
}

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.read += int64(n)
	percent := int64(100)
	if p.length > 0 {
		percent = 100 * p.read / p.length
	}
	// Where lines stay, one for each quarter will do.
	if percent == p.told || !p.terminal && percent/25 == p.told/25 && p.told >= 0 {
		return n, err
	}
	p.told = percent
	text := fmt.Sprintf("%3d %%  %.1f of %.1f MiB", percent, float64(p.read)/(1<<20), float64(p.length)/(1<<20))
	switch {
	case !p.terminal || percent == 100:
		fmt.Fprintln(p.out, text)
	default:
		fmt.Fprint(p.out, text, "\r")
	}
	return n, err
}
