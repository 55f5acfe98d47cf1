package protocol

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"time"
)

// Iterations is how often the host's code is hashed to make a key of it. A code
// as the card makes it has 40 bits, and the way is plain HTTP: whoever overhears
// an update can try all codes at home. 600,000 is what OWASP's "Password Storage
// Cheat Sheet" says for PBKDF2 with SHA-256; all codes are then 1.3·10¹⁸ hashes,
// some years of one graphics card, while a Pi 3 needs two seconds, once.
const Iterations = 600_000

// mostIterations is what a sender does for a card at most: the number comes from
// whoever answers.
const mostIterations = 10 * Iterations

// Challenge is what a proof needs from the card.
type Challenge struct {
	Salt       []byte `json:"salt"`
	Iterations int    `json:"iterations"`

	// Nonce makes a proof good for one update: the card takes each one once,
	// and for a few minutes only.
	Nonce string `json:"nonce"`
}

// Key is the host's code, hashed. The code itself is never sent.
type Key []byte

// Key makes the key. It takes a second or so, on purpose.
func (c Challenge) Key(code string) (Key, error) {
	if len(c.Salt) < 16 || c.Iterations < Iterations || c.Iterations > mostIterations {
		return nil, fmt.Errorf("the challenge is one that Warren does not make: %d bytes of salt, %d iterations", len(c.Salt), c.Iterations)
	}
	return pbkdf2.Key(sha256.New, code, c.Salt, c.Iterations, sha256.Size)
}

// Prove returns the proof that whoever made the announcement knows the code. It
// holds for this announcement alone: with the hash of the root file system in
// it, for the root file system itself.
func (k Key) Prove(a Announcement) []byte {
	m := hmac.New(sha256.New, k)
	// No field can run into the next: only the nonce has no fixed form, and
	// it has its length before it.
	fmt.Fprintf(m, "warren update 1\n%d %s\n%x\n%d\n%d\n", len(a.Nonce), a.Nonce, a.SHA256, a.Length, a.Trial/time.Second)
	return m.Sum(nil)
}

// Proves tells whether proof is that of the announcement.
func (k Key) Proves(a Announcement, proof []byte) bool { return hmac.Equal(k.Prove(a), proof) }
