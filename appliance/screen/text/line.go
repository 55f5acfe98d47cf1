package text

import (
	"image"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
)

// Style is how a text looks.
type Style struct {
	Size int // of the font, in pixels
	Bold bool
}

// Setter sets text in lines. Its methods must not be called concurrently.
type Setter struct {
	regular, bold fonts

	segmenter shaping.Segmenter
	shaper    shaping.HarfbuzzShaper
	wrapper   shaping.LineWrapper
	masks     masks
}

// NewSetter returns a setter with the fonts in the program, and one more, which
// the file further has; empty: none. If only that cannot be read there is a
// setter, too.
func NewSetter(further string) (*Setter, error) {
	regular, bold, err := load(further)
	return &Setter{regular: regular, bold: bold}, err
}

// Line is one line of text: glyphs, from left to right.
type Line struct {
	Style  Style
	Width  int  // in pixels
	Right  bool // it begins at the right
	glyphs []glyph
	setter *Setter
}

// glyph is one, and where its origin is: x from the beginning of the line, y up
// from the baseline.
type glyph struct {
	face *typeface
	id   font.GID
	x, y fixed.Int26_6
}

// Height returns how far below each other lines stand, in pixels.
func (s Style) Height() int { return s.Size * 13 / 10 }

// Ascent returns how far the baseline is below the top of a line: the letters of
// DejaVu Sans rise 0.76 above it and fall 0.24 below.
func (s Style) Ascent() int { return (s.Height()-s.Size)/2 + s.Size*76/100 }

// Lines sets text in at most most lines that are at most width pixels wide; more
// than that ends with an ellipsis.
func (s *Setter) Lines(text string, style Style, width, most int) []Line {
	var lines []Line
	paragraphs := strings.Split(strings.TrimSpace(text), "\n")
	for i, p := range paragraphs {
		if len(lines) == most {
			break
		}
		lines = append(lines, s.paragraph(p, style, width, most-len(lines), i < len(paragraphs)-1)...)
	}
	return lines
}

// Line sets text in one line.
func (s *Setter) Line(text string, style Style, width int) Line {
	lines := s.Lines(strings.ReplaceAll(text, "\n", " "), style, width, 1)
	if len(lines) == 0 {
		return Line{Style: style, setter: s}
	}
	return lines[0]
}

func (s *Setter) paragraph(text string, style Style, width, most int, more bool) []Line {
	faces := s.regular
	if style.Bold {
		faces = s.bold
	}
	runes := faces.drawable(text)
	if len(runes) == 0 {
		return []Line{{Style: style, setter: s}}
	}
	direction := di.DirectionLTR
	if right(runes) {
		direction = di.DirectionRTL
	}
	runs := s.shape(runes, style, direction, faces)
	config := shaping.WrapConfig{
		Direction: direction, TruncateAfterLines: most, TextContinues: more,
		Truncator:   s.shape([]rune("…"), style, direction, faces)[0],
		BreakPolicy: shaping.WhenNecessary,
	}
	wrapped, _ := s.wrapper.WrapParagraph(config, width, runes, shaping.NewSliceIterator(runs))
	lines := make([]Line, 0, len(wrapped))
	for _, w := range wrapped {
		lines = append(lines, s.line(w, style, direction == di.DirectionRTL, faces))
	}
	return lines
}

func (s *Setter) shape(runes []rune, style Style, direction di.Direction, faces fonts) []shaping.Output {
	in := shaping.Input{
		Text: runes, RunEnd: len(runes), Direction: direction, Size: fixed.I(style.Size),
		Script: language.Latin, Language: language.NewLanguage("en"),
	}
	var runs []shaping.Output
	for _, part := range s.segmenter.Split(in, faces) {
		run := s.shaper.Shape(part)
		for i := range run.Glyphs {
			// The shaper sees no outlines, and takes what has none for a space,
			// which does not count at the end of a line.
			if g := &run.Glyphs[i]; !unicode.IsSpace(runes[g.TextIndex()]) {
				g.Width, g.Height = max(g.Advance, 1), -1
			}
		}
		runs = append(runs, run)
	}
	return runs
}

// line places the glyphs of a wrapped line.
func (s *Setter) line(runs shaping.Line, style Style, right bool, faces fonts) Line {
	l := Line{Style: style, Right: right, setter: s}
	order := make([]shaping.Output, len(runs))
	for _, run := range runs {
		order[run.VisualIndex] = run
	}
	var x fixed.Int26_6
	for _, run := range order {
		at := x
		for _, g := range run.Glyphs {
			l.glyphs = append(l.glyphs, glyph{faces.of(run.Face), g.GlyphID, at + g.XOffset, g.YOffset})
			at += g.Advance
		}
		x += run.Advance
	}
	l.Width = x.Ceil()
	return l
}

// right reports whether a text begins at the right: its first letter is of a
// script that is written from there (UAX 9, rules P2 and P3).
func right(runes []rune) bool {
	for _, r := range runes {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}

// Box returns what a line covers whose top left corner is at p.
func (l Line) Box(p image.Point) image.Rectangle {
	// Letters of some scripts and accents rise above the line.
	return image.Rect(p.X-l.Style.Size/4, p.Y-l.Style.Size/4, p.X+l.Width+l.Style.Size/4, p.Y+l.Style.Height()+l.Style.Size/4)
}
