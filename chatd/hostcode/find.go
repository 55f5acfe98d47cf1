package hostcode

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// Find returns the first code in r that looks as if New had made it, or "". It is
// for those who check that nothing holds one.
func Find(r io.Reader) (string, error) {
	// A code with what stands around it: it may be in two blocks.
	const most = codeGroup + 1 + codeGroup + 2
	block := make([]byte, 1<<20)
	kept := 0
	for first := true; ; first = false {
		n, err := io.ReadFull(r, block[kept:])
		got := block[:kept+n]
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return "", err
		}
		if code := find(got, first, last); code != "" || last {
			return code, nil
		}
		kept = copy(block, got[len(got)-most:])
	}
}

// find looks at each hyphen: images are large, and mostly zeros. first and last say
// that nothing is before the text, or behind it: a code at an end of another block
// is wholly in the next one, or was in the one before.
func find(text []byte, first, last bool) string {
	for at := 0; ; at++ {
		next := bytes.IndexByte(text[at:], '-')
		if next < 0 {
			return ""
		}
		at += next
		begin, end := at-codeGroup, at+1+codeGroup
		if begin < 0 || end > len(text) || begin == 0 && !first || end == len(text) && !last {
			continue
		}
		alone := (begin == 0 || !ofWord(text[begin-1])) && (end == len(text) || !ofWord(text[end]))
		if code := string(text[begin:end]); alone && strings.Trim(code, codeLetters+"-") == "" && strings.Count(code, "-") == 1 {
			return code
		}
	}
}

// ofWord reports whether c belongs to a longer word.
func ofWord(c byte) bool {
	return c == '-' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
