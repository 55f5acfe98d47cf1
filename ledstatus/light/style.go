package light

import "strings"

// style is how a terminal lamp looks: what the terminal understands.
type style struct {
	ansi  bool // it moves the cursor and erases by escape sequences (ECMA-48)
	color bool // and paints
	emoji bool // it has a carrot
}

// styleFor reads the environment of the process. NO_COLOR, if not empty, means
// no colour (https://no-color.org/). TERM is "dumb" where escape sequences are
// not understood, and "linux" on the kernel's own console, whose font has
// neither carrots nor circles.
func styleFor(getenv func(string) string) style {
	name := getenv("TERM")
	ansi := name != "dumb" && name != ""
	return style{
		ansi:  ansi,
		color: ansi && getenv("NO_COLOR") == "",
		emoji: ansi && name != "linux",
	}
}

// Escape sequences of ECMA-48: erase to the end of the line; the colours are
// the accent of Warren (208, the orange of the 256 colours) and faint.
const (
	eraseLine = "\x1b[K"
	orange    = "\x1b[38;5;208m"
	faint     = "\x1b[2m"
	plain     = "\x1b[0m"
)

// line returns the lamp with its caption, at most that many columns wide, and
// the columns it takes.
func (s style) line(on bool, caption string, columns int) (string, int) {
	carrot, lamp, paint := "", "( )", faint
	if s.emoji {
		carrot, lamp = "🥕 ", "○"
	}
	if on {
		lamp, paint = "(*)", orange
		if s.emoji {
			lamp = "●"
		}
	}
	carrot, used := cut(carrot, columns)
	lamp, n := cut(lamp, columns-used)
	used += n
	if s.color {
		lamp = paint + lamp + plain
	}
	text := ""
	if caption != "" {
		text, n = cut(" "+caption, columns-used)
		used += n
	}
	return carrot + lamp + text, used
}

// erase returns what empties a line of that many columns and leaves the cursor
// at its beginning.
func (s style) erase(columns int) string {
	if s.ansi {
		return "\r" + eraseLine
	}
	return "\r" + strings.Repeat(" ", columns) + "\r"
}
