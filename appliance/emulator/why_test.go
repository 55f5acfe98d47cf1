package emulator

import (
	"strings"
	"testing"

	"warren/appliance/board/why"
)

// boardTold checks that the page tells of the board, as far as the emulator has
// one: no sensor, and a disk without a name.
func boardTold(t *testing.T, m *Machine) {
	t.Helper()
	page := get(t, m, "status")
	for _, want := range []string{"<h2>Board</h2>", "It is a linux,dummy-virt.", "Free memory: ", "<h2>Card</h2>", "The card is vda, with 2.1 GB.", "Free for data: ", "There is no LED ACT here: this board has "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	for _, wrong := range []string{"has said nothing", "cannot be told", "The processor is", "power supply"} {
		if strings.Contains(page, wrong) {
			t.Errorf("the page says %q: %s", wrong, page)
		}
	}
}

// whyTold checks what a laptop reads on a card that was in a machine until now:
// what is wrong comes first.
func whyTold(t *testing.T, card *Card, wrong, after string) {
	t.Helper()
	file, err := card.Get(t.Context(), why.Name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %s", why.Name, strings.TrimRight(string(file), " \r\n"))
	first, rest, ok := strings.Cut(string(file), "The box wrote this ")
	if len(file) != why.Bytes || !ok || !strings.HasPrefix(first, "SOMETHING WAS WRONG:\r\n") {
		t.Fatalf("%s has %d bytes: %s", why.Name, len(file), file)
	}
	if !strings.Contains(first, wrong) || !strings.Contains(rest, after) {
		t.Errorf("%s lacks %q and then %q: %s", why.Name, wrong, after, file)
	}
}
