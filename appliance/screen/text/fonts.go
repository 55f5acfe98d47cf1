// Package text sets text in lines of glyphs: any script that its fonts have,
// right-to-left ones in their order and with their joined letters.
//
// The fonts are DejaVu Sans, regular and bold, which are in the program: Latin,
// Greek, Cyrillic, Arabic, Hebrew and more. Chinese and Japanese are in a third,
// which is a file, because it is larger. What none of them has, emoji above all,
// is a plain mark.
package text

import (
	"bytes"
	"fmt"
	"os"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-text/typesetting/font"
	"github.com/rivo/uniseg"
)

// MaxFonts is the most bytes that all fonts together may have: 4 MB.
const MaxFonts = 4_000_000

// MaxFurther is what is left of that for a font beside those in the program.
var MaxFurther = MaxFonts - len(dejavusans.TTF) - len(dejavusansbold.TTF)

// Mark stands for a character that no font has.
const Mark = '□'

// fonts are the faces of one weight; the first one that has a character draws it.
type fonts []*font.Face

// ResolveFace implements shaping.Fontmap.
func (f fonts) ResolveFace(r rune) *font.Face {
	for _, face := range f {
		if has(face, r) {
			return face
		}
	}
	return f[0]
}

// can reports whether r can be drawn.
func (f fonts) can(r rune) bool {
	for _, face := range f {
		if has(face, r) {
			return true
		}
	}
	return false
}

// has reports whether a face has a glyph for r. A font that was made smaller
// names characters that it has no outline for any more.
func has(face *font.Face, r rune) bool {
	gid, ok := face.NominalGlyph(r)
	if !ok || gid == 0 {
		return false
	}
	if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
		return true
	}
	outline, ok := face.GlyphDataOutline(gid)
	return ok && len(outline.Segments) > 0
}

// load returns the faces, regular and bold. further is a file with one more for
// both; empty: there is none. The fonts are returned also if that cannot be read.
func load(further string) (regular, bold fonts, err error) {
	for _, f := range []struct {
		to  *fonts
		ttf []byte
	}{{&regular, dejavusans.TTF}, {&bold, dejavusansbold.TTF}} {
		face, err := font.ParseTTF(bytes.NewReader(f.ttf))
		if err != nil {
			panic(err) // it is in the binary
		}
		*f.to = append(*f.to, face)
	}
	if further == "" {
		return regular, bold, nil
	}
	face, err := read(further)
	if err != nil {
		return regular, bold, fmt.Errorf("read the font: %w", err)
	}
	return append(regular, face), append(bold, face), nil
}

func read(path string) (*font.Face, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > int64(MaxFurther) {
		return nil, fmt.Errorf("%s has %d bytes: it may have %d", path, info.Size(), MaxFurther)
	}
	face, err := font.ParseTTF(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return face, nil
}

// drawable returns the text with Mark for each character that cannot be drawn.
// What is one character to its reader is one mark, whatever it is made of.
func (f fonts) drawable(s string) []rune {
	var out []rune
	for g := uniseg.NewGraphemes(s); g.Next(); {
		cluster := g.Runes()
		ok, shown := true, cluster[:0:0]
		for _, r := range cluster {
			switch {
			case r == '\t' || r == '\u00a0':
				shown = append(shown, ' ')
			case unicode.IsControl(r), variation(r):
			default:
				shown = append(shown, r)
				ok = ok && (ignorable(r) || f.can(r))
			}
		}
		if !ok {
			shown = []rune{Mark}
		}
		out = append(out, shown...)
	}
	return out
}

// variation reports whether r only says how the one before it shall look.
func variation(r rune) bool { return r >= 0xFE00 && r <= 0xFE0F }

// ignorable reports whether r has no look of its own: joiners, directions.
func ignorable(r rune) bool { return unicode.Is(unicode.Cf, r) }
