package light

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/rivo/uniseg"
)

// screen is a terminal: it understands \r, \n and, unless it is dumb, the
// escape sequences for "erase to the end of the line" and for colours. It wraps
// at its width.
type screen struct {
	t       *testing.T
	dumb    bool
	columns int
	rows    [][]string // of cells; a wide character leaves the next cell empty
	x       int
	colors  int // escape sequences for colours so far
}

func (s *screen) Write(p []byte) (int, error) {
	text, state := string(p), -1
	for text != "" {
		if rest, found := strings.CutPrefix(text, "\x1b["); found {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' })
			if s.dumb || end < 0 {
				s.t.Fatalf("escape sequence %q", text)
			}
			switch rest[end] {
			case 'K':
				s.row(func(cells []string) []string { return cells[:min(s.x, len(cells))] })
			case 'm':
				s.colors++
			default:
				s.t.Fatalf("escape sequence %q", text)
			}
			text, state = rest[end+1:], -1
			continue
		}
		var cluster string
		var width int
		cluster, text, width, state = uniseg.FirstGraphemeClusterInString(text, state)
		switch cluster {
		case "\r":
			s.x = 0
		case "\n", "\r\n":
			s.x, s.rows = 0, append(s.rows, nil)
		default:
			if s.x+width > s.columns {
				s.x, s.rows = 0, append(s.rows, nil)
			}
			s.row(func(cells []string) []string {
				for len(cells) < s.x+width {
					cells = append(cells, " ")
				}
				cells[s.x] = cluster
				for i := 1; i < width; i++ {
					cells[s.x+i] = ""
				}
				return cells
			})
			s.x += width
		}
	}
	return len(p), nil
}

func (s *screen) row(change func([]string) []string) {
	if len(s.rows) == 0 {
		s.rows = append(s.rows, nil)
	}
	last := len(s.rows) - 1
	s.rows[last] = change(s.rows[last])
}

func (s *screen) String() string {
	var lines []string
	for _, cells := range s.rows {
		lines = append(lines, strings.TrimRight(strings.Join(cells, ""), " "))
	}
	return strings.Join(lines, "\n")
}

func (s *screen) shows(want string) {
	s.t.Helper()
	if got := s.String(); got != want {
		s.t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
	}
}

var fancy = style{ansi: true, color: true, emoji: true}

// lamp returns a terminal lamp and its screen.
func lamp(t *testing.T, columns int, style style) (*terminal, *screen) {
	s := &screen{t: t, columns: columns, dumb: !style.ansi}
	return newTerminal(s, func() int { return columns }, style), s
}

