package supervise

import (
	"bytes"
	"fmt"
	"sync"
)

const (
	// maxLine is where a line is cut, in bytes. RabbitMQ's are mostly shorter
	// than 200; those of a crash are of no use beyond this.
	maxLine = 2 << 10

	// maxLines is how many lines wait for the log. RabbitMQ writes 150 when it
	// starts; with maxLine that is 1 MiB at worst.
	maxLines = 512
)

// lines is an io.Writer that cuts what is written into lines and hands them on
// through a bounded queue. Write never waits.
type lines struct {
	mu      sync.Mutex // Write comes from one goroutine, close from another
	part    []byte     // of a line, at most maxLine
	cut     bool       // the rest of this line is left out
	dropped int
	closed  bool

	queue chan string
	done  chan struct{}
}

func newLines(log func(string)) *lines {
	l := &lines{queue: make(chan string, maxLines), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for line := range l.queue {
			log(line)
		}
	}()
	return l
}

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(b)
	for len(b) > 0 && !l.closed {
		piece, rest, whole := bytes.Cut(b, []byte("\n"))
		room := maxLine - len(l.part)
		if len(piece) > room {
			piece, l.cut = piece[:room], true
		}
		l.part = append(l.part, piece...)
		if whole {
			l.emit()
		}
		b = rest
	}
	return n, nil
}

// emit queues the line that is complete.
func (l *lines) emit() {
	line := string(bytes.TrimRight(l.part, "\r"))
	if l.cut {
		line += "…"
	}
	l.part, l.cut = l.part[:0], false
	if l.dropped > 0 {
		select {
		case l.queue <- fmt.Sprintf("(%d lines are missing here: they came too fast)", l.dropped):
			l.dropped = 0
		default:
		}
	}
	if line == "" {
		return
	}
	select {
	case l.queue <- line:
	default:
		l.dropped++
	}
}

// close hands on the last line and returns when all have been.
func (l *lines) close() {
	l.mu.Lock()
	if len(l.part) > 0 {
		l.emit()
	}
	l.closed = true
	close(l.queue)
	l.mu.Unlock()
	<-l.done
}
