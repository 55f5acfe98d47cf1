package light

import (
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// terminal is a lamp in the last line of a terminal:
//
//	🥕 ● ok, 12 messages
//
// It is drawn over itself again and again. Others who write to the same
// terminal do so through Above. All methods may be called concurrently.
type terminal struct {
	out   io.Writer
	width func() int // columns of the terminal, 0 if it does not say
	style style

	mu      sync.Mutex
	on      bool
	caption string
	drawn   int // columns of the line that is drawn
	closed  bool
	above   []*above // to be flushed by Close
}

// openTerminal returns a light that nobody sees where there is no terminal.
func openTerminal(tty *os.File, getenv func(string) string) Light {
	if !isTerminal(tty) {
		return nobody{}
	}
	width := func() int {
		columns, _, _ := term.GetSize(int(tty.Fd()))
		return columns
	}
	return newTerminal(tty, width, styleFor(getenv))
}

func newTerminal(out io.Writer, width func() int, style style) *terminal {
	return &terminal{out: out, width: width, style: style}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}

// Set implements Light.
func (t *terminal) Set(on bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.on = on
	return t.draw()
}

// Caption implements Captioned.
func (t *terminal) Caption(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.caption = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	t.draw() // Set reports what is wrong with the terminal
}

// Close leaves an empty line with the cursor at its beginning.
func (t *terminal) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.erase()
	t.closed = true
	for _, a := range t.above {
		a.flush()
	}
	return err
}

// draw draws the lamp over what was drawn before. The cursor stays behind it,
// where what the keyboard echoes disturbs least.
func (t *terminal) draw() error {
	if t.closed {
		return nil
	}
	columns := t.width()
	if columns == 0 {
		columns = usualColumns
	}
	line, used := t.style.line(t.on, t.caption, max(0, columns-spareColumns))
	// A line that is erased and drawn in one write does not flicker.
	_, err := io.WriteString(t.out, t.style.erase(t.drawn)+line)
	t.drawn = used
	return err
}

const (
	// usualColumns is the width where the terminal does not say.
	usualColumns = 80

	// One column stays free because some terminals wrap as soon as the last
	// is drawn. One more is for the lamp, which takes two on terminals set up
	// for Chinese, Japanese or Korean.
	spareColumns = 2
)

func (t *terminal) erase() error {
	if t.drawn == 0 {
		return nil
	}
	_, err := io.WriteString(t.out, t.style.erase(t.drawn))
	t.drawn = 0
	return err
}

// cut returns what of s fits into that many columns, and the columns it takes.
func cut(s string, columns int) (string, int) {
	used, end, state := 0, 0, -1
	for rest := s; rest != ""; {
		var cluster string
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+width > columns {
			break
		}
		used += width
		end += len(cluster)
	}
	return s[:end], used
}
