package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"warren/appliance/partition"
)

// smallMemory is what a board of 512 MB has left, in MiB, when the firmware has taken
// the most that it may: 64 for the graphics, and its own.
const smallMemory = 416

// On a board of 512 MB, 20 phones say 1,000 messages and send 20 pictures: all arrive
// at all of them, and nothing is ended for want of memory. Then its card takes nothing
// any more, and the room goes on in memory.
func TestSmallBoard(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	card := newCard(t, ImageForTest(t), 0)
	m, times := boot(t, card, Options{Memory: smallMemory})
	t.Logf("%d MB: page after %v, RabbitMQ after %v; %s", smallMemory, times[0], times[1], memoryTold(t, m))

	const phones, messages, pictures = 20, 1000, 20
	guests, leave := make([]*phone, phones), make([]func(), phones)
	for i := range guests {
		guests[i] = newPhone(fmt.Sprintf("Guest%d", i), m.URL())
		leave[i] = guests[i].online(t.Context())
		t.Cleanup(leave[i])
	}
	for _, p := range guests {
		p.await(t, "to have read the log", func() bool { return p.live })
	}
	begun, sent := time.Now(), map[string][]byte{}
	// All are at one address, which may say 50 a second (docs/limits.md).
	pace := time.NewTicker(time.Second / 40)
	defer pace.Stop()
	for n := range messages {
		if n%(messages/pictures) == 0 {
			content := noise(t, uint64(n))
			with := post(t, m, content)
			sent[with.ID] = content
			guests[n/(messages/pictures)%phones].sayWith("", with)
		}
		<-pace.C
		guests[n%phones].say(fmt.Sprintf("Message %d", n))
	}
	arrive(t, guests, messages+pictures)
	said := time.Since(begun)
	bytesGot := fetchAll(t, m, guests, sent)
	t.Logf("%d messages and %d pictures to %d phones in %v, %.0f messages/s; %d MB of pictures fetched in %v; %s", messages, pictures, phones,
		said.Round(time.Second), (messages+pictures)/said.Seconds(), bytesGot>>20, (time.Since(begun) - said).Round(time.Second), memoryTold(t, m))
	healthy(t, m)
	enoughMemory(t, m)

	// Two stay: what each has said last they say again to the new log.
	for _, left := range leave[2:] {
		left()
	}
	card.Lock(partition.Perm(card.drive.size).Offset)
	guests[0].say("This is not on the card")
	inMemory := time.Now()
	guests[0].await(t, "to be told that the room is not kept", func() bool { return guests[0].box == "unkept" })
	t.Logf("guests are told %v after the card took nothing any more", time.Since(inMemory).Round(time.Second))
	goesOnInMemory(t, m, guests[0], guests[1])
	t.Logf("it goes on %v after the card took nothing any more; the kernel's and the broker's lines:\n%s", time.Since(inMemory).Round(time.Second),
		strings.Join(regexp.MustCompile(`(?m)^.*(EXT4-fs|JBD2|the broker is|the card cannot be written).*$`).FindAllString(m.Console(), 30), "\n"))
	if !slices.ContainsFunc(guests[1].shows(), func(r record) bool { return r.Text == "This is not on the card" }) {
		t.Error("what was said when the card took nothing any more is lost")
	}
}

// The file system for data is gone when a card starts: the room opens in memory.
func TestRoomWithoutData(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	card := newCard(t, ImageForTest(t), 0)
	if _, err := card.drive.file.WriteAt(make([]byte, 64<<10), partition.Perm(card.drive.size).Offset); err != nil {
		t.Fatal(err)
	}
	m, times := boot(t, card, Options{Memory: smallMemory})
	t.Logf("page after %v, RabbitMQ after %v", times[0], times[1])
	goesOnInMemory(t, m, join(t, m, "Eve"), join(t, m, "Dan"))
}

