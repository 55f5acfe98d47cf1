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
	"io"
	"math"
	"os"
	"slices"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-text/typesetting/font"
	"github.com/rivo/uniseg"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// MaxFonts is the most bytes that all fonts together may have: 4 MB.
const MaxFonts = 4_000_000

// MaxFurther is what is left of that for a font beside those in the program.
var MaxFurther = MaxFonts - len(dejavusans.TTF) - len(dejavusansbold.TTF)

// Mark stands for a character that no font has.
const Mark = '□'

// fonts are those of one weight; the first one that has a character draws it.
type fonts []*typeface

// typeface is a font, for two libraries: one that sets text, and knows nothing of
// outlines; and one that has those, and reads them when they are drawn. All
// outlines of a font with Chinese would take 10 MB of memory.
type typeface struct {
	face     *font.Face
	outlines *sfnt.Font
	buffer   sfnt.Buffer
}

// newTypeface reads a font of size bytes, which must stay readable.
func newTypeface(r io.ReaderAt, size int64) (*typeface, error) {
	outlines, err := sfnt.ParseReaderAt(r)
	if err != nil {
		return nil, err
	}
	without, err := withoutOutlines(r)
	if err != nil {
		return nil, err
	}
	face, err := font.ParseTTF(io.NewSectionReader(without, 0, size))
	if err != nil {
		return nil, err
	}
	return &typeface{face: face, outlines: outlines}, nil
}

// outline returns the outline of a glyph, in pixels; nothing if it has none.
func (t *typeface) outline(id font.GID, size int) sfnt.Segments {
	if id > math.MaxUint16 {
		return nil
	}
	segments, err := t.outlines.LoadGlyph(&t.buffer, sfnt.GlyphIndex(id), fixed.I(size), nil)
	if err != nil {
		return nil
	}
	return segments
}

// has reports whether there is a glyph for r. A font that was made smaller names
// characters that it has no outline for any more.
func (t *typeface) has(r rune) bool {
	id, ok := t.face.NominalGlyph(r)
	if !ok || id == 0 {
		return false
	}
	return unicode.IsSpace(r) || ignorable(r) || len(t.outline(id, 100)) > 0
}

// ResolveFace implements shaping.Fontmap.
func (f fonts) ResolveFace(r rune) *font.Face {
	for _, t := range f {
		if t.has(r) {
			return t.face
		}
	}
	return f[0].face
}

// can reports whether r can be drawn.
func (f fonts) can(r rune) bool {
	return slices.ContainsFunc(f, func(t *typeface) bool { return t.has(r) })
}

// of returns the typeface with that face.
func (f fonts) of(face *font.Face) *typeface {
	for _, t := range f {
		if t.face == face {
			return t
		}
	}
	return f[0]
}

// load returns the fonts, regular and bold. further is a file with one more for
// both; empty: there is none. The others are returned also if that cannot be read.
func load(further string) (regular, bold fonts, err error) {
	for _, f := range []struct {
		to  *fonts
		ttf []byte
	}{{&regular, dejavusans.TTF}, {&bold, dejavusansbold.TTF}} {
		t, err := newTypeface(bytes.NewReader(f.ttf), int64(len(f.ttf)))
		if err != nil {
			panic(err) // it is in the binary
		}
		*f.to = append(*f.to, t)
	}
	if further == "" {
		return regular, bold, nil
	}
	t, err := open(further)
	if err != nil {
		return regular, bold, fmt.Errorf("read the font: %w", err)
	}
	return append(regular, t), append(bold, t), nil
}

// open opens a font, for as long as the program runs.
func open(path string) (*typeface, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t, err := func() (*typeface, error) {
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		if info.Size() > int64(MaxFurther) {
			return nil, fmt.Errorf("%s has %d bytes: it may have %d", path, info.Size(), MaxFurther)
		}
		t, err := newTypeface(f, info.Size())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return t, nil
	}()
	if err != nil {
		f.Close()
	}
	return t, err
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
			case r == '\t' || r == '\u00a0' || r == '\u2028' || r == '\u2029':
				// The last two end a line and a paragraph, and the shaper panics at a
				// paragraph that is not the last one.
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
