package settings

import "crypto/rand"

// codeLetters are sixteen letters that are not taken for each other or for a
// digit on a screen or a poster, and of which no word can be made: no vowels,
// no l, no q beside g, no v beside w, no z beside s.
const codeLetters = "bcdfghjkmnprstwx"

// NewHostCode returns a random host code of 40 bits, such as "kdtsm-rfwhb": ten
// letters, so that a phone's keyboard need not be switched, in two groups, so
// that it can be read aloud. A thousand guesses a second find it in 17 years on
// average.
func NewHostCode() string {
	const group = 5
	code := make([]byte, 2*group)
	rand.Read(code) // never fails: it ends the program rather than return less
	for i, b := range code {
		code[i] = codeLetters[b%16]
	}
	return string(code[:group]) + "-" + string(code[group:])
}
