// Package canvas draws on a surface what has changed, in tiles: so that a large
// screen needs little memory, and a screen on which nothing happens no time.
package canvas

import (
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"io"
)

// Surface is what is drawn on. Write puts a tile where its bounds say.
type Surface interface {
	Bounds() image.Rectangle
	Write(tile *image.RGBA) error
}

// Item is something to see.
type Item interface {
	// Box returns what it covers, at most.
	Box() image.Rectangle

	// Draw draws it on dst, which may be a part of what it covers.
	Draw(dst *image.RGBA)

	// Say writes all that its look depends on.
	Say(w io.Writer)
}

// Tile is the size of a tile, in pixels: 64 KiB of memory, and at 3840×2160
// some 500 of them.
const tileWidth, tileHeight = 512, 32

// Canvas shows items on a surface. Its methods must not be called concurrently.
type Canvas struct {
	surface    Surface
	background color.RGBA
	tile       *image.RGBA
	shown      map[image.Point]uint64 // the hash of what is in a tile, by its corner
}

// New returns a canvas. Nothing of it is on the surface yet.
func New(s Surface, background color.RGBA) *Canvas {
	return &Canvas{s, background, image.NewRGBA(image.Rect(0, 0, tileWidth, tileHeight)), map[image.Point]uint64{}}
}

// Show shows the items, each over those before it, and nothing else. It returns
// how many tiles have changed, and were written.
func (c *Canvas) Show(items []Item) (written int, err error) {
	keys := make([]uint64, len(items))
	for i, item := range items {
		h := fnv.New64a()
		item.Say(h)
		keys[i] = h.Sum64()
	}
	b := c.surface.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += tileHeight {
		for x := b.Min.X; x < b.Max.X; x += tileWidth {
			tile := image.Rect(x, y, x+tileWidth, y+tileHeight).Intersect(b)
			changed, err := c.showTile(tile, items, keys)
			if err != nil {
				return written, err
			}
			if changed {
				written++
			}
		}
	}
	return written, nil
}

func (c *Canvas) showTile(where image.Rectangle, items []Item, keys []uint64) (changed bool, err error) {
	var in []Item
	h := uint64(14695981039346656037) // as FNV-1a begins
	for i, item := range items {
		if item.Box().Overlaps(where) {
			in = append(in, item)
			h = (h ^ keys[i]) * 1099511628211
		}
	}
	if was, ok := c.shown[where.Min]; ok && was == h {
		return false, nil
	}
	c.tile.Rect = where
	c.tile.Stride = 4 * where.Dx()
	draw.Draw(c.tile, where, image.NewUniform(c.background), image.Point{}, draw.Src)
	for _, item := range in {
		item.Draw(c.tile)
	}
	if err := c.surface.Write(c.tile); err != nil {
		return false, err
	}
	c.shown[where.Min] = h
	return true, nil
}