func TestTerminalLamp(t *testing.T) {
	l, s := lamp(t, 80, fancy)
	l.Caption("starting, 0 messages")
	s.shows("🥕 ○ starting, 0 messages")
	l.Set(true)
	s.shows("🥕 ● starting, 0 messages")
	l.Caption("ok")
	s.shows("🥕 ● ok")
	l.Set(false)
	s.shows("🥕 ○ ok")
	if s.colors == 0 {
		t.Error("no colour")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	s.shows("")
	if s.x != 0 {
		t.Errorf("the cursor is left in column %d", s.x)
	}
	l.Caption("too late")
	s.shows("")
}

func TestTerminalStyles(t *testing.T) {
	for _, c := range []struct {
		env    map[string]string
		on     string
		colors bool
	}{
		{map[string]string{"TERM": "xterm-256color"}, "🥕 ● ok", true},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, "🥕 ● ok", false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": ""}, "🥕 ● ok", true},
		{map[string]string{"TERM": "linux"}, "(*) ok", true},
		{map[string]string{"TERM": "dumb"}, "(*) ok", false},
		{nil, "(*) ok", false},
	} {
		l, s := lamp(t, 80, styleFor(func(name string) string { return c.env[name] }))
		l.Caption("a longer caption before")
		l.Set(true)
		l.Caption("ok")
		s.shows(c.on)
		if got := s.colors > 0; got != c.colors {
			t.Errorf("%v: colours are %v", c.env, got)
		}
		l.Close()
		s.shows("")
	}
}

// A lamp that is wider than its terminal would wrap, and leave a line behind
// with every blink.
func TestTerminalLampFitsAnyWidth(t *testing.T) {
	for _, style := range []style{fancy, {ansi: true}, {}} {
		for columns := 1; columns < 40; columns++ {
			l, s := lamp(t, columns, style)
			l.Caption("ok, 👩🏽‍🚀 兎 and 1000 messages\n\x1b[2J")
			for range 3 {
				l.Set(true)
				l.Set(false)
			}
			if len(s.rows) > 1 {
				t.Errorf("%d columns: the lamp takes %d rows", columns, len(s.rows))
			}
			if w := uniseg.StringWidth(s.String()); w > max(0, columns-spareColumns) {
				t.Errorf("%d columns: the lamp has %d", columns, w)
			}
		}
	}
	l, s := lamp(t, 0, fancy)
	s.columns = usualColumns
	l.Caption("no width known")
	s.shows("🥕 ○ no width known")
}

func TestLogLinesAboveTheLamp(t *testing.T) {
	for _, style := range []style{fancy, {}} {
		l, s := lamp(t, 60, style)
		off, _ := style.line(false, "ok", 60)
		off = strings.NewReplacer(faint, "", plain, "").Replace(off)
		logs := l.writer(s)
		l.Caption("ok")
		io.WriteString(logs, "one\n")
		s.shows("one\n" + off)
		io.WriteString(logs, "tw")
		s.shows("one\n" + off)
		l.Set(true)
		l.Set(false)
		s.shows("one\n" + off)
		io.WriteString(logs, "o\nthree\nfo")
		s.shows("one\ntwo\nthree\n" + off)
		l.Close()
		s.shows("one\ntwo\nthree\nfo\n")
		io.WriteString(logs, "five\n")
		s.shows("one\ntwo\nthree\nfo\nfive\n")
	}
}

func TestLogLinesWithoutEndAreBounded(t *testing.T) {
	var out bytes.Buffer
	l := newTerminal(io.Discard, func() int { return 80 }, fancy)
	w := l.writer(&out).(*above)
	for range 10 {
		if n, err := w.Write(bytes.Repeat([]byte("x"), maxPartial/2)); n != maxPartial/2 || err != nil {
			t.Fatal(n, err)
		}
		if len(w.partial) > maxPartial {
			t.Fatalf("%d bytes are kept", len(w.partial))
		}
	}
	w.Write(append([]byte("\n"), bytes.Repeat([]byte("x"), 2*maxPartial)...))
	if len(w.partial) > maxPartial {
		t.Fatalf("%d bytes are kept", len(w.partial))
	}
	l.Close()
	if got := strings.Count(out.String(), "x"); got != 7*maxPartial {
		t.Errorf("%d bytes were written, want all %d", got, 7*maxPartial)
	}
}

func TestLogLinesAndBlinksAtOnce(t *testing.T) {
	l, s := lamp(t, 200, fancy)
	logger := slog.New(slog.NewTextHandler(l.writer(s), nil))
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 50 {
				logger.Info("line", "from", i, "n", n)
			}
		})
		all.Go(func() {
			for n := range 50 {
				l.Set(n%2 == 0)
				l.Caption(fmt.Sprint(n))
			}
		})
	}
	all.Wait()
	l.Close()
	lines := strings.Split(strings.TrimRight(s.String(), "\n"), "\n")
	if len(lines) != 200 {
		t.Errorf("%d lines, want 200", len(lines))
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(line, "🥕●○") {
			t.Errorf("garbled line %q", line)
		}
	}
}

func TestAboveOtherLightsIsTheWriterItself(t *testing.T) {
	var out bytes.Buffer
	if got := Above(nobody{}, &out); got != &out {
		t.Errorf("got %T", got)
	}
	l, _ := lamp(t, 80, fancy)
	if got := Above(l, &out); got != &out { // not a terminal
		t.Errorf("got %T", got)
	}
}
