package layout

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"warren/appliance/screen/canvas"
	"warren/appliance/screen/text"
)

// page is a screen that is being filled.
type page struct {
	set   *text.Setter
	view  View
	unit  float64 // in pixels: what all sizes are a multiple of
	items []canvas.Item
}

// Items returns what is to be seen on a screen of that size.
func Items(v View, size image.Point, set *text.Setter) []canvas.Item {
	w, h := float64(size.X), float64(size.Y)
	p := &page{set: set, view: v}
	all := image.Rectangle{Max: size}
	portrait := w <= h
	if portrait {
		p.unit = min(w*.033, h*.019)
	} else {
		p.unit = min(w*.0185, h*.031)
	}
	if v.Join {
		p.join(all, portrait)
		return p.items
	}
	main := all
	if portrait {
		aside := all
		aside.Min.Y = max(all.Max.Y-p.px(18.5), all.Max.Y/2)
		main.Max.Y = aside.Min.Y
		p.add(canvas.Panel{Rect: aside, Color: card})
		p.asideRow(aside, p.px(12))
	} else {
		aside := all
		aside.Min.X = all.Max.X - p.px(15)
		main.Max.X = aside.Min.X
		p.add(canvas.Panel{Rect: aside, Color: card})
		p.asideColumn(aside, p.px(10.4))
	}
	p.header(&main)
	main = image.Rect(main.Min.X+p.px(1.5), main.Min.Y, main.Max.X-p.px(1.5), main.Max.Y)
	p.state(&main)
	p.trouble(&main)
	p.pin(&main)
	if v.Notice != "" || len(v.Messages) == 0 {
		p.notice(main)
	} else {
		p.messages(main)
	}
	return p.items
}

func (p *page) px(units float64) int { return int(units*p.unit + .5) }

func (p *page) style(units float64, bold bool) text.Style {
	return text.Style{Size: p.px(units), Bold: bold}
}

func (p *page) add(items ...canvas.Item) { p.items = append(p.items, items...) }

// put adds lines of a text, each below the other, from at down, and returns how
// high they are. The key is the whole text: with the line's number it is that of
// the line.
func (p *page) put(lines []text.Line, key string, at image.Point, width int, align align, c color.RGBA) int {
	y := at.Y
	for i, l := range lines {
		x := at.X
		switch {
		case align == middle:
			x += (width - l.Width) / 2
		case align == end, align == natural && l.Right:
			x += width - l.Width
		}
		p.add(canvas.Words{Line: l, At: image.Pt(x, y), Color: c, Key: fmt.Sprintf("%d %s", i, key)})
		y += l.Style.Height()
	}
	return y - at.Y
}

type align int

const (
	natural align = iota // where its script begins
	start                // left
	middle
	end // right
)

// fit sets a text in one line, smaller if it is long; and in more lines if it
// would be too small to be read.
func (p *page) fit(s string, units float64, bold bool, width, most int) []text.Line {
	for _, k := range []float64{1, .9, .8, .7, .6} {
		if lines := p.set.Lines(s, p.style(units*k, bold), width, 2); len(lines) == 1 {
			return lines
		}
	}
	return p.set.Lines(s, p.style(units*.6, bold), width, most)
}

// header takes the top off where: the rabbit, the title, how many people are here.
func (p *page) header(where *image.Rectangle) {
	x, y, right := where.Min.X+p.px(1.5), where.Min.Y+p.px(.8), where.Max.X-p.px(1.5)
	size := p.px(2.2)
	p.add(canvas.Rabbit{Rect: image.Rect(x, y, x+size, y+size), Color: accent, Background: Page})
	x += size + p.px(.6)
	if p.view.Count >= 0 {
		s := fmt.Sprintf(p.view.Words.Here, p.view.Count)
		l := p.set.Line(s, p.style(1.1, false), (right-x)/2)
		p.put([]text.Line{l}, s, image.Pt(right-l.Width, y+(size-l.Style.Height())/2), l.Width, start, quiet)
		right -= l.Width + p.px(1)
	}
	l := p.set.Line(p.view.Title, p.style(1.6, true), right-x)
	p.put([]text.Line{l}, p.view.Title, image.Pt(x, y+(size-l.Style.Height())/2), right-x, start, ink)
	where.Min.Y = y + size + p.px(.6)
}

