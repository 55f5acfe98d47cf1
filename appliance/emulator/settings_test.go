package emulator

import (
	"crypto/rand"
	"testing"

	"warren/appliance/settings"
)

// A card with a warren.toml that nobody can read, an empty one, or none, opens
// its room.
func TestBrokenSettings(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	card := newCard(t, ImageForTest(t), 0)
	garbage := make([]byte, 10_000)
	rand.Read(garbage)
	for _, broken := range []struct {
		what string
		do   func(t *testing.T)
	}{
		{"garbage", func(t *testing.T) { put(t, card, settings.FileName, string(garbage)) }},
		{"empty", func(t *testing.T) { put(t, card, settings.FileName, "") }},
		{"missing", func(t *testing.T) {
			if err := card.Delete(t.Context(), settings.FileName); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(broken.what, func(t *testing.T) {
			broken.do(t)
			await(t, start(t, card, Options{}), "")
		})
	}
}
