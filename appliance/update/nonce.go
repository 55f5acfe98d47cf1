package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"sync"
	"time"
)

// nonceLife is how long a sender has from asking for a nonce to announcing an
// update: time to type a code.
const nonceLife = 5 * time.Minute

var errNonce = errors.New("the challenge is too old, was used, or is of an earlier start of the card: ask for a new one")

// nonces makes nonces and takes each once. It remembers nothing of those it has
// made, so that nobody can exhaust it by asking: a nonce is the time when it was
// made, sealed. When one is used, all that were made before it are, too.
type nonces struct {
	key   []byte
	begun time.Time

	mu         sync.Mutex
	last, used time.Duration // since begun: made last, used last
}

func newNonces() *nonces {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return &nonces{key: key, begun: time.Now()}
}

// make returns a new nonce.
func (n *nonces) make(now time.Time) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last = max(now.Sub(n.begun), n.last+1) // no two are the same
	return n.seal(n.last)
}

func (n *nonces) seal(at time.Duration) string {
	text := binary.BigEndian.AppendUint64(nil, uint64(at))
	m := hmac.New(sha256.New, n.key)
	m.Write(text)
	return base64.RawURLEncoding.EncodeToString(m.Sum(text))
}

// take takes a nonce, once, if what it was sent with is proven. Several are
// taken one after the other.
func (n *nonces) take(nonce string, now time.Time, proven func() error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	text, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(text) != 8+sha256.Size {
		return errNonce
	}
	at := time.Duration(binary.BigEndian.Uint64(text))
	if !hmac.Equal([]byte(nonce), []byte(n.seal(at))) || at <= n.used || now.Sub(n.begun)-at > nonceLife {
		return errNonce
	}
	if err := proven(); err != nil {
		return err
	}
	n.used = at
	return nil
}
