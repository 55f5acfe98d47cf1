package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/chatd/fanout/rabbitmq/node"
)

// Times in which an emulated card must get there. It takes 6 s to the page and
// 40 s to RabbitMQ on two idle cores; RabbitMQ was seen to take 150 s on busy
// ones.
const (
	pageTime = 2 * time.Minute
	openTime = 5 * time.Minute
)

// The image that is flashed boots into the chat, with RabbitMQ in its
// container; and pulling the plug, the normal way to switch it off, loses
// nothing that was there for more than two seconds.
func TestRoomSurvivesThePlug(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	image := buildImage(t)
	// A host has given the room a name, and made a mistake.
	image = withSettings(t, image, "[room]\r\ntitle = \"Burrow #5\"\r\n[wifi]\r\nchannel = 99\r\n")
	port, err := node.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()

	m, first := boot(t, Options{Image: image, Dir: dir, Port: port})
	ada, bob := join(t, m, "Ada", "0123456789abcdef-ada", nil), join(t, m, "Bob", "0123456789abcdef-bob", nil)
	for i := range 20 {
		ada.say(t, fmt.Sprintf("a%d", i), fmt.Sprint("Ada ", i))
		ada.await(t, fmt.Sprint("Ada ", i))
		bob.say(t, fmt.Sprintf("b%d", i), fmt.Sprint("Bob ", i))
		ada.await(t, fmt.Sprint("Bob ", i))
	}
	bob.await(t, "Bob 19")
	if ada.title != "Burrow #5" {
		t.Errorf("the room is called %q", ada.title)
	}
	said := ada.records
	// This is the promise: two seconds after it was sent, it is on the card.
	time.Sleep(2*time.Second + 100*time.Millisecond)
	m.Stop()

	m, second := boot(t, Options{Image: image, Dir: dir, Port: port})
	t.Logf("from power-on to page and to RabbitMQ: %v, after the plug was pulled %v", first, second)
	last := said[len(said)-1]
	back := join(t, m, "Ada", "0123456789abcdef-ada", map[string]any{"since": last.Offset, "since_ref": last.Ref, "epoch": ada.epoch})
	if !back.resumed {
		t.Errorf("Ada's phone cannot resume after the power cut")
	}
	late := join(t, m, "Eve", "0123456789abcdef-eve", nil)
	late.await(t, "Bob 19")
	if len(late.records) != len(said) {
		t.Errorf("%d messages were said, %d are there after the power cut", len(said), len(late.records))
	}
	for i, r := range late.records {
		if i < len(said) && r != said[i] {
			t.Errorf("message %d was %+v, and is %+v", i, said[i], r)
		}
	}
	back.say(t, "again", "still here")
	late.await(t, "still here")
}

// buildImage makes the image; a second time it is quick.
func buildImage(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("go", "run", "./appliance/image", "-o", "build/warren.img")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the image cannot be built: %v\n%s", err, out)
	}
	return "../../build/warren.img"
}

// withSettings returns a copy of the image with another warren.toml.
func withSettings(t *testing.T, image, toml string) string {
	t.Helper()
	dir := t.TempDir()
	other, file := filepath.Join(dir, "card.img"), filepath.Join(dir, "warren.toml")
	if err := os.WriteFile(file, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"cp", "--sparse=always", image, other},
		{"mcopy", "-o", "-i", fmt.Sprintf("%s@@%d", other, bootOffset), file, "::warren.toml"},
	} {
		if err := run(t.Context(), args[0], args[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	return other
}

// boot boots the card, and returns when its room is open, with the times to the
// page and to RabbitMQ.
func boot(t *testing.T, o Options) (*Machine, [2]time.Duration) {
	t.Helper()
	console, err := os.CreateTemp(t.TempDir(), "console")
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close() // QEMU has its own
	o.Console = console
	begun := time.Now()
	m, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	var times [2]time.Duration
	for i, step := range []struct {
		page string
		time time.Duration
	}{{"", pageTime}, {"readyz", openTime}} {
		ctx, cancel := context.WithTimeout(t.Context(), step.time)
		err := m.Await(ctx, step.page)
		cancel()
		if err != nil {
			text, _ := os.ReadFile(console.Name())
			t.Fatalf("%v; the console's end:\n%s", err, text[max(0, len(text)-4<<10):])
		}
		times[i] = time.Since(begun).Round(100 * time.Millisecond)
	}
	return m, times
}

// phone is a guest's.
type phone struct {
	*websocket.Conn
	epoch   string
	title   string
	resumed bool
	records []record
}

type record struct {
	Offset int64
	Ref    string
	Text   string
}

func join(t *testing.T, m *Machine, name, device string, more map[string]any) *phone {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{"warren.v1"}, HandshakeTimeout: time.Minute}
	conn, _, err := d.Dial("ws"+strings.TrimPrefix(m.URL(), "http")+"websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(2 * time.Minute))
	p := &phone{Conn: conn}
	hello := map[string]any{"type": "hello", "device": device, "name": name}
	for k, v := range more {
		hello[k] = v
	}
	if err := conn.WriteJSON(hello); err != nil {
		t.Fatal(err)
	}
	var welcome struct {
		Type, Epoch, Title string
		Resumed            bool
	}
	if err := conn.ReadJSON(&welcome); err != nil || welcome.Type != "welcome" {
		t.Fatalf("welcomed with %+v, %v", welcome, err)
	}
	p.epoch, p.title, p.resumed = welcome.Epoch, welcome.Title, welcome.Resumed
	return p
}

func (p *phone) say(t *testing.T, ref, text string) {
	t.Helper()
	if err := p.WriteJSON(map[string]any{"type": "say", "ref": ref, "text": text}); err != nil {
		t.Fatal(err)
	}
}

// await reads until a message with this text has come.
func (p *phone) await(t *testing.T, text string) {
	t.Helper()
	for {
		_, data, err := p.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for %q: %v", text, err)
		}
		var f struct {
			Type    string
			Records []record
		}
		if err := json.Unmarshal(data, &f); err != nil || f.Type == "refused" {
			t.Fatalf("the server said %s, %v", data, err)
		}
		p.records = append(p.records, f.Records...)
		if n := len(f.Records); n > 0 && f.Records[n-1].Text == text {
			return
		}
	}
}
