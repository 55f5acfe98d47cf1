package layout

import (
	"image"
	"strings"

	"warren/appliance/screen/canvas"
)

// me begins a text that is what its author does.
const me = "/me "

// long is how many characters make a text one that is set smaller.
const long = 120

// messages fills where with as many as there is room for, the newest at the top.
func (p *page) messages(where image.Rectangle) {
	names := p.px(7.5)
	if where.Dx() < p.px(22) {
		names = p.px(6)
	}
	y := where.Min.Y
	for i := len(p.view.Messages) - 1; i >= 0; i-- {
		first := i == len(p.view.Messages)-1
		items, high := p.message(p.view.Messages[i], first, image.Pt(where.Min.X, y), where.Dx(), names)
		if y+high > where.Max.Y {
			if !first {
				return
			}
			high = where.Max.Y - y
		}
		switch {
		case first:
			p.add(canvas.Panel{Rect: image.Rect(where.Min.X-p.px(.7), y, where.Max.X+p.px(.7), y+high), Radius: p.px(.5), Color: card})
		case i < len(p.view.Messages)-2:
			p.add(canvas.Panel{Rect: image.Rect(where.Min.X, y, where.Max.X, y+max(1, p.px(.06))), Color: line})
		}
		p.add(items...)
		y += high
		if first {
			y += p.px(.35)
		}
	}
}

// message sets one message, and returns how high it is.
func (p *page) message(m Message, first bool, at image.Point, width, names int) ([]canvas.Item, int) {
	before := p.items
	p.items = nil
	pad := p.px(.45)
	size := 1.3
	switch {
	case first && len(m.Text) <= long:
		size = 1.6
	case !first && len(m.Text) > long:
		size = 1.05
	}
	style := p.style(size, false)
	base := at.Y + pad + style.Ascent()

	said, does := strings.CutPrefix(m.Text, me)
	if does {
		said = m.Name + " " + said
	}
	if m.Picture {
		said = strings.TrimSpace("[" + p.view.Words.Picture + "] " + said)
	}
	x, wide := at.X+names+p.px(1), width-names-p.px(1)
	high := p.put(p.set.Lines(said, style, wide, 4), said, image.Pt(x, at.Y+pad), wide, natural, ink)

	// The name's baseline is that of the first line.
	name := p.set.Lines(m.Name, p.style(.95, true), names, 2)
	y := base - p.style(.95, true).Ascent()
	side := y + p.put(name, m.Name, image.Pt(at.X, y), names, end, nameColor(m.ID))
	if m.Edited {
		s := p.style(.75, false)
		l := p.set.Lines(p.view.Words.Edited, s, names, 1)
		side += p.put(l, p.view.Words.Edited, image.Pt(at.X, side), names, end, quiet)
	}
	items := p.items
	p.items = before
	return items, max(at.Y+pad+high, side) - at.Y + pad
}
