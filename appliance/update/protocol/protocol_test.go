package protocol

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
)

var challenge = Challenge{Salt: bytes.Repeat([]byte{7}, 16), Iterations: Iterations, Nonce: "n"}

// A proof is good for exactly what was announced, and for exactly this code.
func TestProof(t *testing.T) {
	key, err := challenge.Key("kdtsm-rfwhb")
	if err != nil {
		t.Fatal(err)
	}
	a := Announcement{Nonce: "n", SHA256: [32]byte{1}, Length: 50, Trial: time.Minute}
	proof := key.Prove(a)
	if !key.Proves(a, proof) {
		t.Fatal("a right proof is refused")
	}
	for what, change := range map[string]func(*Announcement){
		"nonce":  func(a *Announcement) { a.Nonce = "n\n" },
		"hash":   func(a *Announcement) { a.SHA256[31] = 1 },
		"length": func(a *Announcement) { a.Length++ },
		"trial":  func(a *Announcement) { a.Trial += time.Second },
	} {
		other := a
		if change(&other); key.Proves(other, proof) {
			t.Errorf("with another %s it is still good", what)
		}
	}
	for _, bad := range [][]byte{nil, {}, proof[:31], append(bytes.Clone(proof), 0)} {
		if key.Proves(a, bad) {
			t.Errorf("%x is taken", bad)
		}
	}
	salted := challenge
	salted.Salt = bytes.Repeat([]byte{8}, 16)
	for code, c := range map[string]Challenge{"kdtsm-rfwhc": challenge, "kdtsm-rfwhb": salted} {
		if other, err := c.Key(code); err != nil || other.Proves(a, proof) {
			t.Errorf("%s, salt %x: the same proof (%v)", code, c.Salt, err)
		}
	}
}

// Whoever answers in place of a card must not make the code cheap to find, or
// the sender busy for hours.
func TestStrangeChallenges(t *testing.T) {
	for _, c := range []Challenge{{}, {Salt: challenge.Salt, Iterations: 1}, {Salt: challenge.Salt, Iterations: 1 << 40}, {Iterations: Iterations}} {
		if _, err := c.Key("kdtsm-rfwhb"); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

func TestAnnouncement(t *testing.T) {
	key := Key("key")
	a := Announcement{Nonce: "n", SHA256: [32]byte{1, 2}, Length: 50, Trial: 90 * time.Second}
	r := &http.Request{Header: http.Header{}, ContentLength: 50}
	a.Set(r.Header, key)
	if got, proof, err := Announced(r); err != nil || got != a || !key.Proves(got, proof) {
		t.Errorf("%+v, %v", got, err)
	}
	for header, values := range map[string][]string{
		sha256Header: {"", "ab", strings.Repeat("x", 64), strings.Repeat("ab", 33)},
		trialHeader:  {"", "29", "1801", "1e2", "-60", "99999999999999999999"},
		proofHeader:  {"x", "abc"},
	} {
		for _, value := range values {
			a.Set(r.Header, key)
			r.Header.Set(header, value)
			if _, _, err := Announced(r); err == nil || !strings.Contains(err.Error(), header) {
				t.Errorf("%s: %.20q: %v", header, value, err)
			}
		}
	}
}
