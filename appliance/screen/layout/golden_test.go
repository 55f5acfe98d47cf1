package layout

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"warren/appliance/screen/canvas"
	"warren/appliance/screen/text"
	"warren/appliance/screen/words"
	"warren/chatd/invite"
)

var update = flag.Bool("update", false, "write the pictures in testdata anew")

// picture is a surface in memory.
type picture struct{ *image.RGBA }

func (p picture) Write(tile *image.RGBA) error {
	for y := tile.Rect.Min.Y; y < tile.Rect.Max.Y; y++ {
		copy(p.Pix[p.PixOffset(tile.Rect.Min.X, y):][:4*tile.Rect.Dx()], tile.Pix[tile.PixOffset(tile.Rect.Min.X, y):])
	}
	return nil
}

func render(t testing.TB, v View, w, h int) *image.RGBA {
	t.Helper()
	set, err := text.NewSetter("")
	if err != nil {
		t.Fatal(err)
	}
	size := image.Pt(w, h)
	p := picture{image.NewRGBA(image.Rectangle{Max: size})}
	if _, err := canvas.New(p, Page).Show(Items(v, size, set)); err != nil {
		t.Fatal(err)
	}
	return p.RGBA
}

func in(t testing.TB, language string) words.Words {
	t.Helper()
	w, err := words.In(language)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// rabbit is a room as the card is shipped, with nobody in it.
func rabbit(t testing.TB) View {
	w := in(t, "en")
	return View{
		Words: w, Title: "rabbit", Count: 0, State: w.OpenRoom, URL: "http://10.1.1.1:8081/",
		WiFi: invite.WiFi{Name: "rabbit", Passphrase: "carrotcarrot"},
	}
}

func busy(t testing.TB) View {
	v := rabbit(t)
	v.Title, v.Count = "Go meetup", 27
	v.Pin = "Pizza is here at eight. The talk goes on after it."
	v.Messages = []Message{
		{Name: "Otter", ID: "a1", Text: "Is this on?"},
		{Name: "Badger", ID: "b2", Text: "It is, and nobody needs an internet for it."},
		{Name: "AMQP", Text: "build 812 is green"},
		{Name: "Léa", ID: "c3", Text: "Ça marche même en français, ¡y en español también! Ελληνικά και Русский тоже.", Edited: true},
		{Name: "Badger", ID: "b2", Picture: true, Text: "the stage from back here"},
		{Name: "سلمى", ID: "d4", Text: "مرحبًا بالجميع، كيف الحال؟"},
		{Name: "Jo", ID: "e5", Text: "/me waves 🎉"},
		{Name: "Otter", ID: "a1", Text: "A long one, so that everybody sees how that looks: it is set smaller, wraps where words end, and stops after a few lines if it goes on and on, as some people's do when they have waited all evening for their turn to say what they think of it."},
		{Name: "Mole", ID: "f6", Text: "Where do I plug in my laptop?"},
	}
	return v
}

// cases are what the screen looks like in its states and sizes.
func cases(t testing.TB) map[string]struct {
	View
	w, h int
} {
	type c = struct {
		View
		w, h int
	}
	failed := rabbit(t)
	failed.Trouble = []string{"The Wi-Fi “rabbit” has failed, and is tried again: this board's radio has no firmware in this image: use a cable."}
	failed.Cable = "http://192.168.178.40:8081/"
	join := rabbit(t)
	join.Join, join.Count = true, 12
	open := join
	open.WiFi = invite.WiFi{Name: "Besucher-WLAN im Gemeindehaus"}
	open.Words = in(t, "de")
	open.State = open.Words.Warming
	off := busy(t)
	off.Words, off.Notice, off.Pin = in(t, "ar"), in(t, "ar").Closed, ""
	off.State = off.Words.OpenRoom
	portrait := busy(t)
	return map[string]c{
		"busy-1280x720":      {busy(t), 1280, 720},
		"empty-1920x1080":    {rabbit(t), 1920, 1080},
		"failed-1280x720":    {failed, 1280, 720},
		"busy-1080x1920":     {portrait, 1080, 1920},
		"join-3840x2160":     {join, 3840, 2160},
		"join-open-720x1280": {open, 720, 1280},
		"closed-1366x768":    {off, 1366, 768},
	}
}

// step is how far apart two colours of the palette of a golden picture are, and
// with it how far a pixel may be from the one in the picture: half a step for
// rounding to the palette, and two more because machines round a glyph's edge
// differently, after a different number of bits (golang.org/x/image/vector has
// assembly for some, and others fuse a multiplication and an addition).
const step = 8

const tolerance = step/2 + 2

// small returns a picture with fewer colours, which makes its file small.
func small(p *image.RGBA) *image.NRGBA {
	q := image.NewNRGBA(p.Rect)
	for i, v := range p.Pix {
		q.Pix[i] = uint8(min(255, (int(v)+step/2)/step*step))
		if i%4 == 3 {
			q.Pix[i] = 255
		}
	}
	return q
}

// Each state of the screen, in each size, looks as it did when a person has
// looked at it. With -update the pictures are written anew.
func TestGolden(t *testing.T) {
	for name, c := range cases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := render(t, c.View, c.w, c.h)
			path := filepath.Join("testdata", name+".png")
			if *update {
				var b bytes.Buffer
				e := png.Encoder{CompressionLevel: png.BestCompression}
				if err := e.Encode(&b, small(got)); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			want, err := png.Decode(f)
			if err != nil {
				t.Fatal(err)
			}
			if where, n := differences(got, want); n > 0 {
				t.Errorf("%d pixels are not as in %s, the first at %v", n, path, where)
			}
		})
	}
}

func differences(got *image.RGBA, want image.Image) (first image.Point, n int) {
	if got.Rect != want.Bounds() {
		return first, 1
	}
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			a, b := got.RGBAAt(x, y), color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
			if apart(a.R, b.R) > tolerance || apart(a.G, b.G) > tolerance || apart(a.B, b.B) > tolerance {
				if n == 0 {
					first = image.Pt(x, y)
				}
				n++
			}
		}
	}
	return first, n
}

func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

// Cameras read both codes in every state and size: with the words of the right
// Wi-Fi and the right address.
func TestCodesAreRead(t *testing.T) {
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Skip("zbarimg is missing: on Debian and Ubuntu, apt-get install zbar-tools")
	}
	for name, c := range cases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := png.Encode(&b, render(t, c.View, c.w, c.h)); err != nil {
				t.Fatal(err)
			}
			zbar := exec.Command("zbarimg", "--quiet", "--raw", "-")
			zbar.Stdin = &b
			out, err := zbar.Output()
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.TrimSpace(string(out)), "\n")
			slices.Sort(got)
			want := []string{c.WiFi.Code(), c.URL}
			slices.Sort(want)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("read %q, want %q", got, want)
			}
		})
	}
}
