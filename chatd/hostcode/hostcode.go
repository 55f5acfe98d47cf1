// Package hostcode is the host's code: who knows it is the host. It is pure, and
// everything in it may be called concurrently.
package hostcode

import (
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
)

// codeLetters are sixteen letters that are not taken for each other or for a
// digit on a screen or a poster, and of which no word can be made: no vowels,
// no l, no q beside g, no v beside w, no z beside s.
const codeLetters = "bcdfghjkmnprstwx"

// codeGroup is how many letters each of the two groups has.
const codeGroup = 5

// New returns a random code of 40 bits, such as "kdtsm-rfwhb": ten letters, so
// that a phone's keyboard need not be switched, in two groups, so that it can be
// read aloud. A thousand guesses a second find it in 17 years on average.
func New() string {
	code := make([]byte, 2*codeGroup)
	rand.Read(code) // never fails: it ends the program rather than return less
	for i, b := range code {
		code[i] = codeLetters[b%16]
	}
	return string(code[:codeGroup]) + "-" + string(code[codeGroup:])
}

// Made reports whether a code is one that New could have made: nobody can guess it
// sooner than by trying half of all.
func Made(code string) bool {
	code = Plain(code)
	return len(code) == 2*codeGroup && strings.Trim(code, codeLetters) == ""
}

// Six characters are what a host still chooses freely and what cannot be tried
// out by hand while the room is open; 32 are more than anybody types.
const minCode = 6

var valid = regexp.MustCompile(`^[A-Za-z0-9-]{6,32}$`)

// Check reports whether code can be a host's code: 6 to 32 of A to Z, a to z, 0
// to 9 and -, with six letters or digits at least.
func Check(code string) error {
	switch {
	case !valid.MatchString(code):
		return errors.New("it must be 6 to 32 of A to Z, a to z, 0 to 9 and -")
	case len(Plain(code)) < minCode:
		return errors.New("six of it must be letters or digits")
	}
	return nil
}

// Plain returns a code without what people change who copy it by hand: case,
// hyphens of all kinds and spaces. Two codes that are the same for people have
// the same.
func Plain(code string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-\u2010\u2011\u2012\u2013\u2014\u2212 \t\u00a0", r) {
			return -1
		}
		return r
	}, strings.ToLower(code))
}
