package text

import (
	"image"
	"image/color"
	"os"
	"strings"
	"testing"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
)

func setter(t testing.TB) *Setter {
	t.Helper()
	s, err := NewSetter("")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var plain = Style{Size: 40}

// All fonts together are at most 4 MB.
func TestFontsAreSmall(t *testing.T) {
	if got := len(dejavusans.TTF) + len(dejavusansbold.TTF) + MaxFurther; got > 4_000_000 || MaxFurther < 1_500_000 {
		t.Errorf("the fonts may have %d bytes, %d of them in a file", got, MaxFurther)
	}
}

// What cannot be drawn is one mark a character; what can is there as it is.
func TestMarks(t *testing.T) {
	for text, want := range map[string]string{
		"hello":               "hello",
		"a🎉b":                 "a□b",
		"👩‍👩‍👧‍👦 👍🏽":          "□ □",
		"한국":                  "□□",
		"日本":                  "□□",
		"6\u2029\u00cf\u2028": "6 \u00cf ",
		"a\u200bb\x07":        "a\u200bb",
		"e\u0301":             "e\u0301",
		"a\ufe0f":             "a",
		"שלום":                "שלום",
	} {
		if got := string(setter(t).regular.drawable(text)); got != want {
			t.Errorf("%q is drawn as %q, want %q", text, got, want)
		}
	}
}

// Arabic letters join, and run from the right: a word is narrower than its
// letters on their own, and its first letter is its last glyph.
func TestRightToLeft(t *testing.T) {
	s := setter(t)
	word := s.Line("سلم", plain, 1000)
	alone := s.Line("س ل م", plain, 1000)
	if !word.Right || word.Width >= alone.Width*3/4 {
		t.Errorf("the word is %d wide, its letters %d; right: %v", word.Width, alone.Width, word.Right)
	}
	mixed := s.Line("abc שלום", plain, 1000)
	if mixed.Right {
		t.Error("what begins with a Latin letter begins at the right")
	}
	last := mixed.glyphs[len(mixed.glyphs)-1]
	shin, _ := s.regular[0].face.NominalGlyph('ש')
	if last.id != shin {
		t.Error("the first letter of the Hebrew word is not at its right end")
	}
}

func TestLines(t *testing.T) {
	s := setter(t)
	for text, want := range map[string]int{
		"": 0, "  \n ": 0, "one": 1, "one\ntwo": 2, "one\n\nthree": 3,
		strings.Repeat("many words ", 100): 4, strings.Repeat("w", 500): 4, strings.Repeat("a\n", 50): 4,
	} {
		lines := s.Lines(text, plain, 400, 4)
		n := 0
		for _, l := range lines {
			if l.Width > 400 {
				t.Errorf("%.20q: a line is %d wide", text, l.Width)
			}
			n++
		}
		if want == 0 {
			for _, l := range lines {
				if len(l.glyphs) > 0 {
					t.Errorf("%q has glyphs", text)
				}
			}
		} else if n != want {
			t.Errorf("%.20q has %d lines, want %d", text, n, want)
		}
	}
	cut := s.Lines(strings.Repeat("w ", 500), plain, 400, 2)
	ellipsis, _ := s.regular[0].face.NominalGlyph('…')
	if last := cut[1].glyphs; last[len(last)-1].id != ellipsis {
		t.Error("what is cut does not end with an ellipsis")
	}
}

// The last glyph of a line takes its room; a space there takes none.
func TestWidth(t *testing.T) {
	s := setter(t)
	for _, text := range []string{"i", "W", "…", "هنا"} {
		once, twice := s.Line(text, plain, 1000).Width, s.Line(text+text, plain, 1000).Width
		if once < plain.Size/8 || twice < once*3/2 {
			t.Errorf("%q is %d wide, and %d twice", text, once, twice)
		}
	}
	if a, b := s.Line("a", plain, 1000).Width, s.Line("a ", plain, 1000).Width; a != b {
		t.Errorf("with a space at its end a line is %d wide, not %d", b, a)
	}
}

// A font that is missing or too large costs what only it has, and no more.
func TestFurtherFont(t *testing.T) {
	for _, path := range []string{"/does/not/exist", "/dev/null"} {
		s, err := NewSetter(path)
		if err == nil || s.Line("hello", plain, 1000).Width == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	path := t.TempDir() + "/large.ttf"
	os.WriteFile(path, make([]byte, MaxFurther+1), 0o600)
	if _, err := NewSetter(path); err == nil || !strings.Contains(err.Error(), "it may have") {
		t.Errorf("%v", err)
	}
}

// What is drawn stays within its box, which is what is redrawn when it changes;
// and the glyphs that are kept stay few.
func TestDraw(t *testing.T) {
	s := setter(t)
	for _, text := range []string{"Ågjpq", "الدردشة مغلقة حاليًا.", "Ǻ̂ ﷺ", "WWW"} {
		l := s.Line(text, plain, 2000)
		at := image.Pt(50, 50)
		p := image.NewRGBA(image.Rect(0, 0, l.Width+100, 200))
		l.Draw(p, at, color.White)
		box, drawn := l.Box(at), 0
		for y := range p.Rect.Dy() {
			for x := range p.Rect.Dx() {
				if p.RGBAAt(x, y).A == 0 {
					continue
				}
				drawn++
				if !image.Pt(x, y).In(box) {
					t.Fatalf("%q is drawn at %d, %d, outside of %v", text, x, y, box)
				}
			}
		}
		if drawn == 0 {
			t.Errorf("%q is not drawn", text)
		}
	}
	for size := 10; size < 400; size += 3 {
		s.Line("abcdefghijkl", Style{Size: size}, 1e6).Draw(image.NewRGBA(image.Rect(0, 0, 1, 1)), image.Point{}, color.White)
		if s.masks.size > maxMasks+4*400*400 {
			t.Fatalf("%d bytes of glyphs are kept", s.masks.size)
		}
	}
}

// Whatever is said can be set and drawn.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"hello", "مرحبًا 🎉 abc", "\u202eabc\u2066", "a\u0300\u0301\u0302", "\xff\x00", "ﷺ\n\n👩‍👩‍👧‍👦"} {
		f.Add(s)
	}
	s := setter(f)
	p := image.NewRGBA(image.Rect(0, 0, 300, 200))
	f.Fuzz(func(t *testing.T, text string) {
		lines := s.Lines(text, plain, 300, 4)
		if len(lines) > 4 {
			t.Errorf("%d lines", len(lines))
		}
		for _, l := range lines {
			l.Draw(p, image.Point{}, color.White)
		}
	})
}
