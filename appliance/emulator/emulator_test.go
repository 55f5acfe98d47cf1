package emulator

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"
)

// openTime is the time in which an emulated card must get there. It takes 6 s to
// the page and 40 s to RabbitMQ on two idle cores; RabbitMQ was seen to take
// 150 s on busy ones.
const openTime = 5 * time.Minute

// newCard makes a card that is gone with the test.
func newCard(t *testing.T, image string, seed uint64) *Card {
	t.Helper()
	card, err := NewCard(image, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	return card
}

// put writes a file of the card's boot partition.
func put(t *testing.T, card *Card, name, content string) {
	t.Helper()
	if err := card.Put(t.Context(), name, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

// start switches a machine on, until the test ends.
//
// Now and then an emulated Pi runs no kernel at all: its console had not a word after
// five minutes. Such a machine is started again. One whose kernel has said a word is
// not, whatever becomes of it.
func start(t *testing.T, card *Card, o Options) *Machine {
	t.Helper()
	for range 3 {
		m, err := Start(t.Context(), card, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Cut)
		if o.Board == "" || o.Board == Virt || saysAWord(t, m) {
			return m
		}
		t.Log("the emulated Pi has not begun to run its kernel, and is started again")
		m.Cut()
	}
	t.Fatal("the emulated Pi has not begun to run its kernel, three times")
	return nil
}

// saysAWord waits a minute for the kernel's first one, which takes a few seconds.
func saysAWord(t *testing.T, m *Machine) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return m.AwaitConsole(ctx, "Linux version") == nil || m.Console() != ""
}

// boot switches a machine on, and returns when its room is open, with the times
// to the page and to RabbitMQ.
func boot(t *testing.T, card *Card, o Options) (*Machine, [2]time.Duration) {
	t.Helper()
	begun := time.Now()
	m := start(t, card, o)
	var times [2]time.Duration
	for i, page := range []string{"", "readyz"} {
		await(t, m, page)
		times[i] = time.Since(begun).Round(100 * time.Millisecond)
	}
	return m, times
}

// await waits for a page of the room.
func await(t *testing.T, m *Machine, page string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), openTime)
	defer cancel()
	if err := m.Await(ctx, page); err != nil {
		text := m.Console()
		t.Fatalf("%v; the console's end:\n%s", err, text[max(0, len(text)-4<<10):])
	}
}

// get returns a page of the room.
func get(t *testing.T, m *Machine, page string) string {
	t.Helper()
	client := http.Client{Timeout: time.Minute}
	resp, err := client.Get(m.URL() + page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("/%s: %s, %v", page, resp.Status, err)
	}
	return string(text)
}