// goesOnInMemory waits until two phones are in a room that is in memory; then it takes
// what one says to the other, and the host and all guests are told.
func goesOnInMemory(t *testing.T, m *Machine, eve, dan *phone) {
	t.Helper()
	const told = "RabbitMQ is up. The card cannot be written, so what is said is kept in memory only"
	for begun := time.Now(); !strings.Contains(statusText(t, m), told); time.Sleep(time.Second) {
		if time.Since(begun) > openTime {
			console := m.Console()
			t.Fatalf("the room is not in memory: %s; the console's end:\n%s", statusText(t, m), console[max(0, len(console)-8<<10):])
		}
	}
	await(t, m, "readyz")
	eve.say("Is anybody here?")
	for _, p := range []*phone{eve, dan} {
		p.await(t, "to show what Eve says, in a room that is not kept", func() bool {
			return p.box == "unkept" && slices.ContainsFunc(p.log, func(r record) bool { return r.Text == "Is anybody here?" })
		})
	}
	t.Logf("in memory: %s", memoryTold(t, m))
	if page := get(t, m, "basic"); !strings.Contains(page, "This room is not kept, because the card cannot be written") {
		t.Errorf("guests without the page are not told: %s", page)
	}
	enoughMemory(t, m)
}

// arrive waits until all phones show the same messages, each one once, and nothing else.
func arrive(t *testing.T, guests []*phone, want int) {
	t.Helper()
	for _, p := range guests {
		p.await(t, fmt.Sprintf("to show %d messages", want), func() bool { return len(p.log) >= want })
	}
	first := guests[0].shows()
	if lost := missing(first, guests, func(said) bool { return true }); len(lost) > 0 || len(first) != want {
		t.Errorf("%d messages are shown, not %d; lost or shown more than once: %v", len(first), want, lost)
	}
	for _, p := range guests {
		if !slices.Equal(p.shows(), first) {
			t.Errorf("%s's phone shows another conversation", p.name)
		}
	}
}

// fetchAll has each phone fetch all pictures that it shows, which are those that were
// sent, and returns how many bytes that were.
func fetchAll(t *testing.T, m *Machine, guests []*phone, sent map[string][]byte) (all int) {
	t.Helper()
	var g errgroup.Group
	for _, p := range guests {
		n := 0
		for _, r := range p.shows() {
			if r.Picture.ID != "" {
				n, all = n+1, all+len(sent[r.Picture.ID])
			}
		}
		if n != len(sent) {
			t.Errorf("%s's phone shows %d pictures of %d", p.name, n, len(sent))
		}
		g.Go(func() error {
			for id, content := range sent {
				resp, err := http.Get(m.URL() + "picture/" + id + ".jpg")
				if err != nil {
					return err
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || !bytes.Equal(got, content) {
					return fmt.Errorf("of a picture of %d bytes come %d: %s, %v", len(content), len(got), resp.Status, err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	return all
}

// noise returns a picture of some 150 kB, as a phone's are when the page has made
// them smaller.
func noise(t *testing.T, seed uint64) []byte {
	t.Helper()
	luck, img := rand.New(rand.NewPCG(seed, 0)), image.NewGray(image.Rect(0, 0, 640, 480))
	for i := range img.Pix {
		img.Pix[i] = byte(luck.Uint32())
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 50}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// post posts a picture.
func post(t *testing.T, m *Machine, content []byte) *picture {
	t.Helper()
	resp, err := http.Post(m.URL()+"picture", "image/jpeg", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	var p picture
	if err != nil || resp.StatusCode != http.StatusCreated || json.Unmarshal(answer, &p) != nil {
		t.Fatalf("a picture of %d bytes is not taken: %s: %s, %v", len(content), resp.Status, answer, err)
	}
	return &p
}

// enoughMemory checks that nothing was ended for want of memory.
func enoughMemory(t *testing.T, m *Machine) {
	t.Helper()
	if lines := regexp.MustCompile(`(?mi)^.*(out of memory|oom-kill|oom_reaper|page allocation failure).*$`).FindAllString(m.Console(), 10); lines != nil {
		t.Errorf("memory is short:\n%s", strings.Join(lines, "\n"))
	}
}

// memoryTold returns what the card says of its memory.
func memoryTold(t *testing.T, m *Machine) string {
	t.Helper()
	return regexp.MustCompile(`Free memory: .*? of .*?\. `).FindString(statusText(t, m) + " ")
}

// statusText is the page /status without its tags.
func statusText(t *testing.T, m *Machine) string {
	t.Helper()
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(get(t, m, "status"), " ")), " ")
}
