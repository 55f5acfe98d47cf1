package emulator

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"warren/appliance/screen/text"
	"warren/appliance/settings"
	"warren/chatd/fanout/rabbitmq/node"
	"warren/chatd/invite"
)

// A Pi with a display shows how to come in: both codes are read from what the
// emulator's monitor sees on HDMI. What a phone says is there, and goes when the
// host hides it. RabbitMQ, which takes minutes to start on this board in an emulator, is
// one of ours.
func TestScreen(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Fatal("zbarimg is missing: on Debian and Ubuntu, apt-get install zbar-tools")
	}
	rabbit := node.ForTest(t)
	card := newCard(t, ImageForTest(t), 0)
	broker := strings.Replace(rabbit.URL(), "127.0.0.1", HostAddress, 1)
	const code = "rabbit-hole"
	put(t, card, settings.FileName, fmt.Sprintf("[room]\nhost_code = %q\n[broker]\nurl = %q\n", code, broker))
	begun := time.Now()
	m := start(t, card, Options{Board: Raspi3B, Host: true, Display: "1280x720"})

	want := []string{invite.WiFi{Name: "rabbit", Passphrase: "carrotcarrot"}.Code(), "http://10.1.1.1:8081/"}
	slices.Sort(want)
	var seen image.Image
	awaitScreen(t, m, "both codes", func(now image.Image) bool {
		seen = now
		return slices.Equal(codes(t, now), want)
	})
	t.Logf("both codes are there after %v", time.Since(begun).Round(time.Second))
	keep(t, seen, "starting")
	await(t, m, "readyz")
	ada := join(t, m, "Ada")
	const hello = "Hello from the first row"
	shows := func(s string) func(image.Image) bool {
		line := newestLine(t, s)
		return func(now image.Image) bool { seen = now; return has(now, line) }
	}
	if shows(hello)(seen) {
		t.Fatal("it is there before it was said")
	}
	ada.say(hello)
	ada.awaitText(t, hello)
	awaitScreen(t, m, "what Ada said", shows(hello))
	t.Logf("what Ada said is there after %v", time.Since(begun).Round(time.Second))
	keep(t, seen, "room")
	if got := codes(t, seen); !slices.Equal(got, want) {
		t.Errorf("then the codes are %q", got)
	}
	hide(t, m, code, ada.shows()[len(ada.shows())-1].Offset)
	awaitScreen(t, m, "the room without what was hidden", shows("It is quiet in here. Who says hello?"))
	if shows(hello)(seen) {
		t.Error("what was hidden is still there")
	}
	keep(t, seen, "hidden")
	if got := codes(t, seen); !slices.Equal(got, want) {
		t.Errorf("in the end the codes are %q", got)
	}
}

// The display is the kernel's until the daemon draws, and again after it has died:
// killed, it can give nothing back, so the next one does. The system is one of our
// own, with the daemon and no room: see testdata/display.
func TestScreenDies(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the emulator")
	}
	c := newCard(t, ImageForTest(t), 0)
	putRoot(t, c, "./testdata/display", "warren/appliance/screen")
	put(t, c, "cmdline.txt", "console=tty1 root=/dev/mmcblk0p2 rootwait init=/init panic=1\n")
	m := start(t, c, Options{Board: Raspi3B, Display: "1280x720"})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	expect := func(text string) {
		t.Helper()
		if err := m.AwaitConsole(ctx, text); err != nil {
			t.Fatalf("%v:\n%s", err, m.Console())
		}
	}
	var seen image.Image
	room := func(now image.Image) bool { seen = now; return len(codes(t, now)) == 2 }
	kernel := func(now image.Image) bool { seen = now; return !room(now) && isConsole(now) }

	expect(`the screen says {"state":"up","width":1280,"height":720,"bits":16}`)
	awaitScreen(t, m, "the codes", room)
	expect("the screen is killed")
	if now, err := m.Screen(ctx); err != nil || !room(now) {
		t.Errorf("who was killed has changed the display: %v", err)
	}
	expect("the screen is off: exit status 125")
	awaitScreen(t, m, "the kernel's messages", kernel)
	keep(t, seen, "kernel")
	awaitScreen(t, m, "the codes again", room)
}

// isConsole reports whether a picture is the kernel's console: its black, and not
// the page's dark, is at the right corners, and text somewhere.
func isConsole(p image.Image) bool {
	b := p.Bounds()
	black := func(x, y int) bool { r, g, b, _ := p.At(x, y).RGBA(); return r|g|b == 0 }
	for _, corner := range []image.Point{{b.Max.X - 1, b.Min.Y}, {b.Max.X - 1, b.Max.Y - 1}} {
		if !black(corner.X, corner.Y) {
			return false
		}
	}
	lit := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if !black(x, y) {
				lit++
			}
		}
	}
	return lit > 1000 && lit < b.Dx()*b.Dy()/4
}

