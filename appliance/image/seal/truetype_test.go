package seal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-text/typesetting/font"
)

// The smaller font draws the same for what is kept, letters that are put together
// of others among it, and nothing for the rest.
func TestSubset(t *testing.T) {
	small, err := subset(dejavusans.TTF, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
	if err != nil {
		t.Fatal(err)
	}
	if 2*len(small) > len(dejavusans.TTF) {
		t.Errorf("it has %d bytes, of %d", len(small), len(dejavusans.TTF))
	}
	if sum(small) != 0xB1B0AFBA {
		t.Error("its checksum is wrong")
	}
	was, err := font.ParseTTF(bytes.NewReader(dejavusans.TTF))
	if err != nil {
		t.Fatal(err)
	}
	is, err := font.ParseTTF(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	drawn := func(f *font.Face, r rune) (n int, width float32) {
		id, _ := f.NominalGlyph(r)
		outline, _ := f.GlyphDataOutline(id)
		return len(outline.Segments), f.HorizontalAdvance(id)
	}
	for _, r := range "aZßéÅǻ" {
		n, w := drawn(was, r)
		if got, gotW := drawn(is, r); got != n || gotW != w || n == 0 {
			t.Errorf("%c has %d segments and is %v wide; it had %d, and was %v", r, got, gotW, n, w)
		}
	}
	for _, r := range "Жλش" {
		if n, _ := drawn(is, r); n != 0 {
			t.Errorf("%c is still there", r)
		}
	}
	for n := range 200 { // what is cut is an error
		if _, err := subset(dejavusans.TTF[:n*3000], unicode.IsLetter); err == nil {
			t.Fatalf("%d bytes of a font are taken", n*3000)
		}
	}
}

// The font of the image has the words of Chinese and Japanese, and is small enough.
func TestFont(t *testing.T) {
	const have = "/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf"
	if _, err := os.Stat(have); err != nil {
		t.Skip("it needs a font: on Debian and Ubuntu, apt-get install fonts-droid-fallback")
	}
	dir := t.TempDir()
	if err := Font("/", dir); err != nil {
		t.Fatal(err)
	}
	part, err := os.ReadFile(filepath.Join(dir, FontFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("it has %d bytes", len(part))
	face, err := font.ParseTTF(bytes.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "你好这里很安静静かですね、あいさつｱ。" {
		id, ok := face.NominalGlyph(r)
		outline, drawn := face.GlyphDataOutline(id)
		if !ok || !drawn || len(outline.Segments) == 0 {
			t.Errorf("it cannot draw %c", r)
		}
	}
}
