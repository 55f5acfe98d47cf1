package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"testing"
)

// photo is a picture of some colours, unlike those of other seeds.
func photo(t testing.TB, w, h, seed int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x * 7), uint8(y * 5), uint8(seed), 255})
		}
	}
	for i := range 32 { // the last bits of a seed would be lost
		if seed>>i&1 == 1 {
			for x := range min(w, 4) {
				for y := range min(h, 4) {
					img.Set(x+i*4%w, y+i*4/w*4, color.White)
				}
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// with puts a segment behind the beginning of a picture.
func with(data []byte, mark byte, body string) []byte {
	seg := binary.BigEndian.AppendUint16([]byte{0xff, mark}, uint16(len(body)+2))
	return bytes.Join([][]byte{data[:2], seg, []byte(body), data[2:]}, nil)
}

// frame returns where the frame header of a baseline picture is: after its marker
// and length.
func frame(t testing.TB, data []byte) int {
	t.Helper()
	i := bytes.Index(data, []byte{0xff, markSOF0, 0, 17})
	if i < 0 {
		t.Fatal("no frame header")
	}
	return i + 4
}

// sized changes the size that the header speaks of.
func sized(t testing.TB, data []byte, w, h int) []byte {
	data = bytes.Clone(data)
	at := frame(t, data)
	binary.BigEndian.PutUint16(data[at+1:], uint16(h))
	binary.BigEndian.PutUint16(data[at+3:], uint16(w))
	return data
}

// open opens a store with so many bytes for pictures that are said, and for fresh ones.
func open(t testing.TB, path string, said, fresh int64) *Store {
	t.Helper()
	dir, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	s, err := openParts(dir, said, fresh)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
