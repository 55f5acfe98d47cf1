package light

import (
	"bytes"
	"io"
)

// Above returns a writer for log lines, to be used instead of w while l is
// open. If both l and w are the terminal, it writes whole lines above the
// lamp, so that they do not garble each other; otherwise it is w itself. It
// may be used concurrently.
//
// The beginning of a line is kept until its end is written, Close is called, or
// it is longer than 64 KiB, whichever comes first.
func Above(l Light, w io.Writer) io.Writer {
	t, ok := l.(*terminal)
	if !ok || !isTerminal(w) {
		return w
	}
	return t.writer(w)
}

// maxPartial is what is kept of a line without an end, in bytes. Loggers write
// a line in one go; 64 KiB is what a pipe holds, too.
const maxPartial = 64 << 10

// above is a writer of whole lines above a lamp. The lamp's mutex guards it.
type above struct {
	t       *terminal
	w       io.Writer
	partial []byte // of a line whose end is still to come
}

func (t *terminal) writer(w io.Writer) io.Writer {
	a := &above{t: t, w: w}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.above = append(t.above, a)
	return a
}

// Write implements io.Writer. What the lamp's terminal has to complain about
// is left to Set.
func (a *above) Write(p []byte) (int, error) {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	if a.t.closed {
		return a.w.Write(p)
	}
	lines := bytes.LastIndexByte(p, '\n') + 1
	if lines == 0 && len(a.partial)+len(p) <= maxPartial {
		a.partial = append(a.partial, p...)
		return len(p), nil
	}
	out, rest := append(a.partial, p[:lines]...), p[lines:]
	if len(rest) > maxPartial || lines == 0 {
		out, rest = append(append(out, rest...), '\n'), nil
	}
	a.partial = append([]byte(nil), rest...)
	a.t.erase()
	_, err := a.w.Write(out)
	a.t.draw()
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush writes what is kept, as a line.
func (a *above) flush() {
	if len(a.partial) > 0 {
		a.w.Write(append(a.partial, '\n'))
		a.partial = nil
	}
}
