package emulator

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	cards "warren/appliance/image/card"
)

// smallMemory is what a board of 512 MB has left, in MiB, when the firmware has taken
// the most that it may: 64 for the graphics, and its own.
const smallMemory = 416

// A board of 512 MB with 20 phones, 1,000 messages and 20 pictures: all arrive, and
// nothing is ended for want of memory. Then its card takes nothing any more, and the
// room goes on in memory; and, at the next start, the file system for data is gone.
func TestSmallBoard(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	card := newCard(t, ImageForTest(t), 0)
	data := cards.Perm(card.drive.size).Offset
	m, times := boot(t, card, Options{Memory: smallMemory})
	t.Logf("%d MB: to the page and to RabbitMQ %v", smallMemory, times)

	const phones, each, pictures = 20, 50, 20
	begun := time.Now()
	guests := make([]*phone, phones)
	for i := range guests {
		guests[i] = join(t, m, fmt.Sprintf("Guest%d", i))
	}
	for n := range each {
		for i, p := range guests {
			p.say(fmt.Sprintf("%d of %d", n, i))
		}
	}
	for i := range pictures {
		sendPicture(t, m, i)
	}
	for _, p := range guests {
		p.await(t, "to have all messages", func() bool { return len(p.log) >= phones*each })
	}
	if n := count(guests); n != phones*each {
		t.Errorf("%d of %d messages were shown as sent", n, phones*each)
	}
	t.Logf("%d messages and %d pictures to %d phones took %v; the card says: %s", phones*each, pictures, phones, time.Since(begun).Round(time.Second), memoryOn(statusOf(t, m)))
	healthy(t, m)

	card.Lock(data)
	guests[0].say("This is not on the card")
	goesOnInMemory(t, m)
	t.Logf("in memory the card says: %s", memoryOn(statusOf(t, m)))
	enough(t, m)
	m.Cut()

	card.Lock(0)
	if _, err := card.drive.file.WriteAt(make([]byte, 64<<10), data); err != nil {
		t.Fatal(err)
	}
	m, _ = boot(t, card, Options{Memory: smallMemory})
	goesOnInMemory(t, m)
	enough(t, m)
}

// goesOnInMemory waits until the room is in memory; then it takes what one phone says
// to another, and both the host and the guests are told.
func goesOnInMemory(t *testing.T, m *Machine) {
	t.Helper()
	begun := time.Now()
	for !strings.Contains(statusOf(t, m), "RabbitMQ is up. The card cannot be written, so what is said is kept in memory only") {
		if time.Since(begun) > openTime {
			t.Fatalf("the room is not in memory: %s", statusOf(t, m))
		}
		time.Sleep(time.Second)
	}
	await(t, m, "readyz")
	t.Logf("in memory after %v: %s", time.Since(begun).Round(time.Second), statusOf(t, m))
	eve, dan := join(t, m, "Eve"), join(t, m, "Dan")
	eve.say("Is anybody here?")
	dan.awaitText(t, "Is anybody here?")
	eve.awaitText(t, "Is anybody here?")
	if page := read(t, m, "basic"); !strings.Contains(page, "This room is not kept, because the card cannot be written") {
		t.Errorf("guests are not told: %s", page)
	}
}

// enough checks that nothing was ended for want of memory.
func enough(t *testing.T, m *Machine) {
	t.Helper()
	if lines := regexp.MustCompile(`(?mi)^.*(out of memory|oom-kill|oom_reaper|page allocation failure).*$`).FindAllString(m.Console(), 10); lines != nil {
		t.Errorf("memory is short:\n%s", strings.Join(lines, "\n"))
	}
}

func read(t *testing.T, m *Machine, page string) string {
	t.Helper()
	resp, err := http.Get(m.URL() + page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// statusOf is the page /status without its tags.
func statusOf(t *testing.T, m *Machine) string {
	t.Helper()
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(read(t, m, "status"), " ")), " ")
}

func memoryOn(status string) string {
	return regexp.MustCompile(`Free memory: [^.]*\.`).FindString(status)
}

// sendPicture sends a picture of noise, and gets it back.
func sendPicture(t *testing.T, m *Machine, seed int) {
	t.Helper()
	luck, img := rand.New(rand.NewPCG(uint64(seed), 0)), image.NewGray(image.Rect(0, 0, 640, 480))
	for i := range img.Pix {
		img.Pix[i] = byte(luck.Uint32())
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 75}); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(500 * time.Millisecond) {
		resp, err := http.Post(m.URL()+"picture", "image/jpeg", bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		switch {
		case resp.StatusCode < 300:
			id := regexp.MustCompile(`[0-9a-f]{64}`).FindString(string(answer))
			if got := read(t, m, "picture/"+id+".jpg"); len(got) < 1000 {
				t.Errorf("picture %d of %d bytes comes back as %.100q", seed, file.Len(), got)
			}
			return
		case resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable || time.Since(begun) > time.Minute:
			t.Fatalf("a picture of %d bytes: %s, %s", file.Len(), resp.Status, answer)
		}
	}
}
