package protocol

import (
	"net/http"
	"testing"
	"time"

	"warren/appliance/update/trial"
)

// FuzzAnnounced: whatever headers somebody sends, what is read of them is in its
// range, and is what goes into headers again.
func FuzzAnnounced(f *testing.F) {
	const sum = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
	f.Add("nonce", sum, "90", sum, int64(50))
	f.Add("", "", "-1", "x", int64(-1))
	f.Add("\xff", sum+"00", "+60", "", int64(1)<<62)
	f.Fuzz(func(t *testing.T, nonce, sum, seconds, proof string, length int64) {
		r := &http.Request{Header: http.Header{}, ContentLength: length}
		r.Header.Set(nonceHeader, nonce)
		r.Header.Set(sha256Header, sum)
		r.Header.Set(trialHeader, seconds)
		r.Header.Set(proofHeader, proof)
		a, given, err := Announced(r)
		if err != nil {
			if len(given) > 0 || len(err.Error()) > 200 {
				t.Fatalf("%x, %v", given, err)
			}
			return
		}
		if a.Trial < trial.LeastTime || a.Trial > trial.MostTime || a.Trial%time.Second != 0 || a.Length != length || a.Nonce != nonce {
			t.Fatalf("%+v", a)
		}
		key := Key("key")
		again := &http.Request{Header: http.Header{}, ContentLength: length}
		a.Set(again.Header, key)
		if b, proof, err := Announced(again); err != nil || b != a || !key.Proves(b, proof) || key.Proves(b, append(proof, given...)) && len(given) > 0 {
			t.Fatalf("%+v is read as %+v, %v", a, b, err)
		}
	})
}

// FuzzProve: a proof is good for the one thing that it was made for, and with the
// one key.
func FuzzProve(f *testing.F) {
	f.Add("n", []byte{1}, int64(50), 60, "n\n", []byte{1}, int64(50), 60)
	f.Add("2 ab", []byte{}, int64(1), 30, "2 a", []byte{0}, int64(11), 30)
	f.Add("", []byte{1}, int64(-1), 30, "", []byte{1, 0}, int64(-1), 31)
	f.Fuzz(func(t *testing.T, nonceA string, sumA []byte, lengthA int64, secondsA int, nonceB string, sumB []byte, lengthB int64, secondsB int) {
		announcement := func(nonce string, sum []byte, length int64, seconds int) (a Announcement) {
			a = Announcement{Nonce: nonce, Length: length, Trial: time.Duration(seconds%4000) * time.Second}
			copy(a.SHA256[:], sum)
			return a
		}
		a, b := announcement(nonceA, sumA, lengthA, secondsA), announcement(nonceB, sumB, lengthB, secondsB)
		key := Key("key")
		if proof := key.Prove(a); key.Proves(b, proof) != (a == b) || Key("yek").Proves(a, proof) {
			t.Fatalf("the proof of %+v is good for %+v", a, b)
		}
	})
}
