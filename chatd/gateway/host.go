package gateway

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"warren/chatd/hostcode"
)

// Whoever knows the host's code is the host: docs/protocol.md. A browser that
// has shown it once keeps a cookie that proves it, so that no page and no
// address has the code in it.

// hostKey makes and proves the cookies of hosts. It is made of the code alone:
// a cookie is good at every chatd with the same code and after each restart,
// and for ever, until the code is changed.
type hostKey struct {
	code [sha256.Size]byte // hash of it, so that all comparisons take the same time
	key  []byte
}

// newHostKey returns the key for a code, nil for none: then nobody is the host.
func newHostKey(code string) *hostKey {
	if code == "" {
		return nil
	}
	code = hostcode.Plain(code)
	key, err := hkdf.Key(sha256.New, []byte(code), nil, "warren host cookie", sha256.Size)
	if err != nil {
		panic(err) // the length is one that HKDF has
	}
	return &hostKey{sha256.Sum256([]byte(code)), key}
}

// opens reports whether code is the host's, as people write it.
func (k *hostKey) opens(code string) bool {
	sum := sha256.Sum256([]byte(hostcode.Plain(code)))
	return subtle.ConstantTimeCompare(sum[:], k.code[:]) == 1
}

// nonceBytes make each cookie another one: two phones of one host cannot be
// told by it to be the same.
const nonceBytes = 16

// proof returns a new value for the cookie.
func (k *hostKey) proof() string {
	nonce := make([]byte, nonceBytes, nonceBytes+sha256.Size)
	rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(k.seal(nonce))
}

// seal appends the nonce's HMAC to it.
func (k *hostKey) seal(nonce []byte) []byte {
	mac := hmac.New(sha256.New, k.key)
	mac.Write(nonce)
	return mac.Sum(nonce)
}

// proves reports whether the value of a cookie was made with this key.
func (k *hostKey) proves(value string) bool {
	b, err := base64.RawURLEncoding.DecodeString(value)
	return err == nil && len(b) == nonceBytes+sha256.Size && hmac.Equal(b, k.seal(b[:nonceBytes:nonceBytes]))
}

const (
	hostCookie = "host"

	// hostAge is how long a browser is the host's, in seconds: from one evening to
	// the next of the month.
	hostAge = 31 * 24 * 3600
)

func setHostCookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: hostCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// isHost reports whether a request comes from a host's browser.
func (g *Gateway) isHost(r *http.Request) bool {
	if g.hostKey == nil {
		return false
	}
	c, err := r.Cookie(hostCookie)
	return err == nil && g.hostKey.proves(c.Value)
}

// Guesses of the code. A person mistypes it twice or thrice; at 30 a minute the
// 40 bits of a code that Warren made last for 35,000 years on average.
const (
	addressGuesses = 5 // a minute
	allGuesses     = 30
)

// guesses count attempts, right or wrong.
type guesses struct {
	addresses *buckets
	all       *rate.Limiter
}

func newGuesses() *guesses {
	return &guesses{
		addresses: &buckets{rate: perMinute(addressGuesses), burst: addressGuesses, by: make(map[string]*rate.Limiter)},
		all:       rate.NewLimiter(perMinute(allGuesses), allGuesses),
	}
}

func perMinute(n int) rate.Limit { return rate.Every(time.Minute / time.Duration(n)) }

// take returns how long an address has to wait before it may try.
func (g *guesses) take(address string) time.Duration {
	if wait := g.addresses.take(address); wait > 0 {
		return wait
	}
	return takeFrom(g.all)
}

// seconds is wait in whole seconds, not less.
func seconds(wait time.Duration) int { return int((wait + time.Second - 1) / time.Second) }