// state takes the bottom off where: how the room is, in one sentence.
func (p *page) state(where *image.Rectangle) {
	lines := p.set.Lines(p.view.State, p.style(1.0, false), where.Dx()-p.px(1.2), 2)
	high := p.px(.9)
	for _, l := range lines {
		high += l.Style.Height()
	}
	where.Max.Y -= high
	if len(lines) == 0 {
		return
	}
	dot := accent
	if len(p.view.Trouble) > 0 {
		dot = quiet
	}
	r, mid := p.px(.25), where.Max.Y+lines[0].Style.Height()/2
	p.add(canvas.Panel{Rect: image.Rect(where.Min.X, mid-r, where.Min.X+2*r, mid+r), Radius: r, Color: dot})
	p.put(lines, p.view.State, image.Pt(where.Min.X+p.px(1.2), where.Max.Y), where.Dx()-p.px(1.2), start, quiet)
}

// trouble takes what the host should do off the top of where.
func (p *page) trouble(where *image.Rectangle) {
	for i, s := range p.view.Trouble {
		if i == 2 {
			break // they would take the room
		}
		p.banner(where, s, fill, onFill, 3)
	}
}

// pin takes the announcement off the top of where.
func (p *page) pin(where *image.Rectangle) {
	if p.view.Pin != "" {
		p.banner(where, p.view.Pin, card, ink, 3)
	}
}

func (p *page) banner(where *image.Rectangle, s string, back, c color.RGBA, most int) {
	s = strings.ReplaceAll(s, "Wi-Fi", "Wi\u2011Fi") // no line ends in it
	pad := p.px(.9)
	width := where.Dx() - 2*pad
	lines := p.set.Lines(s, p.style(1.2, true), width, most+1)
	if len(lines) > most { // smaller, and as much of it as there is room for
		lines = p.set.Lines(s, p.style(.95, true), width, most+2)
	}
	high := p.px(1)
	for _, l := range lines {
		high += l.Style.Height()
	}
	p.add(canvas.Panel{Rect: image.Rect(where.Min.X, where.Min.Y, where.Max.X, where.Min.Y+high), Radius: p.px(.4), Color: back})
	p.put(lines, s, image.Pt(where.Min.X+pad, where.Min.Y+p.px(.5)), width, natural, c)
	where.Min.Y += high + p.px(.6)
}

// notice says in the middle of where why there are no messages.
func (p *page) notice(where image.Rectangle) {
	s, size, c := p.view.Notice, 2.0, ink
	if s == "" {
		s, size, c = p.view.Words.Quiet, 1.6, quiet
	}
	lines := p.set.Lines(s, p.style(size, false), where.Dx(), 6)
	if smaller := p.set.Lines(s, p.style(size*.75, false), where.Dx(), 6); len(smaller) == 1 {
		lines = p.fit(s, size, false, where.Dx(), 6)
	}
	high, rabbit, gap := 0, p.px(8), p.px(1)
	for _, l := range lines {
		high += l.Style.Height()
	}
	y := where.Min.Y + (where.Dy()-high-rabbit-gap)/2
	if y < where.Min.Y {
		rabbit, gap = 0, 0
		y = where.Min.Y + max(0, where.Dy()-high)/2
	} else {
		x := where.Min.X + (where.Dx()-rabbit)/2
		p.add(canvas.Rabbit{Rect: image.Rect(x, y, x+rabbit, y+rabbit), Color: accent, Background: Page})
	}
	p.put(lines, s, image.Pt(where.Min.X, y+rabbit+gap), where.Dx(), middle, c)
}
