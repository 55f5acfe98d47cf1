package layout

import (
	"image"

	"warren/appliance/screen/canvas"
	"warren/appliance/screen/text"
	"warren/chatd/invite"
)

// A way is one step of coming in: a QR code, and in words what it says.
type way struct {
	title string
	code  string
	lines [][2]string // what it is called, or nothing; and what it is
}

// ways returns the steps: the Wi-Fi, if there is one of ours, and the chat.
func (p *page) ways() []way {
	v, w := p.view, p.view.Words
	var all []way
	if v.WiFi != (invite.WiFi{}) {
		password := v.WiFi.Passphrase
		if password == "" {
			password = w.Open
		}
		all = append(all, way{w.WiFi, v.WiFi.Code(), [][2]string{{w.Name, v.WiFi.Name}, {w.Password, password}}})
	}
	chat := way{w.Chat, v.URL, [][2]string{{"", v.URL}}}
	if v.Cable != "" {
		chat.lines = append(chat.lines, [2]string{w.Cable, v.Cable})
	}
	return append(all, chat)
}

// asideColumn shows the ways one below the other.
func (p *page) asideColumn(where image.Rectangle, code int) {
	all := p.ways()
	highs, sum := make([]int, len(all)), 0
	for {
		sum = 0
		for i, w := range all {
			highs[i] = p.measure(w, where.Dx()-p.px(2), code)
			sum += highs[i]
		}
		if where.Dy()-sum >= p.px(.7)*(len(all)+1) || code < p.px(6) {
			break
		}
		code -= p.px(.5) // there is more to say than usual
	}
	gap := max(0, where.Dy()-sum) / (len(all) + 1)
	y := where.Min.Y + gap
	for i, w := range all {
		p.way(w, i+1, len(all) > 1, image.Pt(where.Min.X+p.px(1), y), where.Dx()-p.px(2), code)
		y += highs[i] + gap
	}
}

// asideRow shows the ways side by side.
func (p *page) asideRow(where image.Rectangle, code int) {
	all := p.ways()
	width, high := where.Dx()/len(all), 0
	for _, w := range all {
		high = max(high, p.measure(w, width-p.px(2), code))
	}
	y := where.Min.Y + max(0, where.Dy()-high)/2
	for i, w := range all {
		p.way(w, i+1, len(all) > 1, image.Pt(where.Min.X+i*width+p.px(1), y), width-p.px(2), code)
	}
}

// join shows the ways as large as can be, and how the box is.
func (p *page) join(all image.Rectangle, portrait bool) {
	p.header(&all)
	all = image.Rect(all.Min.X+p.px(1.5), all.Min.Y, all.Max.X-p.px(1.5), all.Max.Y)
	p.state(&all)
	p.trouble(&all)
	all = image.Rect(all.Min.X, all.Min.Y, all.Max.X, all.Max.Y-p.px(.6))
	p.add(canvas.Panel{Rect: all, Radius: p.px(.8), Color: card})
	ways := len(p.ways())
	if portrait {
		p.asideColumn(all, min(p.px(20), all.Dx()-p.px(4), all.Dy()/ways-p.px(7)))
		return
	}
	p.asideRow(all, min(all.Dx()/ways-p.px(4), all.Dy()-p.px(7.5)))
}

// measure returns how high a way is.
func (p *page) measure(w way, width, code int) int {
	before := len(p.items)
	high := p.way(w, 1, true, image.Point{}, width, code)
	p.items = p.items[:before]
	return high
}

// way shows one, its top left corner at at, and returns how high it is.
func (p *page) way(w way, number int, numbered bool, at image.Point, width, code int) int {
	big := 1.0
	if p.view.Join {
		big = 1.25
	}
	y := at.Y
	badge, gap := 0, 0
	style := p.style(1.15*big, true)
	if numbered {
		badge, gap = style.Height(), p.px(.5)
	}
	title := p.fit(w.title, 1.15*big, true, width-badge-gap, 1)[0]
	x := at.X + (width-badge-gap-title.Width)/2
	if numbered {
		p.add(canvas.Panel{Rect: image.Rect(x, y, x+badge, y+badge), Radius: badge / 2, Color: fill})
		digit := string(rune('0' + number))
		p.put([]text.Line{p.set.Line(digit, style, badge)}, digit, image.Pt(x, y+style.Size/12), badge, middle, onFill)
		x += badge + gap
	}
	p.put([]text.Line{title}, w.title, image.Pt(x, y+style.Ascent()-title.Style.Ascent()), title.Width, start, ink)
	y += style.Height() + p.px(.4)

	if drawn, err := invite.Code(w.code); err == nil { // else the words have to do
		q := canvas.QR{Code: drawn, Rect: image.Rect(at.X, y, at.X+min(code, width), y+min(code, width))}
		// Whole pixels to a module, and no more white than the margin.
		side := q.Module() * (drawn.Size + 8)
		left := at.X + (width-side)/2
		q.Rect = image.Rect(left, y, left+side, y+side)
		p.add(q)
		y += side + p.px(.4)
	}
	for _, l := range w.lines {
		y += p.fact(l[0], l[1], image.Pt(at.X, y), width, big)
	}
	return y - at.Y
}

// fact shows what something is called, and what it is, and returns how high it
// is: in one line if there is room, in two if not.
func (p *page) fact(name, value string, at image.Point, width int, big float64) int {
	if name == "" {
		return p.put(p.fit(value, 1.1*big, true, width, 3), value, at, width, middle, ink)
	}
	label := p.set.Line(name, p.style(.85*big, false), width)
	gap := p.px(.6)
	style := p.style(1.1*big, true)
	if room := width - label.Width - gap; room > width/4 {
		if lines := p.set.Lines(value, style, room, 2); len(lines) == 1 {
			x := at.X + (width-label.Width-gap-lines[0].Width)/2
			down := style.Ascent() - label.Style.Ascent()
			left, right := x, x+label.Width+gap
			if label.Right {
				left, right = x+lines[0].Width+gap, x
			}
			p.put([]text.Line{label}, name, image.Pt(left, at.Y+down), label.Width, start, quiet)
			return p.put(lines, value, image.Pt(right, at.Y), lines[0].Width, start, ink)
		}
	}
	high := p.put([]text.Line{label}, name, at, width, middle, quiet)
	return high + p.put(p.fit(value, 1.1*big, true, width, 3), value, image.Pt(at.X, at.Y+high), width, middle, ink)
}
