package text

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/go-text/typesetting/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// maxMasks bounds the drawn glyphs that are kept, in bytes. A screen of
// 3840×2160 shows some 100 different ones of 60×80 pixels: half a megabyte.
const maxMasks = 1 << 20

// masks are glyphs as they were drawn.
type masks struct {
	size   int
	drawn  map[maskKey]mask
	raster vector.Rasterizer
}

type maskKey struct {
	face *typeface
	id   font.GID
	size int
}

// mask is how much of each pixel a glyph covers, with its origin at (0, 0).
type mask struct{ *image.Alpha }

// Draw draws the line, its top left corner at p.
func (l Line) Draw(dst draw.Image, p image.Point, c color.Color) {
	base := p.Y + l.Style.Ascent()
	ink := image.NewUniform(c)
	for _, g := range l.glyphs {
		m := l.setter.masks.get(g.face, g.id, l.Style.Size)
		if m.Alpha == nil {
			continue
		}
		// On whole pixels: the type is large, and each glyph is drawn once.
		at := image.Pt(p.X+g.x.Round(), base-g.y.Round())
		draw.DrawMask(dst, m.Rect.Add(at), ink, image.Point{}, m, m.Rect.Min, draw.Over)
	}
}

func (m *masks) get(face *typeface, id font.GID, size int) mask {
	key := maskKey{face, id, size}
	if have, ok := m.drawn[key]; ok {
		return have
	}
	drawn := m.draw(face, id, size)
	if m.drawn == nil || m.size > maxMasks {
		m.drawn, m.size = map[maskKey]mask{}, 0
	}
	if drawn.Alpha != nil {
		m.size += len(drawn.Pix)
	}
	m.drawn[key] = drawn
	return drawn
}

func (m *masks) draw(face *typeface, id font.GID, size int) mask {
	outline := face.outline(id, size)
	if len(outline) == 0 {
		return mask{}
	}
	edge := outline.Bounds()
	box := image.Rect(edge.Min.X.Floor(), edge.Min.Y.Floor(), edge.Max.X.Ceil(), edge.Max.Y.Ceil())
	if box.Empty() || box.Dx() > 20*size || box.Dy() > 4*size {
		return mask{} // no letter is so large: the font is broken
	}
	x := func(p fixed.Point26_6) float32 { return float32(p.X)/64 - float32(box.Min.X) }
	y := func(p fixed.Point26_6) float32 { return float32(p.Y)/64 - float32(box.Min.Y) }
	m.raster.Reset(box.Dx(), box.Dy())
	for _, s := range outline {
		a := s.Args
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			m.raster.ClosePath()
			m.raster.MoveTo(x(a[0]), y(a[0]))
		case sfnt.SegmentOpLineTo:
			m.raster.LineTo(x(a[0]), y(a[0]))
		case sfnt.SegmentOpQuadTo:
			m.raster.QuadTo(x(a[0]), y(a[0]), x(a[1]), y(a[1]))
		case sfnt.SegmentOpCubeTo:
			m.raster.CubeTo(x(a[0]), y(a[0]), x(a[1]), y(a[1]), x(a[2]), y(a[2]))
		}
	}
	m.raster.ClosePath()
	alpha := image.NewAlpha(box)
	m.raster.Draw(alpha, box, image.Opaque, image.Point{})
	return mask{alpha}
}
