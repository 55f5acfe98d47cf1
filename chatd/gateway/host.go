package gateway

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"
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
	made bool // by hostcode.New, to all appearances
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
	return &hostKey{sha256.Sum256([]byte(code)), key, hostcode.Made(code)}
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

// Wrong codes. A person mistypes it twice or thrice.
//
// A host may have chosen a code that is short, or a word: so one that is wrong is
// told so 5 times a minute at an address and 30 times at all, and then nothing is
// looked at, not even the right one, or it could be found. At 30 a minute the 2·10⁹
// codes of six random letters and digits last for 70 years on average, and a list of
// 40,000 words for a day.
//
// Then a few wrong codes keep hosts out, too; behind a proxy, where all have one
// address, five. But a code that Warren made has 40 bits, and needs no such limits:
// at madeGuesses a second it lasts for 17 years on average, and an evening of six
// hours finds one of 50,000. So such a code opens whatever else is tried from the
// same address; to keep its host out takes four times the requests that one address
// may make at all (connectionRequests), for as long as it shall last. Whoever tries
// learns no more than before: past the first limits all that is wrong is answered
// as if it had not been looked at.
const (
	addressGuesses = 5 // a minute
	allGuesses     = 30
	madeGuesses    = 1000 // a second
)

// guesses count wrong codes. The zero value is not ready.
type guesses struct {
	mu             sync.Mutex // one is looked at after the other: none slips by while others are counted
	addresses, all *buckets
	made           *buckets
}

func newGuesses() *guesses {
	return &guesses{
		addresses: &buckets{rate: perMinute(addressGuesses), burst: addressGuesses},
		all:       &buckets{rate: perMinute(allGuesses), burst: allGuesses},
		made:      &buckets{rate: madeGuesses, burst: madeGuesses},
	}
}

func perMinute(n int) rate.Limit { return rate.Every(time.Minute / time.Duration(n)) }

// everybody is the key of a bucket that is all there is.
const everybody = "all"

// try reports whether code, from address, is the one of key. With a wait it is not,
// or it was not looked at.
func (g *guesses) try(key *hostKey, address, code string) (opens bool, wait time.Duration) {
	opens = key.opens(code) // in any case, so that the time that it takes tells nothing
	g.mu.Lock()
	defer g.mu.Unlock()
	wait = max(g.addresses.wait(address), g.all.wait(everybody))
	if wait > 0 && (!key.made || g.made.take(everybody) > 0) {
		return false, wait
	}
	if opens {
		return true, 0
	}
	if wait == 0 {
		g.addresses.take(address)
		g.all.take(everybody)
	}
	return false, wait
}

// seconds is wait in whole seconds, not less.
func seconds(wait time.Duration) int { return int((wait + time.Second - 1) / time.Second) }
