package oci

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"warren/chatd/fanout/rabbitmq/node"
)

// TestKeepPolicy has a real RabbitMQ and a log that chatd has made to keep 64 MB,
// and asks for less, for more, and for less again, as hosts do from one start to
// the next. What is newest is always there.
func TestKeepPolicy(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the real broker")
	}
	const segment = 50_000
	dir := t.TempDir()
	for _, test := range []struct{ keep, least, most int64 }{
		{keep: 400_000, most: 400_000 + 2*segment},
		{keep: 50_000_000, least: 1_000_000, most: 50_000_000},
		{keep: 300_000, most: 300_000 + 2*segment},
	} {
		n, err := node.Start(t.Context(), node.Options{Dir: dir, Args: []string{"-eval", keepPolicy(test.keep)}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Stop)
		l := openLog(t, n.URL(), segment)
		l.say(3000) // some 240 bytes each
		// An old log hears of the policy some seconds after the start. What is
		// over it goes when a segment is full.
		for deadline := time.Now().Add(time.Minute); ; l.say(300) {
			size := segments(t, dir)
			if size >= test.least && size <= test.most {
				t.Logf("asked for %d bytes, there are %d", test.keep, size)
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("asked for %d bytes, there are %d: want %d to %d", test.keep, size, test.least, test.most)
			}
			time.Sleep(300 * time.Millisecond)
		}
		l.readsLast()
		n.Shutdown()
	}
}

// segments returns how many bytes RabbitMQ has in streams.
func segments(t *testing.T, dir string) (size int64) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "data", "*", "stream", "*", "*.segment"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no stream in %s, %v", dir, err)
	}
	for _, path := range paths {
		if fi, err := os.Stat(path); err == nil { // it may have gone just now
			size += fi.Size()
		}
	}
	return size
}

// log is the room's log, made as chatd makes it, but for its sizes.
type log struct {
	t    *testing.T
	ch   *amqp.Channel
	said byte // the last thing
}

func openLog(t *testing.T, url string, segment int64) *log {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		ch, err := conn.Channel()
		if err != nil {
			t.Fatal(err)
		}
		_, err = ch.QueueDeclare("chat.log", true, false, false, false, amqp.Table{
			amqp.QueueTypeArg: amqp.QueueTypeStream, amqp.QueueMaxLenBytesArg: int64(64_000_000), amqp.StreamMaxSegmentSizeBytesArg: segment,
		})
		if err == nil {
			err = ch.Confirm(false)
		}
		if err == nil {
			return &log{t: t, ch: ch}
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// say puts n messages into the log.
func (l *log) say(n int) {
	l.t.Helper()
	for ; n > 0; n-- {
		l.said++
		body := make([]byte, 200)
		body[0] = l.said
		c, err := l.ch.PublishWithDeferredConfirm("", "chat.log", false, false, amqp.Publishing{Body: body})
		if err != nil {
			l.t.Fatal(err)
		}
		if n == 1 && !c.Wait() {
			l.t.Fatal("the log does not take a message")
		}
	}
}

// readsLast checks that what was said last is in the log.
func (l *log) readsLast() {
	l.t.Helper()
	if err := l.ch.Qos(100, 0, false); err != nil {
		l.t.Fatal(err)
	}
	messages, err := l.ch.Consume("chat.log", "", false, false, false, false, amqp.Table{"x-stream-offset": "last"})
	if err != nil {
		l.t.Fatal(err)
	}
	for timeout := time.After(time.Minute); ; {
		select {
		case m := <-messages:
			m.Ack(false)
			if m.Body[0] == l.said {
				return
			}
		case <-timeout:
			l.t.Fatal("what was said last is not in the log")
		}
	}
}
