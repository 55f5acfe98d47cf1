package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzNonce: no challenge is taken but one that the card has made, in its time,
// and not twice.
func FuzzNonce(f *testing.F) {
	n := newNonces()
	f.Add(n.make(n.begun), uint8(0))
	f.Add(n.seal(-1), uint8(255))
	f.Add("", uint8(1))
	f.Add(strings.Repeat("_", 54)+"\n", uint8(2))
	f.Fuzz(func(t *testing.T, nonce string, minutes uint8) {
		n := newNonces()
		later := n.begun.Add(time.Duration(minutes) * time.Minute)
		proven := func() error { return nil }
		if err := n.take(nonce, later, proven); !errors.Is(err, errNonce) {
			t.Fatalf("%q is taken: %v", nonce, err)
		}
		own := n.make(n.begun)
		if nonce != "" && n.take(own+nonce, later, proven) == nil || n.take(nonce+"\n"+own, later, proven) == nil {
			t.Fatalf("with %q beside it a challenge is taken", nonce)
		}
		if err := n.take(own, later, func() error { return errWrongCode }); err == nil {
			t.Fatal("it is taken with a wrong code")
		}
		inTime := later.Sub(n.begun) <= nonceLife
		if err := n.take(own, later, proven); (err == nil) != inTime {
			t.Fatalf("after %d minutes: %v", minutes, err)
		}
		if n.take(own, later, proven) == nil {
			t.Fatal("it is taken twice")
		}
	})
}

// FuzzBroker: whatever is in the broker's file, there is a state to tell of.
func FuzzBroker(f *testing.F) {
	f.Add([]byte(`{"state":"up"}`))
	f.Add([]byte(`{"state":"failed","why":"x"}`))
	f.Add([]byte(`{"state":""} `))
	f.Add([]byte(`{"state":7,"why":null}`))
	r := room{brokerState: filepath.Join(f.TempDir(), "broker.state")}
	f.Fuzz(func(t *testing.T, js []byte) {
		if err := os.WriteFile(r.brokerState, js, 0o600); err != nil {
			t.Fatal(err)
		}
		if state, why := r.broker(); state == "" || state == "not there yet" && why != "" {
			t.Fatalf("%q: %q, %q", js, state, why)
		}
	})
}

// FuzzSquashfs: whatever is sent, it is taken for a file system only if it says
// that it is one, and that all of it is here.
func FuzzSquashfs(f *testing.F) {
	super := make([]byte, 96)
	copy(super, "hsqs")
	super[40] = 96
	f.Add(super, int64(96))
	f.Add(super, int64(95))
	f.Add([]byte("hsqs"), int64(-1))
	path := filepath.Join(f.TempDir(), "root")
	f.Fuzz(func(t *testing.T, root []byte, length int64) {
		if length < 0 {
			return // the door takes none
		}
		if err := os.WriteFile(path, root, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := checkSquashfs(path, length); err == nil && (len(root) < 96 || !strings.HasPrefix(string(root), "hsqs") || length < 0) {
			t.Fatalf("%d bytes are taken for a root of %d", len(root), length)
		}
	})
}
