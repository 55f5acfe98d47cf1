package picture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	good := photo(t, 64, 48, 1)
	if w, h, err := Check(good); w != 64 || h != 48 || err != nil {
		t.Errorf("a good picture: %d × %d, %v", w, h, err)
	}
	if _, _, err := Check(with(good, markAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")); err != nil {
		t.Errorf("a picture as browsers make it: %v", err)
	}
	var asPNG bytes.Buffer
	if err := png.Encode(&asPNG, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	scan := good[bytes.Index(good, []byte{0xff, markSOS}):]
	tests := []struct {
		what string
		data []byte
		want error
	}{
		{"nothing", nil, ErrNotJPEG},
		{"words", []byte("carrots"), ErrNotJPEG},
		{"a PNG", asPNG.Bytes(), ErrNotJPEG},
		{"a page that begins like a picture", []byte("\xff\xd8<script>alert(1)</script>"), ErrNotJPEG},
		{"half a picture", good[:len(good)/2], ErrNotJPEG},
		{"a picture without its end", good[:len(good)-2], ErrNotJPEG},
		{"a header alone", good[:bytes.Index(good, []byte{0xff, markSOS})], ErrNotJPEG},
		{"no pixels", append(bytes.Clone(good[:bytes.Index(good, []byte{0xff, markSOS})]), 0xff, markEOI), ErrNotJPEG},
		{"no width", sized(t, good, 0, 48), ErrNotJPEG},
		{"a bomb", sized(t, good, 65535, 65535), ErrTooLarge},
		{"one pixel too wide", sized(t, good, MaxSide+1, 48), ErrTooLarge},
		{"one pixel too high", sized(t, good, 64, MaxSide+1), ErrTooLarge},
		{"too many bytes", append(bytes.Clone(good), make([]byte, MaxBytes)...), ErrTooLarge},
		{"Exif", with(good, 0xe1, "Exif\x00\x00MM\x00*\x00\x00\x00\x08"), ErrMetadata},
		{"XMP", with(good, 0xe1, "http://ns.adobe.com/xap/1.0/\x00<x/>"), ErrMetadata},
		{"Photoshop's", with(good, 0xed, "Photoshop 3.0\x00"), ErrMetadata},
		{"a comment", with(good, 0xfe, "made at home"), ErrMetadata},
		{"further pictures", with(good, 0xe2, "MPF\x00"), ErrMetadata},
		{"Exif between scans", bytes.Join([][]byte{good[:len(good)-2], with([]byte{0, 0}, 0xe1, "Exif\x00\x00")[2:], good[len(good)-2:]}, nil), ErrMetadata},
		{"a file behind its end", append(bytes.Clone(good), "PK\x03\x04"...), ErrMetadata},
		{"two pictures", append(bytes.Clone(good), good...), ErrMetadata},
		{"scans without end", append(bytes.Repeat(scan[:len(scan)-2], 1), good...), ErrNotJPEG},
	}
	for _, test := range tests {
		_, _, err := Check(test.data)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, not %v", test.what, err, test.want)
		}
	}
	many := append(bytes.Clone(good[:len(good)-2]), bytes.Repeat(scan[:len(scan)-2], maxScans)...)
	if _, _, err := Check(append(many, 0xff, markEOI)); !errors.Is(err, ErrNotJPEG) || !strings.Contains(err.Error(), "too many") {
		t.Errorf("%d scans: %v", maxScans+1, err)
	}
}

// TestMessages: who posts by hand reads what to do.
func TestMessages(t *testing.T) {
	_, _, err := Check(with(photo(t, 9, 9, 0), 0xe1, "Exif\x00\x00"))
	if err == nil || !strings.Contains(err.Error(), "jpegtran -copy none") {
		t.Errorf("of Exif it says: %v", err)
	}
	_, _, err = Check(sized(t, photo(t, 9, 9, 0), 4000, 3000))
	if err == nil || !strings.Contains(err.Error(), "4000 × 3000") || !strings.Contains(err.Error(), "2048") {
		t.Errorf("of a large picture it says: %v", err)
	}
}

// FuzzCheck: whatever is taken for a picture is one for Go's reader, too, of the
// same size, ends where it should, and has none of the segments that tell more.
func FuzzCheck(f *testing.F) {
	good := photo(f, 40, 30, 3)
	f.Add(good)
	f.Add(with(good, markAPP0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"))
	f.Add(with(good, 0xe1, "Exif\x00\x00"))
	f.Add(sized(f, good, 3000, 30))
	f.Add([]byte("\xff\xd8\xff\xff\xff\xd9"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, h, err := Check(data)
		if err != nil {
			if w != 0 || h != 0 {
				t.Errorf("%d × %d and %v", w, h, err)
			}
			return
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width != w || config.Height != h || w < 1 || h < 1 || w > MaxSide || h > MaxSide {
			t.Errorf("%d × %d, but Go says %d × %d, %v", w, h, config.Width, config.Height, err)
		}
		if !bytes.HasSuffix(data, []byte{0xff, markEOI}) {
			t.Errorf("it ends with % x", data[len(data)-2:])
		}
		for _, mark := range []byte{0xe1, 0xe2, 0xed, 0xfe} {
			if _, _, err := Check(with(data, mark, "Exif\x00\x00")); !errors.Is(err, ErrMetadata) && len(data) < MaxBytes-10 {
				t.Errorf("with a segment %#x: %v", mark, err)
			}
		}
	})
}