// newestLine draws a text as the newest message is drawn on a display of
// 1280 × 720 pixels, white on black: as the screen's own code does.
func newestLine(t *testing.T, s string) *image.Gray {
	t.Helper()
	set, err := text.NewSetter("")
	if err != nil {
		t.Fatal(err)
	}
	style := text.Style{Size: 36} // 1.6 units of 3.1 % of 720 pixels: web/wall.css
	line := set.Line(s, style, 1280)
	p := image.NewGray(image.Rect(0, 0, line.Width, style.Height()))
	line.Draw(p, image.Point{}, color.White)
	return p
}

// has reports whether a picture has a line of text in it, light on dark: where a
// pixel is covered wholly, or not at all, the one of the picture must be light, as
// the dimmest of the screen's texts still is (#b5a999), or dark.
func has(p image.Image, line *image.Gray) bool {
	b := p.Bounds()
	light := image.NewGray(b)
	draw.Draw(light, b, p, b.Min, draw.Src)
	const least = 140     // of 255
	var probe image.Point // a pixel of the text: most places are dark, and none of it
	for i, v := range line.Pix {
		if v == 255 {
			probe = image.Pt(i%line.Stride, i/line.Stride)
			break
		}
	}
	at := func(x, y int) bool {
		if light.GrayAt(x+probe.X, y+probe.Y).Y < least {
			return false
		}
		for v := range line.Rect.Dy() {
			for u := range line.Rect.Dx() {
				want, got := line.GrayAt(u, v).Y, light.GrayAt(x+u, y+v).Y
				if want == 0 && got > 80 || want == 255 && got < least {
					return false
				}
			}
		}
		return true
	}
	for y := b.Min.Y; y+line.Rect.Dy() <= b.Max.Y; y++ {
		for x := b.Min.X; x+line.Rect.Dx() <= b.Max.X; x++ {
			if at(x, y) {
				return true
			}
		}
	}
	return false
}

// awaitScreen waits until what is on the display is as it should be.
func awaitScreen(t *testing.T, m *Machine, what string, holds func(image.Image) bool) {
	t.Helper()
	late := time.Now().Add(openTime)
	for {
		now, err := m.Screen(t.Context())
		if err == nil && holds(now) {
			return
		}
		if time.Now().After(late) {
			if err == nil {
				keep(t, now, "late")
			}
			text := m.Console()
			t.Fatalf("the display never showed %s: %v; %s\nthe console's end:\n%s", what, err, displaySays(m), text[max(0, len(text)-4<<10):])
		}
		time.Sleep(time.Second) // the display tells nobody that it has changed
	}
}

// displaySays returns what /status says of the display, if there is such a page.
func displaySays(m *Machine) string {
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(m.URL() + "status")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	page, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what there is
	_, display, _ := strings.Cut(string(page), "Display")
	return "/status says of the display: " + display[:min(len(display), 400)]
}

// codes reads the QR codes in a picture.
func codes(t *testing.T, p image.Image) []string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	zbar := exec.Command("zbarimg", "--quiet", "--raw", "-")
	zbar.Stdin = &b
	out, _ := zbar.Output() // it fails if there is no code
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	return lines
}

// hide has the host hide a message.
func hide(t *testing.T, m *Machine, code string, offset int64) {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	client := http.Client{Jar: jar}
	resp, err := client.PostForm(m.URL()+"host", url.Values{"code": {code}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	dialer := websocket.Dialer{Subprotocols: []string{"warren.v1"}, Jar: jar}
	conn, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(m.URL(), "http")+"websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, f := range []map[string]any{
		{"type": "hello", "device": "the-host-of-this-room", "name": "Host"},
		{"type": "host", "ref": "hide-1", "verb": "hide", "to": offset},
	} {
		if err := conn.WriteJSON(f); err != nil {
			t.Fatal(err)
		}
	}
	conn.SetReadDeadline(time.Now().Add(openTime))
	for {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			t.Fatal(err)
		}
		if f.Type == "refused" {
			t.Fatalf("the host may not hide: %s", f.Why)
		}
		for _, r := range f.Records {
			if r.Offset > offset {
				return
			}
		}
	}
}

// keep keeps a picture where WARREN_ARTEFACTS says, for people to look at.
func keep(t *testing.T, p image.Image, name string) {
	t.Helper()
	dir := os.Getenv("WARREN_ARTEFACTS")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, "screen-"+name+".png"))
	if err == nil {
		err = png.Encode(f, p)
		f.Close()
	}
	if err != nil {
		t.Log(err)
	}
}
