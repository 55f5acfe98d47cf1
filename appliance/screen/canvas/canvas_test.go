package canvas

import (
	"errors"
	"image"
	"image/color"
	"testing"
)

// board is a surface in memory that counts.
type board struct {
	*image.RGBA
	wrote image.Rectangle
	err   error
}

func (b *board) Write(tile *image.RGBA) error {
	b.wrote = b.wrote.Union(tile.Rect)
	for y := tile.Rect.Min.Y; y < tile.Rect.Max.Y; y++ {
		for x := tile.Rect.Min.X; x < tile.Rect.Max.X; x++ {
			b.Set(x, y, tile.At(x, y))
		}
	}
	return b.err
}

var (
	black = color.RGBA{0, 0, 0, 255}
	red   = color.RGBA{255, 0, 0, 255}
)

// Only tiles in which something changes are written; a panel that moves leaves
// nothing behind.
func TestOnlyWhatChangesIsWritten(t *testing.T) {
	b := &board{RGBA: image.NewRGBA(image.Rect(0, 0, 1280, 720))}
	c := New(b, black)
	show := func(r image.Rectangle) int {
		b.wrote = image.Rectangle{}
		n, err := c.Show([]Item{Panel{Rect: r, Color: red}})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first, second := image.Rect(10, 10, 40, 40), image.Rect(600, 300, 640, 310)
	if n := show(first); n != 3*23 || b.wrote != b.Rect {
		t.Errorf("at first %d tiles were written: %v", n, b.wrote)
	}
	if n := show(first); n != 0 {
		t.Errorf("for the same, %d tiles were written", n)
	}
	if n := show(second); n != 3 {
		t.Errorf("for a panel elsewhere, %d tiles were written: %v", n, b.wrote)
	}
	for y := range 720 {
		for x := range 1280 {
			want := black
			if image.Pt(x, y).In(second) {
				want = red
			}
			if got := b.RGBAAt(x, y); got != want {
				t.Fatalf("at %d, %d is %v", x, y, got)
			}
		}
	}
}

// What could not be written is written the next time.
func TestWhatFailsIsWrittenAgain(t *testing.T) {
	b := &board{RGBA: image.NewRGBA(image.Rect(0, 0, 600, 100)), err: errors.New("unplugged")}
	c := New(b, black)
	if _, err := c.Show(nil); err == nil {
		t.Fatal("no error")
	}
	b.err = nil
	if n, err := c.Show(nil); n != 8 || err != nil {
		t.Errorf("%d tiles, %v", n, err)
	}
}

// A shape is the same whether it is drawn at once or in tiles.
func TestShapesDoNotShowTheTiles(t *testing.T) {
	for _, item := range []Item{
		Panel{image.Rect(3, 5, 1101, 203), 37, red},
		Rabbit{image.Rect(400, 3, 600, 203), red, black},
	} {
		whole := image.NewRGBA(image.Rect(0, 0, 1200, 250))
		item.Draw(whole)
		b := &board{RGBA: image.NewRGBA(whole.Rect)}
		if _, err := New(b, color.RGBA{}).Show([]Item{item}); err != nil {
			t.Fatal(err)
		}
		for i := range whole.Pix {
			if whole.Pix[i] != b.Pix[i] {
				t.Fatalf("%T: they differ at byte %d", item, i)
			}
		}
	}
}
