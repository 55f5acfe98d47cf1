package canvas

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math"

	"rsc.io/qr"

	"warren/appliance/screen/text"
)

// Panel is a rectangle with round corners.
type Panel struct {
	Rect   image.Rectangle
	Radius int // of the corners, in pixels
	Color  color.RGBA
}

// Box implements Item.
func (p Panel) Box() image.Rectangle { return p.Rect }

// Say implements Item.
func (p Panel) Say(w io.Writer) { fmt.Fprintf(w, "panel %v", p) }

// Draw implements Item.
func (p Panel) Draw(dst *image.RGBA) {
	in := p.Rect.Intersect(dst.Rect)
	if p.Radius == 0 {
		draw.Draw(dst, in, image.NewUniform(p.Color), image.Point{}, draw.Over)
		return
	}
	inner := p.Rect.Inset(p.Radius)
	for y := in.Min.Y; y < in.Max.Y; y++ {
		for x := in.Min.X; x < in.Max.X; x++ {
			// From the middle of the pixel to the inner rectangle.
			dx := max(float64(inner.Min.X)-float64(x)-.5, float64(x)+.5-float64(inner.Max.X), 0)
			dy := max(float64(inner.Min.Y)-float64(y)-.5, float64(y)+.5-float64(inner.Max.Y), 0)
			cover := min(max(float64(p.Radius)-math.Hypot(dx, dy)+.5, 0), 1)
			blend(dst, x, y, p.Color, cover)
		}
	}
}

// blend puts a colour over a pixel that it covers in part. Half a step more or
// less is what machines differ in.
func blend(dst *image.RGBA, x, y int, c color.RGBA, cover float64) {
	at := dst.Pix[dst.PixOffset(x, y):][:4]
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		at[i] = uint8(math.Round(float64(v)*cover + float64(at[i])*(1-cover)))
	}
	at[3] = 255
}

// Words is a line of text.
type Words struct {
	Line  text.Line
	At    image.Point // of its top left corner
	Color color.RGBA
	Key   string // the text: lines of the same text and style look the same
}

// Box implements Item.
func (t Words) Box() image.Rectangle { return t.Line.Box(t.At) }

// Say implements Item.
func (t Words) Say(w io.Writer) {
	fmt.Fprintf(w, "words %v %d %v %v %q", t.Line.Style, t.Line.Width, t.At, t.Color, t.Key)
}

// Draw implements Item.
func (t Words) Draw(dst *image.RGBA) { t.Line.Draw(dst, t.At, t.Color) }

// QR is a QR code, black on white, with its margin.
type QR struct {
	Code *qr.Code
	Rect image.Rectangle // a square
}

// quiet is the margin of a code, in modules (ISO/IEC 18004).
const quiet = 4

// Module returns how many pixels wide a module is.
func (q QR) Module() int { return q.Rect.Dx() / (q.Code.Size + 2*quiet) }

// Box implements Item.
func (q QR) Box() image.Rectangle { return q.Rect }

// Say implements Item.
func (q QR) Say(w io.Writer) { fmt.Fprintf(w, "qr %v %x", q.Rect, q.Code.Bitmap) }

// Draw implements Item.
func (q QR) Draw(dst *image.RGBA) {
	Panel{q.Rect, q.Rect.Dx() / 30, color.RGBA{255, 255, 255, 255}}.Draw(dst)
	module := q.Module()
	corner := q.Rect.Min.Add(image.Pt(q.Rect.Dx()-q.Code.Size*module, q.Rect.Dy()-q.Code.Size*module).Div(2))
	black := image.NewUniform(color.RGBA{0, 0, 0, 255})
	for y := range q.Code.Size {
		row := image.Rect(0, y*module, q.Code.Size*module, (y+1)*module).Add(corner)
		if !row.Overlaps(dst.Rect) {
			continue
		}
		for x := range q.Code.Size {
			if q.Code.Black(x, y) {
				at := corner.Add(image.Pt(x*module, y*module))
				draw.Draw(dst, image.Rectangle{at, at.Add(image.Pt(module, module))}, black, image.Point{}, draw.Src)
			}
		}
	}
}
