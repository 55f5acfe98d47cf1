package browser

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// photo writes a photo of w by h pixels as a phone's camera does: full of detail,
// held upright (which Exif says: orientation 6, turn it clockwise), and with the
// place where it was taken. Who sees it upright sees h by w pixels with corners in
// red, green, blue and white, from the top left in the order of reading.
func photo(t testing.TB, w, h int) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	noise := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < len(img.Pix); i += 4 {
		n := noise.Uint32()
		x, y := i/4%w, i/4/w
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = uint8(x*128/w)+uint8(n)%64, uint8(y*128/h)+uint8(n>>8)%64, 60+uint8(n>>16)%64, 255
	}
	corner := func(right, bottom bool, c color.RGBA) {
		x0, y0 := 0, 0
		if right {
			x0 = w - w/4
		}
		if bottom {
			y0 = h - h/4
		}
		for y := y0; y < y0+h/4; y++ {
			for x := x0; x < x0+w/4; x++ {
				img.SetRGBA(x, y, c)
			}
		}
	}
	corner(false, true, color.RGBA{255, 0, 0, 255})
	corner(false, false, color.RGBA{0, 255, 0, 255})
	corner(true, true, color.RGBA{0, 0, 255, 255})
	corner(true, false, color.RGBA{255, 255, 255, 255})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "photo.jpg")
	data := b.Bytes()
	if err := os.WriteFile(path, bytes.Join([][]byte{data[:2], exif(), data[2:]}, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// exif is an APP1 segment (CIPA DC-008): orientation 6, 52° 31′ 12″ north.
func exif() []byte {
	be := binary.BigEndian
	entry := func(b []byte, tag, kind uint16, count uint32, value []byte) []byte {
		b = be.AppendUint16(be.AppendUint16(b, tag), kind)
		return append(be.AppendUint32(b, count), append(value, make([]byte, 4-len(value))...)...)
	}
	const short, long, ascii, rational = 3, 4, 2, 5
	const gpsAt = 8 + 2 + 2*12 + 4
	const degreesAt = gpsAt + 2 + 2*12 + 4
	tiff := be.AppendUint16([]byte("MM\x00*\x00\x00\x00\x08"), 2)
	tiff = entry(tiff, 0x0112, short, 1, []byte{0, 6})
	tiff = entry(tiff, 0x8825, long, 1, be.AppendUint32(nil, gpsAt))
	tiff = append(tiff, 0, 0, 0, 0)
	tiff = be.AppendUint16(tiff, 2)
	tiff = entry(tiff, 1, ascii, 2, []byte("N\x00"))
	tiff = entry(tiff, 2, rational, 3, be.AppendUint32(nil, degreesAt))
	tiff = append(tiff, 0, 0, 0, 0)
	for _, n := range []uint32{52, 1, 31, 1, 12, 1} {
		tiff = be.AppendUint32(tiff, n)
	}
	body := append([]byte("Exif\x00\x00"), tiff...)
	return append(be.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2)), body...)
}

// Choose chooses a file in the dialog that the button for pictures opens.
func (p *Phone) Choose(path string) {
	p.t.Helper()
	p.must(chromedp.Do(p.brief(), chromedp.SetUploadFiles("#file", []string{path}, chromedp.NodeReady)))
}

// Corners says which colours the last picture in the conversation has in its
// corners, as it is shown.
func (p *Phone) Corners() string {
	p.t.Helper()
	return strings.Join(See[[]string](p, `(async () => {
		const img = [...document.querySelectorAll('#log .picture img')].pop();
		await img.decode();
		const { naturalWidth: w, naturalHeight: h } = img;
		const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h });
		const pen = canvas.getContext('2d', { willReadFrequently: true });
		pen.drawImage(img, 0, 0);
		return [[.1, .1], [.9, .1], [.1, .9], [.9, .9]].map(([x, y]) => {
			const [r, g, b] = pen.getImageData(x * w, y * h, 1, 1).data;
			const is = (...want) => want.every((n, i) => Math.abs(n - [r, g, b][i]) < 60);
			return is(255, 0, 0) ? 'red' : is(0, 255, 0) ? 'green' : is(0, 0, 255) ? 'blue' : is(255, 255, 255) ? 'white' : [r, g, b].join();
		});
	})()`), " ")
}

// drag moves a finger over the screen.
func (p *Phone) drag(x, y, toX, toY float64) {
	p.t.Helper()
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		p.t.Helper()
		tell(p, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: append([]*input.TouchPoint{}, points...)})
	}
	touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: x, Y: y})
	for i := 1.0; i <= 5; i++ {
		touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: x + (toX-x)*i/5, Y: y + (toY-y)*i/5})
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
}
