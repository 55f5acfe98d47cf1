package canvas

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math"

	"golang.org/x/image/vector"
)

// Rabbit is the rabbit of web/rabbit.svg.
type Rabbit struct {
	Rect       image.Rectangle // a square
	Color      color.RGBA
	Background color.RGBA // of the eyes
}

// Box implements Item.
func (r Rabbit) Box() image.Rectangle { return r.Rect }

// Say implements Item.
func (r Rabbit) Say(w io.Writer) { fmt.Fprintf(w, "rabbit %v", r) }

// Draw implements Item.
func (r Rabbit) Draw(dst *image.RGBA) {
	in := r.Rect.Intersect(dst.Rect)
	if in.Empty() {
		return
	}
	pen := pen{scale: float32(r.Rect.Dx()) / 64}
	size := r.Rect.Dx()
	fill := func(c color.RGBA, paths ...func()) {
		for _, path := range paths {
			pen.Reset(size, size)
			path()
			mask := image.NewAlpha(image.Rect(0, 0, size, size))
			pen.Draw(mask, mask.Rect, image.Opaque, image.Point{})
			draw.DrawMask(dst, r.Rect, image.NewUniform(c), image.Point{}, mask, image.Point{}, draw.Over)
		}
	}
	fill(r.Color,
		func() { pen.ellipse(24.5, 19, 6, 16, -9) },
		func() { pen.ellipse(40, 18.5, 6, 16, 15) },
		func() {
			pen.move(32, 28)
			pen.curve(42.5, 28, 50, 34.5, 50, 43.5)
			pen.curve(50, 52.5, 42.5, 59, 32, 59)
			pen.curve(21.5, 59, 14, 52.5, 14, 43.5)
			pen.curve(14, 34.5, 21.5, 28, 32, 28)
		})
	fill(r.Background,
		func() { pen.ellipse(25.5, 41, 2.5, 2.5, 0) },
		func() { pen.ellipse(38.5, 41, 2.5, 2.5, 0) },
		func() {
			pen.move(29, 47.5)
			pen.LineTo(32*pen.scale, 51*pen.scale)
			pen.LineTo(35*pen.scale, 47.5*pen.scale)
			pen.ClosePath()
		})
}

// pen draws paths in the units of the picture.
type pen struct {
	vector.Rasterizer
	scale float32
}

func (p *pen) move(x, y float32) { p.MoveTo(x*p.scale, y*p.scale) }

func (p *pen) curve(a, b, c, d, x, y float32) {
	k := p.scale
	p.CubeTo(a*k, b*k, c*k, d*k, x*k, y*k)
}

// ellipse draws one that is turned by some degrees around its middle.
func (p *pen) ellipse(x, y, rx, ry, degrees float64) {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	at := func(u, v float64) (float32, float32) {
		return float32(x + u*rx*cos - v*ry*sin), float32(y + u*rx*sin + v*ry*cos)
	}
	const k = 0.5522847498 // a quarter of a circle as a cubic curve
	x0, y0 := at(1, 0)
	p.move(x0, y0)
	u, v := 1.0, 0.0
	for range 4 {
		nu, nv := -v, u
		a, b := at(u+k*nu, v+k*nv)
		c, d := at(nu+k*u, nv+k*v)
		ex, ey := at(nu, nv)
		p.curve(a, b, c, d, ex, ey)
		u, v = nu, nv
	}
	p.ClosePath()
}
